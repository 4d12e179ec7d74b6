"""What the policy lets go: rules, conditions on the twin, a second person, rates."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from kaido.commands import Order, courier
from kaido.commands.policy import read_policy
from kaido.errors import InvalidInputError
from kaido.flow import SAMPLE_SCHEMA
from kaido.runtime import clock
from kaido.twin import Twin, service
from kaido.twin.attributes import Attributes
from kaido.twin.fleet import FleetQuestions
from kaido.wire import kaido_wire_pb2 as pb
from tests.commands.conftest import AC, ANN, BOB, HORN, SPEED, Room, refused
from tests.gateway.rig import until

if TYPE_CHECKING:
    from datetime import datetime

STANDING = {"rules": [{"actuators": [AC], "require": [{"condition": f"{SPEED} == 0", "max_age": "5s"}]}]}


async def twin_of(room: Room) -> Twin:
    """The company's twin, as ingest serves it."""
    twin = Twin()
    await service.serve(room.nats, "acme", twin, FleetQuestions(twin, Attributes(twin)))
    return twin


def says(twin: Twin, speed: float, at: datetime | None = None) -> None:
    moment = at or clock.now()
    row: list[list[Any]] = [["car-1"], [SPEED], [moment], [speed], [None], [None], [None]]
    twin.fold(pa.table(row, schema=SAMPLE_SCHEMA), int(moment.timestamp() * 1e6))


async def test_a_condition_that_holds_lets_it_go_and_one_that_does_not_rejects_it(room: Room) -> None:
    room.set_policy(STANDING)
    twin = await twin_of(room)
    async with await room.car() as car:
        says(twin, 30.0)
        await room.send(id="c1")
        found = await room.until("c1", "rejected by policy")
        assert found.text == f"{SPEED} == 0 is asked for, and {SPEED} is 30"
        says(twin, 0.0)
        await room.send(id="c2")
        assert (await room.request(car)).command_id == "c2"


async def test_a_value_that_is_too_old_lets_nothing_go(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "SETTLE", timedelta(seconds=1))
    room.set_policy(STANDING)
    twin = await twin_of(room)
    says(twin, 0.0, clock.now() - timedelta(seconds=6))
    async with await room.car():
        await asyncio.sleep(1)
        await room.send(id="c1")
        found = await room.until("c1", "rejected by policy")
        assert "old, and at most 5 s is asked for" in found.text


async def test_a_vehicle_that_has_just_connected_may_still_say_what_is_asked_for(room: Room) -> None:
    room.set_policy(STANDING)
    twin = await twin_of(room)
    await room.send(id="c1")
    async with await room.car() as car:
        unknown = f"{SPEED} is not known, and {SPEED} == 0 is asked for"
        await until(lambda: room.execution("c1").text == unknown)
        assert room.execution("c1").state == "waiting"
        says(twin, 0.0)
        assert (await room.request(car)).command_id == "c1"


async def test_while_the_twin_is_away_nothing_goes_that_asks_for_it(room: Room) -> None:
    room.set_policy(STANDING)
    async with await room.car():
        await room.send(id="c1", timeout_ms=1_500)
        assert (await room.until("c1", "expired before delivery")).text == "the twin does not answer"


async def test_a_second_person_has_to_approve_what_is_critical(room: Room) -> None:
    async with await room.car() as car:
        made = await room.send(HORN, 50, id="c1")
        assert made.counts == {"awaiting approval": 1}
        with refused("has to be approved by somebody else"):
            room.commands.records.approve("acme", "c1", ANN)
        assert room.execution("c1").deadline is None
        approved = room.commands.records.approve("acme", "c1", BOB)
        assert approved.approver == "bob"
        request = await room.request(car)
        assert request.actuator.uint8_value == 50
        assert request.issued_timestamp_ms >= int(made.created.timestamp() * 1_000)
        assert room.commands.records.approve("acme", "c1", BOB).approved == approved.approved
        assert room.happened("c1")[:3] == ["awaiting approval", "waiting", "sent"]
        with refused("it needs none"):
            await room.send(id="c2")
            room.commands.records.approve("acme", "c2", BOB)


async def test_what_nobody_approves_ends(room: Room) -> None:
    room.set_policy({"approve_within": "1s"})
    await room.send(HORN, 50, id="c1")
    assert (await room.until("c1", "expired before delivery")).text == "nobody approved it in time"
    with refused("it is over"):
        room.commands.records.approve("acme", "c1", BOB)


async def test_the_policy_is_looked_at_again_when_it_is_sent(room: Room) -> None:
    await room.send(id="c1")
    await room.send(id="c2", vehicle="car-2")
    room.set_policy({"rules": [{"actuators": ["Vehicle.Cabin.*"], "approval": True}]})
    async with await room.car():
        assert "a second person" in (await room.until("c1", "rejected by policy")).text
    room.set_policy({"rules": [{"actuators": ["*"], "forbidden": True}]})
    async with await room.car("car-2"):
        assert "not to be commanded" in (await room.until("c2", "rejected by policy", "car-2")).text


