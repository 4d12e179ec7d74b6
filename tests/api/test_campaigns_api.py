from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest

if TYPE_CHECKING:
    from tests.api.conftest import World

SPEED = {"name": "speed", "signals": ["Vehicle.Speed"], "period": "1s"}


@pytest.fixture
def catalog(world: World) -> None:
    signal = CanSignal(path="Vehicle.Speed", message_id=0x100, start_bit_lsb=0, length=16)
    for company in ("a", "b"):
        world.services.catalog.save_manifest(company, DecoderManifest.of("car", [signal]))


@pytest.mark.usefixtures("catalog")
async def test_a_campaigns_life(world: World) -> None:
    made = await world.a.ask("POST", "/campaigns", json=SPEED, status=201)
    assert (made["name"], made["state"]) == ("speed", "running")
    assert made["spec"]["signals"] == ["Vehicle.Speed"]
    assert await world.a.ask("POST", "/campaigns", json=SPEED, status=201) == made
    assert (await world.a.ask("GET", "/campaigns")) == {"items": [made], "next": None}
    stopped = await world.a.ask("POST", "/campaigns/speed/stop")
    assert stopped["state"] == "stopped"
    text = "name: speed\nsignals:\n- Vehicle.Speed\nperiod: 1s\n"
    assert await world.a.ask("GET", "/campaigns/speed") == stopped | {"text": text}
    await world.a.ask("DELETE", "/campaigns/speed", status=204)
    await world.a.ask("GET", "/campaigns/speed", status=404)


@pytest.mark.usefixtures("catalog")
async def test_campaigns_end_at_the_border(world: World) -> None:
    await world.b.ask("POST", "/campaigns", json=SPEED, status=201)
    assert (await world.a.ask("GET", "/campaigns"))["items"] == []
    for method, path in (("GET", ""), ("POST", "/stop"), ("DELETE", "")):
        problem = await world.a.ask(method, f"/campaigns/speed{path}", status=404)
        assert "Did you mean" not in problem["fix"]
    assert (await world.b.ask("GET", "/campaigns/speed"))["state"] == "running"


@pytest.mark.usefixtures("catalog")
async def test_what_is_no_campaign_is_told(world: World) -> None:
    problem = await world.a.ask("POST", "/campaigns", json=SPEED | {"singals": ["x"]}, status=422)
    assert problem["fix"] == "Did you mean signals?"
    await world.a.ask("POST", "/campaigns", json=SPEED | {"signals": ["Vehicle.Speeed"]}, status=404)
    await world.a.ask("POST", "/campaigns", json=["speed"], status=422)
    await world.caller("a", "read").ask("POST", "/campaigns", json=SPEED, status=403)


@pytest.mark.usefixtures("catalog")
async def test_a_campaign_is_changed_and_every_change_is_on_record(world: World) -> None:
    await world.a.ask("POST", "/campaigns?draft=true&reason=a+test", json=SPEED, status=201)
    steps = [
        ("POST", "/start", None, "running", 1),
        ("PUT", "", SPEED | {"period": "2s", "rollout": {"waves": [{"percent": 10}, {"percent": 100}]}}, "running", 2),
        ("POST", "/advance", None, "running", 2),
        ("POST", "/suspend", None, "suspended", 2),
        ("POST", "/resume", None, "running", 2),
        ("POST", "/extend", {"expiry": "2099-01-01T00:00:00Z"}, "running", 3),
        ("POST", "/stop", None, "stopped", 3),
    ]
    for method, path, body, state, version in steps:
        found = await world.a.ask(method, f"/campaigns/speed{path}?reason=because", json=body)
        assert (found["state"], found["version"], found["why"]) == (state, version, "because"), path
    problem = await world.a.ask("POST", "/campaigns/speed/resume", status=409)
    assert problem["why"] == "it is stopped"
    assert problem["fix"] == "What can be done now: kaido campaign delete"
    await world.a.ask("DELETE", "/campaigns/speed?reason=enough", status=204)
    page = await world.a.ask("GET", "/campaigns/speed/history?limit=4")
    rest = await world.a.ask("GET", f"/campaigns/speed/history?after={page['next']}")
    changes = [*page["items"], *rest["items"]]
    assert [one["what"] for one in reversed(changes)] == [
        *("created", "started", "edited", "advanced", "suspended", "resumed", "extended", "stopped", "deleted")
    ]
    assert {one["who"] for one in changes} == {"all-a"}
    assert [one["why"] for one in (changes[0], changes[-1])] == ["enough", "a test"]
    assert [one["wave"] for one in reversed(changes)] == [1, 1, 1, 2, 2, 2, 2, 2, 2]
    assert (await world.a.ask("GET", "/campaigns/speed/versions/1"))["spec"]["period"] == "1s"
    assert (await world.a.ask("GET", "/campaigns/speed/versions/2"))["spec"]["period"] == "2s"
    await world.a.ask("GET", "/campaigns/speed/versions/4", status=404)
    await world.a.ask("GET", "/campaigns/sped/history", status=404)
    await world.a.ask("GET", "/campaigns/speed/history?after=x", status=422)


@pytest.mark.usefixtures("catalog")
async def test_how_a_campaign_stands(world: World) -> None:
    names = [f"car-{number}" for number in range(5)]
    for name in names:
        await world.a.ask("POST", "/vehicles", json={"id": name, "model": "car"}, status=201)
    waves = [{"vehicles": names[:2], "lasts": "1d"}, {"percent": 100}]
    wish = SPEED | {"targets": names[:4], "rollout": {"waves": waves, "limits": {"bytes": "10MB"}}}
    await world.a.ask("POST", "/campaigns", json=wish, status=201)
    found = await world.a.ask("GET", "/campaigns/speed/status")
    assert {one["reason"]: one["vehicles"] for one in found["reasons"]} == {"never_seen": 2, "later_wave": 2}
    assert (found["vehicles"], found["converged"], found["problems"]) == (4, 0, [])
    assert (found["wave"]["number"], found["wave"]["of"]) == (1, 2)
    assert found["wave"]["next"] > found["wave"]["since"]
    assert found["limits"] == {"bytes": "10MB", "per": "hour", "tolerate": 0}
    assert (found["used"]["events"], found["used"]["last"]) == (0, None)
    await world.a.ask("POST", "/vehicles/car-3/revoke")
    page = await world.a.ask("GET", "/campaigns/speed/vehicles?limit=3")
    assert [one["vehicle"] for one in page["items"]] == names[:3]
    rest = await world.a.ask("GET", f"/campaigns/speed/vehicles?after={page['next']}")
    assert [(one["vehicle"], one["reason"]) for one in rest["items"]] == [("car-3", "revoked")]
    later = await world.a.ask("GET", "/campaigns/speed/vehicles?reason=later_wave")
    assert [one["vehicle"] for one in later["items"]] == ["car-2"]
    problem = await world.a.ask("GET", "/campaigns/speed/vehicles?reason=ofline", status=404)
    assert "offline" in problem["fix"]
    await world.a.ask("GET", "/campaigns/sped/status", status=404)
