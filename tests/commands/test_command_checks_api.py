"""What stands before a command, and commands looked for, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.api.conftest import app, world
from tests.commands.conftest import AC, HORN
from tests.commands.test_commands_api import WISH, a

if TYPE_CHECKING:
    from tests.api.conftest import Caller, World

__all__ = ["a", "app", "world"]

POLICY = {
    "rules": [
        {
            "actuators": [AC],
            "require": [{"condition": "Vehicle.Speed == 0", "max_age": "5s"}],
            "issuers": ["all-*"],
            "approval": True,
            "reason": True,
            "per_vehicle": "3/h",
        }
    ]
}


async def test_the_policy_is_told_before_anything_is_sent(a: Caller, world: World) -> None:
    await a.ask("PUT", "/command-policy", json=POLICY)
    path = "/command-policy/check"
    found = await a.ask("GET", path, params={"signal": AC, "vehicle": "car-1", "value": "true"})
    assert (found["value_problem"], found["vehicle_problem"], found["objection"]) == ("", "", "")
    assert (found["approval"], found["approval_why"], found["approve_within_s"]) == (True, "the policy says so", 900)
    assert found["reason_needed"]
    (condition,) = found["preconditions"]
    assert (condition["answer"], condition["max_age_s"], condition["readings"]) == ("unknown", 5, [])
    assert "Vehicle.Speed is not known" in condition["why"]
    assert [(one["of"], one["rate"]) for one in found["rates"]] == [
        ("vehicle", "60/min"),
        ("vehicle", "3/h"),
        ("issuer", "600/min"),
    ]
    reader = world.caller("a", "read")
    found = await reader.ask("GET", path, params={"signal": AC, "value": "maybe", "vehicle": "car-2"})
    assert "may not command" in found["objection"]
    assert "cannot be 'maybe'" in found["value_problem"]
    assert "no vehicle 'car-2'" in found["vehicle_problem"]
    found = await a.ask("GET", path, params={"signal": AC})
    assert (found["value_problem"], found["vehicle_problem"]) == ("", "")
    assert found["preconditions"][0]["answer"] is None
    assert (await a.ask("GET", path, params={"signal": "Vehicle.Hoorn"}, status=404))[
        "what"
    ] == "no actuator 'Vehicle.Hoorn'"
    assert (await a.ask("GET", path, params={"signal": HORN}))["signal"]["kind"] == "actuator"
    assert await a.ask("GET", "/commands") == {"items": [], "next": None}


async def test_commands_are_looked_for(a: Caller, world: World) -> None:
    await a.ask("POST", "/commands", json=WISH | {"id": "c1"}, status=201)
    await a.ask("POST", "/commands/c1/cancel")
    other = world.caller("a", "read", "command")
    made = await other.ask("POST", "/commands", json=WISH | {"id": "c2"}, status=201)
    assert made["vehicle"] == "car-1"

    async def ids(**wanted: str) -> list[str]:
        return [one["id"] for one in (await a.ask("GET", "/commands", params=wanted))["items"]]

    assert await ids() == ["c2", "c1"]
    assert await ids(outcome="cancelled") == ["c1"]
    assert await ids(state="waiting") == ["c2"]
    assert await ids(state="waiting", outcome="cancelled") == []
    assert await ids(issuer=made["issuer"]) == ["c2"]
    assert await ids(vehicle="car-2") == []
    assert await ids(start="-1h", vehicle="car-1") == ["c2", "c1"]
    assert await ids(end=made["created"]) == ["c1"]
    problem = await a.ask("GET", "/commands", params={"outcome": "succeded"}, status=404)
    assert problem["fix"] == "Did you mean succeeded?"
    assert "is no time" in (await a.ask("GET", "/commands", params={"start": "soon"}, status=422))["what"]
