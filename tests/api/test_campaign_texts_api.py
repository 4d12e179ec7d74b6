"""Campaigns as text, estimates for which nobody waits, and what was collected, over HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from kaido.api import rehearsing
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.flow import SAMPLE_SCHEMA
from kaido.runtime import clock

if TYPE_CHECKING:
    from tests.api.conftest import Caller, World

TEXT = """name: fast
signals: [Vehicle.Speed]
condition: Vehicle.Speed > 60 mph and not (Vehicle.Speed > 90 mph or Vehicle.Doors > 0)
"""
FAST: dict[str, Any] = {"name": "fast", "signals": ["Vehicle.Speed"], "condition": "Vehicle.Speed > 60 mph"}
DRIVE = "".join(f"({1_750_000_000 + at}.0) can0 100#{at * 20:02X}00\n" for at in range(10)).encode()


@pytest.fixture(autouse=True)
def catalog(world: World) -> None:
    signals = [CanSignal("Vehicle.Speed", 0x100, 0, 16, unit="km/h"), CanSignal("Vehicle.Doors", 0x101, 0, 8)]
    world.services.catalog.save_manifest("a", DecoderManifest.of("car", signals))


async def test_a_text_is_read_with_its_mistake_or_its_meaning(world: World) -> None:
    reader = world.caller("a", "read")
    found = await reader.ask("POST", "/campaigns/read", json={"text": TEXT})
    assert (found["mistake"], found["document"]["name"]) == (None, "fast")
    assert found["check"]["manifests"][0]["runs"]
    (condition,) = found["conditions"]
    assert (condition["field"], condition["tree"]["operator"]) == ("condition", "and")
    speed, negated = condition["tree"]["of"]
    assert (speed["text"], speed["operator"]) == ("Vehicle.Speed > 60 mph", None)
    assert (negated["operator"], negated["of"][0]["operator"]) == ("not", "or")
    found = await reader.ask("POST", "/campaigns/read", json={"text": TEXT.replace("Doors", "Dors")})
    wrong = found["mistake"]
    assert (wrong["line"], wrong["column"], wrong["length"]) == (3, 70, 12)
    assert (wrong["field"], wrong["fix"], found["check"]) == ("condition", "Did you mean Vehicle.Doors?", None)
    found = await reader.ask(
        "POST", "/campaigns/read", json={"text": TEXT.replace("[Vehicle.Speed]", "\n- Vehicle.Sped")}
    )
    assert (found["mistake"]["line"], found["mistake"]["column"], found["mistake"]["field"]) == (3, 3, "signals[0]")
    found = await reader.ask("POST", "/campaigns/read", json={"text": "name: ["})
    assert (found["document"], found["mistake"]["line"]) == (None, 1)
    assert (await world.b.ask("POST", "/campaigns/read", json={"text": TEXT}))["mistake"]
    problem = await reader.ask("POST", "/campaigns/check", json=FAST | {"condition": "Vehicle.Speed >"}, status=422)
    assert (problem["field"], problem["column"]) == ("condition", 16)


async def test_the_language_is_told(world: World) -> None:
    found = await world.caller("a", "read").ask("GET", "/campaign-language")
    assert {"name", "condition"} <= {one["name"] for one in found["fields"][""]}
    assert found["fields"]["rollout.limits"]


async def test_an_estimate_is_asked_for_by_its_id(world: World) -> None:
    reader = world.caller("a", "read")
    await world.a.ask("POST", "/vehicles", json={"id": "car-1", "manifest": "car"}, status=201)
    begun = await reader.ask("POST", "/campaign-rehearsals/estimate", json=FAST, status=202)
    assert (begun["kind"], begun["campaign"], begun["estimate"]) == ("estimate", "fast", None)
    found = await _ended(reader, begun["id"])
    assert (found["state"], found["problem"]) == ("done", None)
    assert found["estimate"]["evaluated"] == 0
    problem = await world.b.ask("GET", f"/campaign-rehearsals/{begun['id']}", status=404)
    assert "Run it again" in problem["fix"]
    begun = await reader.ask(
        "POST", "/campaign-rehearsals/estimate", json=FAST | {"signals": ["Vehicle.Sped"]}, status=202
    )
    found = await _ended(reader, begun["id"])
    assert (found["state"], found["problem"]["error"], found["estimate"]) == ("failed", "not_found", None)
    await reader.ask("POST", "/campaign-rehearsals/estimate", json={"name": "x"}, status=422)


async def test_a_dry_run_is_asked_for_by_its_id(world: World) -> None:
    asked = {"campaign": json.dumps(FAST), "file": "drive.log"}
    begun = await world.a.ask("POST", "/campaign-rehearsals/dry-run", params=asked, content=DRIVE, status=202)
    found = await _ended(world.a, begun["id"])
    assert (found["state"], found["dry_run"]["frames"]) == ("done", 10)
    assert found["dry_run"]["triggers"] > 0
    assert list((world.services.settings.data / "tmp").iterdir()) == [], "the recording is dropped"
    reader = world.caller("a", "read")
    await reader.ask("POST", "/campaign-rehearsals/dry-run", params=asked, content=DRIVE, status=403)


async def test_so_many_run_at_a_time_and_are_kept(world: World) -> None:
    rehearsals, go = world.services.rehearsals, asyncio.Event()

    async def work() -> dict[str, Any]:
        await go.wait()
        return {}

    def begin() -> rehearsing.Rehearsal:
        return rehearsals.begin("a", "dry run", FAST, "somebody", work, 1.0)

    first = [begin() for _ in range(rehearsing.MOST_RUNNING)]
    problem = await world.a.ask("POST", "/campaign-rehearsals/estimate", json=FAST, status=429)
    assert "are under way" in problem["what"]
    go.set()
    for one in first:
        await _ended(world.a, one.id)
    for _ in range(rehearsing.MOST_KEPT):
        await _ended(world.a, begin().id)
    await world.a.ask("GET", f"/campaign-rehearsals/{first[0].id}", status=404)


async def test_what_was_collected_comes_by_event(world: World) -> None:
    await world.a.ask("POST", "/campaigns", json=FAST, status=201)
    now = clock.now()
    sample = {
        "vehicle": "car-1",
        "signal": "Vehicle.Speed",
        "time": now,
        "value": 1.0,
        "campaign": "fast@1",
        "event": 7,
    }
    rows = [sample, sample | {"signal": "Vehicle.Doors"}, sample | {"campaign": "faster@1"}]
    world.services.lake("a").append(pa.Table.from_pylist(rows, SAMPLE_SCHEMA), app_id="test", version=1)
    (found,) = (await world.a.ask("GET", "/campaigns/fast/events"))["items"]
    assert (found["vehicle"], found["event"], found["sync_id"], found["samples"]) == ("car-1", 7, "fast@1", 2)
    assert (found["signals"], found["named"]) == (2, ["Vehicle.Doors", "Vehicle.Speed"])
    assert (await world.a.ask("GET", "/campaigns/fast/events", params={"vehicle": "o'car"}))["items"] == []
    await world.a.ask("GET", "/campaigns/faster/events", status=404)
    await world.b.ask("GET", "/campaigns/fast/events", status=404)


async def _ended(caller: Caller, identifier: str) -> dict[str, Any]:
    for _ in range(3_000):
        found: dict[str, Any] = await caller.ask("GET", f"/campaign-rehearsals/{identifier}")
        if found["state"] != "running":
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(found)
