"""Values against the catalog: what passes fits its field on the wire, what does not is refused, whatever it is."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.catalog.signal import DATATYPES, Signal
from kaido.commands import values
from kaido.errors import InvalidInputError
from kaido.wire import kaido_wire_pb2 as pb

_anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.integers().map(str),
    st.floats().map(str),
    st.lists(st.integers(), max_size=2),
)


@given(st.sampled_from(sorted(DATATYPES)), _anything)
def test_what_passes_goes_over_the_wire_unchanged(datatype: str, given_: Any) -> None:
    signal = Signal("Vehicle.X", "actuator", datatype)
    try:
        value = values.check(signal, given_)
    except InvalidInputError:
        return
    message = values.request(7, "leaf@1", datatype, value)
    again = pb.CommandRequest.FromString(message.SerializeToString()).actuator
    field = again.WhichOneof("value")
    assert field == ("bool" if datatype == "boolean" else datatype) + "_value"
    sent = getattr(again, field)
    if datatype == "float":
        assert math.isclose(sent, float(value), rel_tol=1e-6, abs_tol=1e-44)
    else:
        assert sent == value


@given(st.floats(allow_nan=True) | st.integers())
def test_what_is_out_of_range_never_passes(number: float) -> None:
    signal = Signal("Vehicle.X", "actuator", "double", min=-1.5, max=2.5)
    try:
        assert -1.5 <= values.check(signal, number) <= 2.5  # type: ignore[operator]  # it is a number
    except InvalidInputError:
        assert not -1.5 <= number <= 2.5


@pytest.mark.parametrize(
    ("datatype", "text", "value"),
    [
        ("boolean", "true", True),
        ("boolean", "OFF", False),
        ("uint8", "255", 255),
        ("int8", "-128", -128),
        ("uint64", str(2**64 - 1), 2**64 - 1),
        ("uint8", 3.0, 3),
        ("float", "1.5", 1.5),
        ("string", "START", "START"),
    ],
)
def test_texts_of_the_command_line_mean_values(datatype: str, text: Any, value: Any) -> None:
    found = values.check(Signal("Vehicle.X", "actuator", datatype), text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("datatype", "wrong"),
    [
        ("boolean", 1),
        ("boolean", "yes please"),
        ("uint8", 256),
        ("uint8", True),
        ("int8", "-129"),
        ("uint8", 1.5),
        ("float", "nan"),
        ("float", 1e39),
        ("double", "inf"),
        ("double", True),
        ("string", 5),
        ("string", "x" * 5_000),
        ("uint8[]", [1]),
    ],
)
def test_wrong_types_are_refused(datatype: str, wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"Vehicle\.X cannot be"):
        values.check(Signal("Vehicle.X", "actuator", datatype), wrong)


def test_only_what_the_catalog_allows() -> None:
    signal = Signal("Vehicle.Mode", "actuator", "string", allowed=("ECO", "SPORT"))
    assert values.check(signal, "ECO") == "ECO"
    with pytest.raises(InvalidInputError, match="there is ECO, SPORT"):
        values.check(signal, "eco")
