"""``POST /v1/campaigns/check``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest

if TYPE_CHECKING:
    from tests.api.conftest import World

FAST: dict[str, Any] = {"name": "fast", "signals": ["Vehicle.*"], "condition": "Vehicle.Speed > 60 mph", "before": 100}


@pytest.fixture(autouse=True)
def catalog(world: World) -> None:
    signal = CanSignal("Vehicle.Speed", 0x100, 0, 16, unit="km/h")
    world.services.catalog.save_manifest("a", DecoderManifest.of("car", [signal]))
    world.services.catalog.save_manifest("a", DecoderManifest.of("bus", [CanSignal("Vehicle.Doors", 0x101, 0, 8)]))


async def test_a_reader_learns_what_a_campaign_would_be(world: World) -> None:
    found = await world.caller("a", "read").ask("POST", "/campaigns/check", json=FAST)
    by_name = {one.pop("manifest"): one for one in found["manifests"]}
    assert by_name["bus"]["reason"] == "its manifest has no signal Vehicle.Speed"
    assert not by_name["bus"]["runs"]
    car = by_name["car"]
    assert (car["runs"], car["reason"], car["condition"]) == (True, None, "Vehicle.Speed > 96.56064")
    assert (car["signals"], car["ring_samples"], car["memory_bytes"]) == (1, 100, 1_600)
    assert found["spec"] == FAST | {
        "every_sample": False,
        "targets": "all",
        "compression": True,
        "persistence": True,
        "priority": 0,
    }
    assert (await world.a.ask("GET", "/campaigns"))["items"] == []


async def test_what_makes_no_sense_is_a_problem(world: World) -> None:
    problem = await world.a.ask("POST", "/campaigns/check", json=FAST | {"condition": "Vehicle.Speed >"}, status=422)
    assert problem["what"].startswith("the campaign's condition, column 16 of")
    await world.a.ask("POST", "/campaigns/check", json=FAST | {"signals": ["Vehicle.Sped"]}, status=404)
    await world.b.ask("POST", "/campaigns/check", json=FAST, status=404)