async def test_a_revoked_vehicle_gets_nothing(room: Room) -> None:
    room.rig.vehicles.revoke("acme", "car-1")
    with refused("is revoked"):
        await room.send(id="c3")


@pytest.mark.parametrize(
    ("rule", "more", "why"),
    [
        ({"forbidden": True}, {}, "not to be commanded"),
        ({"issuers": ["ops-*", "bob"]}, {}, "'ann' may not command"),
        ({"reason": True}, {"reason": " "}, "needs a reason"),
    ],
)
async def test_a_rule_rejects(room: Room, rule: dict[str, Any], more: dict[str, Any], why: str) -> None:
    room.set_policy({"rules": [{"actuators": ["Vehicle.Cabin.*"], **rule}]})
    await room.send(id="c1", **more)
    found = room.execution("c1")
    assert found.outcome == "rejected by policy"
    assert why in found.text
    await room.send(id="c2", issuer=BOB, reason="it is hot")
    assert (room.execution("c2").outcome is None) == (rule != {"forbidden": True})


async def test_rates_bound_a_vehicle_and_an_issuer(room: Room) -> None:
    room.set_policy({"per_vehicle": "2/min", "per_issuer": "3/min"})
    for number, outcome in enumerate([None, None, "rejected by policy"]):
        await room.send(id=f"c{number}")
        assert room.execution(f"c{number}").outcome == outcome
    assert "the vehicle was commanded 2/min already" in room.execution("c2").text
    await room.send(id="d1", vehicle="car-2")
    await room.send(id="d2", vehicle="car-2")
    assert room.execution("d1", "car-2").outcome is None
    assert "the token has commanded 3/min already" in room.execution("d2", "car-2").text
    await room.send(id="d3", vehicle="car-2", issuer=BOB)
    assert room.execution("d3", "car-2").outcome is None


async def test_a_rate_of_a_rule_counts_its_actuators_alone(room: Room) -> None:
    room.set_policy({"rules": [{"actuators": [AC], "per_vehicle": "1/h"}]})
    await room.send(HORN, 5, id="h1")
    for number, outcome in enumerate([None, "rejected by policy"]):
        await room.send(id=f"c{number}")
        assert room.execution(f"c{number}").outcome == outcome


async def test_an_activation_of_state_templates_goes_the_same_way(room: Room) -> None:
    operation = pb.LastKnownStateCommand()
    operation.state_templates.add(state_template_sync_id="t1").fetch_snapshot.SetInParent()
    order = Order("fetch t1", None, pb.CommandRequest(last_known_state=operation), is_actuator=False)
    room.held("car-1", "t1")
    room.commands.send("acme", ANN, ["car-1"], order, timeout_ms=10_000, id="s1")
    async with await room.car() as car:
        request = await room.request(car)
        assert request.last_known_state == operation
        assert (request.command_id, request.timeout_ms) == ("s1", 10_000)
        assert request.issued_timestamp_ms
        await room.answer("s1", pb.CommandResponse.SUCCEEDED)
        await room.until("s1", "succeeded")


def test_a_policy_says_what_is_wrong_with_it() -> None:
    for document, why in (
        ({"rule": []}, "no such field"),
        ({"rules": [{}]}, "rules.0.actuators"),
        ({"rules": [{"actuators": ["*"], "require": [{"condition": "Vehicle.Speed =="}]}]}, "column"),
        ({"rules": [{"actuators": ["*"], "require": [{"condition": 'model == "leaf"'}]}]}, "about a signal"),
        ({"per_vehicle": "often"}, "10/min"),
        ({"approve_within": "soon"}, "approve_within"),
        ([], "the policy"),
    ):
        if document:
            with refused(why):
                read_policy(document)


async def test_a_rule_that_would_guard_nothing_is_refused(room: Room) -> None:
    asks = {"actuators": [AC], "require": [{"condition": "Vehicle.Sped == 0"}]}
    for rule, why in (
        (asks, f"rules.0.require.0.condition: .*no signal 'Vehicle.Sped'.*{SPEED}"),
        ({"actuators": ["Vehicle.Hron"]}, f"rules.0.actuators: Vehicle.Hron would guard nothing.*{HORN}"),
        ({"actuators": [SPEED]}, "no actuator but a sensor"),
        ({"actuators": [AC, "Vehicle.Hron.*"]}, "no actuator matches it"),
    ):
        with pytest.raises(InvalidInputError, match=why):
            room.set_policy({"rules": [rule]})


def test_a_policy_goes_round() -> None:
    document = {
        "rules": [
            {"actuators": [AC], "require": [{"condition": "Vehicle.Speed == 0", "max_age": "2s"}], "approval": True}
        ],
        "per_vehicle": "5/s",
        "per_issuer": None,
        "approve_within": "1h",
        "signing": True,
    }
    policy = read_policy(document)
    assert policy.to_document() == document
    assert read_policy(policy.model_dump(mode="json")) == policy
