"""docs/embedding.md: its program is run, its campaign is compiled, and the vehicle can run it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kaido.agent import Software
from kaido.agent.firings import Recorded, firings
from kaido.agent.readings import Readings
from kaido.agent.scheme import Scheme, read_schemes
from kaido.catalog import DecoderManifest
from kaido.catalog.actuator_signal import of_catalog as actuators_of
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.named_signal import of_catalog as named_of
from kaido.catalog.vss import standard
from kaido.control import read_spec
from kaido.control.compiling import Scheme as Compiled
from kaido.control.compiling import compile_scheme
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = (Path(__file__).parents[2] / "docs" / "embedding.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PLACE = [f"Vehicle.CurrentLocation.{name}" for name in ("Latitude", "Longitude")]


@pytest.fixture(scope="module")
def software() -> Software:
    (source,) = (text for kind, text in BLOCKS if kind == "python" and text.startswith("# file: my_car.py"))
    module = ModuleType("my_car")
    exec(compile(source, "my_car.py", "exec"), module.__dict__)
    made: Callable[[], Software] = module.software
    return made()


@pytest.fixture(scope="module")
def manifest() -> DecoderManifest:
    (mapping,) = (yaml.safe_load(text) for kind, text in BLOCKS if kind == "yaml" and text.startswith("# file"))
    catalog = {one.path: one for one in standard()}
    signals = [CanSignal(path, 0x100 + place, 0, 32, is_float=True) for place, path in enumerate(PLACE)]
    actuators = actuators_of(catalog, PLACE, mapping["actuators"])
    return DecoderManifest.of("my-car", signals, values=named_of(catalog, mapping["values"]), actuators=actuators)


@pytest.fixture(scope="module")
def scheme(manifest: DecoderManifest) -> pb.CollectionScheme:
    (campaign,) = (yaml.safe_load(text) for kind, text in BLOCKS if kind == "yaml" and text.startswith("name:"))
    compiled = compile_scheme(read_spec(campaign), manifest)
    assert isinstance(compiled, Compiled), compiled
    return pb.CollectionScheme.FromString(compiled.content)


def test_the_vehicle_can_run_the_campaign(
    software: Software, manifest: DecoderManifest, scheme: pb.CollectionScheme
) -> None:
    message = pb.CollectionSchemes(collection_schemes=[scheme])
    names = manifest.sync_id, manifest.ids, software.functions, software.fetches, manifest.texts
    (read,) = read_schemes(message, *names)
    assert isinstance(read, Scheme), read
    (action,) = read.fetches[0].actions
    sensor = next(one for one in manifest.all_signals if one.path.endswith("AmbientAirTemperature"))
    assert software.fetches[action.name](sensor, action.parameters) == 20.5
    assert software.actuators.find(0, "Vehicle.Body.Lights.Hazard.IsSignaling")


def test_it_fires_at_the_depot(software: Software, manifest: DecoderManifest, scheme: pb.CollectionScheme) -> None:
    scheme.ClearField("signal_fetch_information")
    state = "Vehicle.LowVoltageSystemState"
    drive: list[tuple[str, Any]] = [
        (state, "OFF"), (PLACE[0], 35.681), (PLACE[1], 139.771), (state, "ON"), (PLACE[0], 35.0), (PLACE[0], 35.682),
    ]  # fmt: skip
    rows = Readings.of((second * 1_000_000, manifest.id_of(path), value) for second, (path, value) in enumerate(drive))
    recording = Recorded(rows.time_us, rows.place.astype("uint32"), rows.value, rows.text)
    found = list(firings(scheme, manifest, [recording], functions=software.functions))
    assert [one.time_ms for one in found] == [3_000, 5_000]


def test_the_table_names_what_there_is() -> None:
    rows = dict(re.findall(r"^\| `(\w+)\((.*?)\)` \|", PAGE, re.MULTILINE))
    public = {
        name: [one for one in inspect.signature(method).parameters if one != "self"]
        for name, method in inspect.getmembers(Software, inspect.isfunction)
        if not name.startswith("_") and name != "take"
    }
    assert {name: [one.strip(" =") for one in text.split(",")] for name, text in rows.items()} == public
