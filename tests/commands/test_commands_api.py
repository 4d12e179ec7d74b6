"""``/v1/commands`` and ``/v1/command-policy`` over HTTP; what happens behind them is in the tests beside this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kaido.control.roll import Stay
from kaido.runtime import clock
from tests.api.conftest import app, world
from tests.commands.conftest import AC, CATALOG, HORN, MANIFEST

if TYPE_CHECKING:
    from tests.api.conftest import Caller, World

__all__ = ["app", "world"]

WISH = {"vehicle": "car-1", "signal": AC, "value": True, "timeout": "30s", "reason": "hot"}


@pytest.fixture
async def a(world: World) -> Caller:
    """Company a, with a car that has actuators."""
    await world.a.ask("POST", "/vehicles", json={"id": "car-1"}, status=201)
    world.services.catalog.import_signals("a", CATALOG)
    world.services.catalog.save_manifest("a", MANIFEST)
    return world.a


async def test_a_command_is_sent_shown_listed_and_cancelled(a: Caller) -> None:
    made = await a.ask("POST", "/commands", json=WISH | {"id": "c1"}, status=201)
    assert (made["id"], made["what"], made["value"], made["timeout_ms"]) == ("c1", AC, True, 30_000)
    assert (made["issuer"], made["reason"], made["counts"]) == ("all-a", "hot", {"waiting": 1})
    (happened,) = made["execution"]["transitions"]
    assert (happened["what"], happened["who"], happened["text"]) == ("waiting", "all-a", "hot")
    assert await a.ask("POST", "/commands", json=WISH | {"id": "c1"}, status=201) == made
    assert (await a.ask("POST", "/commands", json=WISH | {"id": "c1", "value": 0}, status=422))[
        "error"
    ] == "invalid_input"
    problem = await a.ask("POST", "/commands", json=WISH | {"id": "c1", "value": False}, status=409)
    assert "there is another command c1" in problem["what"]
    second = await a.ask("POST", "/commands", json=WISH, status=201)
    listed = await a.ask("GET", "/commands", params={"limit": 1})
    assert [one["id"] for one in listed["items"]] == [second["id"]]
    listed = await a.ask("GET", "/commands", params={"after": listed["next"], "vehicle": "car-1"})
    assert [one["id"] for one in listed["items"]] == ["c1"]
    assert (await a.ask("POST", "/commands/c1/cancel"))["counts"] == {"cancelled": 1}
    assert "cannot be cancelled" in (await a.ask("POST", "/commands/c1/cancel", status=409))["what"]
    shown = await a.ask("GET", "/commands/c1/executions/car-1")
    assert [one["what"] for one in shown["transitions"]] == ["waiting", "cancelled"]
    assert (await a.ask("GET", "/commands/c1/executions"))["items"][0]["outcome"] == "cancelled"


async def test_a_timeout_need_not_be_given(a: Caller) -> None:
    wish = {name: value for name, value in WISH.items() if name != "timeout"}
    assert (await a.ask("POST", "/commands", json=wish, status=201))["timeout_ms"] == 30_000


async def test_sending_needs_a_scope_that_no_other_implies(a: Caller, world: World) -> None:
    for scopes in (("read",), ("read", "write", "admin")):
        caller = world.caller("a", *scopes)
        assert "scope 'command'" in (await caller.ask("POST", "/commands", json=WISH, status=403))["why"]
    admin = world.caller("a", "admin")
    problem = await admin.ask("POST", "/tokens", json={"name": "mine", "scopes": ["command"]}, status=403)
    assert "may not give the scope 'command'" in problem["what"]
    await a.ask("POST", "/tokens", json={"name": "theirs", "scopes": ["command"]}, status=201)


async def test_somebody_else_approves(a: Caller, world: World) -> None:
    made = await a.ask("POST", "/commands", json=WISH | {"signal": HORN, "value": 5, "id": "h1"}, status=201)
    assert made["counts"] == {"awaiting approval": 1}
    assert made["approve_by"]
    assert "somebody else" in (await a.ask("POST", "/commands/h1/approve", status=409))["what"]
    colleague = world.caller("a", "read", "command")
    approved = await colleague.ask("POST", "/commands/h1/approve")
    assert (approved["approver"], approved["counts"]) == ("token-read-command", {"waiting": 1})


async def test_of_two_users_one_sends_and_the_other_approves(a: Caller, world: World) -> None:
    oda, viewer = world.browser("a", "oda", "operator"), world.browser("a", "viewer", "viewer")
    wish = WISH | {"signal": HORN, "value": 5, "id": "h1"}
    assert "operator" in (await viewer.ask("POST", "/commands", json=wish, status=403))["fix"]
    assert (await oda.ask("POST", "/commands", json=wish, status=201))["issuer"] == "oda"
    again = world.services.web_sessions.begin(world.services.users.get("a", "oda").id)
    elsewhere = type(oda)(oda.http, again[0], again[1].csrf)
    assert (await elsewhere.ask("POST", "/commands/h1/approve", status=409))["why"] == "'oda' sent it"
    boss = world.browser("a", "boss", "administrator")
    assert (await boss.ask("POST", "/commands/h1/approve"))["approver"] == "boss"
    happened = (await a.ask("GET", "/commands/h1"))["execution"]["transitions"]
    assert [one["who"] for one in happened] == ["oda", "boss"]


NONSENSE: tuple[tuple[dict[str, Any], str], ...] = (
    ({"value": 7}, "true or false"),
    ({"signal": "Vehicle.Speed", "value": 7}, "no actuator but a sensor"),
    ({"signal": HORN, "value": 101}, "100 percent"),
    ({"timeout": "soon"}, "30s, 500ms or 2min"),
    ({"timeout": "40d"}, "30s, 500ms or 2min"),
    ({"timeout": 5_000_000}, "30 days"),
    ({"id": "a/b"}, "stands in a topic"),
    ({"vehicle": None}, "name one vehicle, or say where"),
    ({"where": "Vehicle.Speed == 0"}, "name one vehicle, or say where"),
    ({"value": [1]}, ""),
    ({"more": 1}, ""),
)


async def test_what_makes_no_sense_never_leaves(a: Caller) -> None:
    for change, why in NONSENSE:
        problem = await a.ask("POST", "/commands", json=WISH | change, status=422)
        assert why in str(problem), change
    assert (await a.ask("GET", "/commands"))["items"] == []


async def test_a_car_that_is_not_there(a: Caller) -> None:
    assert (await a.ask("POST", "/commands", json=WISH | {"vehicle": "car-9"}, status=404))["error"] == "not_found"
    assert (await a.ask("GET", "/commands/c9", status=404))["what"] == "no command 'c9'"


async def test_the_policy_is_set_by_who_administers_and_shown_to_who_reads(a: Caller, world: World) -> None:
    assert (await a.ask("GET", "/command-policy"))["per_vehicle"] == "60/min"
    policy = {"rules": [{"actuators": [AC], "forbidden": True}], "signing": True}
    await world.caller("a", "write", "command").ask("PUT", "/command-policy", json=policy, status=403)
    assert (await a.ask("PUT", "/command-policy", json=policy))["rules"][0]["forbidden"] is True
    assert "no such field" in (await a.ask("PUT", "/command-policy", json={"rule": 1}, status=422))["why"]
    made = await a.ask("POST", "/commands", json=WISH, status=201)
    assert made["execution"]["outcome"] == "rejected by policy"
    enrolled = await a.ask("POST", "/vehicles/car-1/enrol", status=201)
    assert enrolled["command_key"].startswith("-----BEGIN PUBLIC KEY-----")
    await world.b.ask("POST", "/vehicles", json={"id": "car-1"}, status=201)
    assert (await world.b.ask("POST", "/vehicles/car-1/enrol", status=201))["command_key"] is None


async def test_a_vehicle_says_whether_it_is_connected(a: Caller, world: World) -> None:
    assert (await a.ask("GET", "/vehicles/car-1"))["connection"] is None
    now = clock.now().timestamp()
    records = world.services.presence
    records.save_gateways({"g1": now})
    records.save({("a", "car-1"): Stay("g1", now - 60)})
    assert (await a.ask("GET", "/vehicles"))["items"][0]["connection"]["connected"] is True
    records.save({("a", "car-1"): Stay("g1", now - 60, now - 30)})
    shown = (await a.ask("GET", "/vehicles/car-1"))["connection"]
    assert shown["connected"] is False
    assert shown["age_s"] >= 30


async def test_what_was_sent_is_audited(a: Caller) -> None:
    await a.ask("POST", "/commands", json=WISH | {"id": "c1"}, status=201)
    entry = (await a.ask("GET", "/audit"))["items"][0]
    assert (entry["what"], entry["who"]) == ("commands-send", "all-a")
    assert entry["details"]["command"] == "c1"
