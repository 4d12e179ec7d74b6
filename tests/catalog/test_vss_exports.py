"""VSS as vss-tools exports it, and files that are none."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.catalog import units
from kaido.catalog.signal import Signal
from kaido.catalog.vss import read_vss, standard
from kaido.errors import InvalidInputError

VSPEC = """
Vehicle:
  type: branch
  description: A car.
Vehicle.Speed:
  type: sensor
  datatype: float
  unit: km/h
  min: -250
  max: 250
  description: How fast
    it goes.
Vehicle.Door:
  type: branch
  instances: [Left, Right]
  description: Doors.
Vehicle.Door.IsOpen:
  type: actuator
  datatype: boolean
  description: Open?
Vehicle.Name:
  type: attribute
  datatype: string
  allowed: ["a", "b"]
  description: Its name.
Vehicle.Codes:
  type: sensor
  datatype: string[]
  description: Trouble codes.
Vehicle.Place:
  type: sensor
  datatype: Types.Position
  description: A struct.
"""
TYPES = """
Types:
  type: branch
  description: Types.
Types.Position:
  type: struct
  description: A position.
Types.Position.X:
  type: property
  datatype: float
  unit: km/h
  description: X.
"""
UNITS = "km/h: {definition: Speed in km/h, unit: kilometer per hour, quantity: speed, allowed-datatypes: ['numeric']}\n"
QUANTITIES = "speed: {definition: Distance by time, remark: none}\n"


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same specification, exported for real as JSON and YAML."""
    folder = tmp_path_factory.mktemp("vss")
    sources = {"car.vspec": VSPEC, "types.vspec": TYPES, "units.yaml": UNITS, "quantities.yaml": QUANTITIES}
    for name, text in sources.items():
        (folder / name).write_text(text)
    vspec = Path(sys.executable).with_name("vspec")
    for kind in ("json", "yaml"):
        subprocess.run(
            [vspec, "export", kind, "-s", "car.vspec", "-o", f"car.{kind}", "-t", "types.vspec"],
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=60,
        )
    return {kind: (folder / f"car.{kind}").read_bytes() for kind in ("json", "yaml")}


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_an_export_of_vss_tools(export: dict[str, bytes], kind: str) -> None:
    assert read_vss(export[kind], f"car.{kind}") == [
        Signal("Vehicle.Codes", "sensor", "string[]", "", "Trouble codes."),
        Signal("Vehicle.Door.Left.IsOpen", "actuator", "boolean", "", "Open?"),
        Signal("Vehicle.Door.Right.IsOpen", "actuator", "boolean", "", "Open?"),
        Signal("Vehicle.Name", "attribute", "string", "", "Its name.", allowed=("a", "b")),
        Signal("Vehicle.Speed", "sensor", "float", "km/h", "How fast it goes.", -250.0, 250.0),
    ]


def test_the_standard_catalog_has_only_units_that_we_know() -> None:
    signals = standard()
    assert len({signal.path for signal in signals}) == len(signals) > 100
    for signal in signals:
        assert not signal.unit or units.canonical(signal.unit) == signal.unit, signal
        assert signal.description, signal


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"\x89PNG\0\0", "zero byte at position 4"),
        (b'{"Vehicle": {"type": "branch",}}', "line 1, column 31"),
        (b"Vehicle:\n  type: [branch\n", "line 3, column 1"),
        (b"- a\n- b\n", "no table of names"),
        (b"hello: world", "hello has type 'None'"),
        (b"Vehicle: {type: branch}", "no sensor, actuator or attribute"),
        (b"Vehicle.Speed: {type: sensor, datatype: real}", "Vehicle.Speed has datatype 'real'"),
        (b"'Vehicle Speed': {type: sensor, datatype: float}", "no VSS path"),
        (b"a: &a [1]\nb: *a\n", "line 2: they are not taken"),
        (b"[" * 100_000, "nested too deeply"),
        (b"- " * 10_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_vss_says_why(content: bytes, why: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_vss(content, "given.yaml")
    assert why in str(caught.value)
    assert "given.yaml" in caught.value.what


def test_a_tree_without_end_is_refused() -> None:
    wide = {"type": "branch", "children": {f"C{i}": {"type": "branch"} for i in range(100_001)}}
    with pytest.raises(InvalidInputError, match="too large"):
        read_vss(json.dumps({"Vehicle": wide}).encode(), "wide.json")


def test_limits_that_are_no_numbers_are_left_out() -> None:
    text = b'{"V": {"type": "sensor", "datatype": "float", "min": 1' + b"0" * 400 + b', "max": true}}'
    assert read_vss(text, "v.json") == [Signal("V", "sensor", "float")]


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(InvalidInputError):
        read_vss(content, "given")


TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["branch", "sensor"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Vehicle", "type", "datatype", "children", "min", "Speed"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(TREES)
def test_any_json_is_read_or_refused(tree: object) -> None:
    with contextlib.suppress(InvalidInputError):
        read_vss(json.dumps(tree).encode(), "given.json")
