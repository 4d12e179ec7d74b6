"""Commands and presence on both databases: the same steps, the same outcome, one of many who try at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from kaido.commands.ledger import Ledger, Step
from kaido.commands.model import Issuer, Key, Order, Outcome, State
from kaido.commands.policy import Policy, read_policy
from kaido.commands.records import CommandRecords, Wanted, Wish
from kaido.commands.reports import Reports, Response
from kaido.control.presence_records import PresenceRecords
from kaido.control.roll import Stay
from kaido.runtime import clock
from kaido.store.tables import CompanyRow
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    import pytest

    from kaido.store import Store

ANN, BOB = Issuer("ann", "aaaa"), Issuer("bob", "bbbb")
KEY = Key("acme", "c1", "car-1")


def made(store: Store) -> Store:
    with store.session() as session:
        session.add(CompanyRow(name="acme", created=clock.now()))
    return store


def wish(identifier: str = "c1", *, approval: bool = False, policy: Policy | None = None) -> Wish:
    order = Order("Vehicle.X", True, pb.CommandRequest(actuator=pb.ActuatorCommand(bool_value=True)))
    return Wish(
        "acme", identifier, order, 10_000, "why", ANN, None, ["car-1", "car-2"], policy or Policy(), approval, {}
    )


def test_a_command_s_way(store: Store) -> None:
    records, ledger = CommandRecords(made(store)), Ledger(store)
    assert records.create(wish(approval=True)).counts == {"awaiting approval": 2}
    assert records.create(wish(approval=True)).vehicles == 2
    assert ledger.due(clock.now(), 10) == []
    assert records.approve("acme", "c1", BOB).counts == {"waiting": 2}
    first, second = ledger.due(clock.now(), 10)
    assert (first.key, first.value, first.approved) == (KEY, True, True)
    ledger.postpone([(second.key, second.deadline, "away")])
    step = Step(KEY, (State.WAITING,), State.SENT, request=b"bytes", sends=0, due=first.deadline)
    assert ledger.take([step, step]) == [step]
    ledger.hasten([("acme", "car-1"), ("acme", "car-2")], clock.now(), clock.now() + timedelta(hours=1))
    (task,) = ledger.due(clock.now(), 10)
    assert (task.key.vehicle, task.text) == ("car-2", "away")
    said = Response(KEY, clock.now(), State.DONE, Outcome.SUCCEEDED, 0, "")
    assert [what for _, what in Reports(store).take([said, said])] == ["outcome", "again"]
    _, cancelled = records.cancel("acme", "c1", BOB)
    assert cancelled == 1
    assert records.get("acme", "c1").counts == {"succeeded": 1, "cancelled": 1}
    assert [one.what for one in records.transitions(KEY)] == ["awaiting approval", "waiting", "sent", "succeeded"]
    assert [one.id for one in records.newest("acme", 5, wanted=Wanted(vehicle="car-1"))] == ["c1"]
    assert ledger.due(clock.now() + timedelta(days=1), 10) == []


def test_a_value_stays_as_it_was_given(store: Store) -> None:
    records = CommandRecords(made(store))
    for number, value in enumerate((2**64 - 1, -(2**63), 2**63, 0.1, 1e300, False, "18446744073709551615", "")):
        made_of = wish(f"v{number}")
        records.create(replace(made_of, order=replace(made_of.order, value=value)))
        found = records.get("acme", f"v{number}").value
        assert (found, type(found)) == (value, type(value))


def test_of_many_who_end_it_at_once_one_does(store: Store) -> None:
    records, ledger = CommandRecords(made(store)), Ledger(store)
    records.create(wish())
    ledger.take([Step(KEY, (State.WAITING,), State.SENT, sends=0)])
    outcomes = [Outcome.SUCCEEDED, Outcome.FAILED, Outcome.TIMED_OUT, Outcome.SUCCEEDED]

    def end(outcome: Outcome) -> int:
        return len(ledger.take([Step(KEY, (State.SENT,), State.DONE, outcome)]))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(end, outcomes)) == 1
    happened = [one.what for one in records.transitions(KEY)]
    assert len([one for one in happened if one in {str(outcome) for outcome in Outcome}]) == 1


def test_many_at_once_stay_below_the_rate(store: Store) -> None:
    records = CommandRecords(made(store))
    policy = read_policy({"per_vehicle": "3/h"})

    def create(number: int) -> str:
        return records.create(wish(f"c{number}", policy=policy)).id

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(8)))
    rejected = [one for one in records.newest("acme", 10) if one.counts == {"rejected by policy": 2}]
    assert len(rejected) == 5


def test_presence_is_written_over_and_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    records = PresenceRecords(store)
    now = clock.now().timestamp()
    records.save({("acme", "car-1"): Stay("g1", now), ("acme", "car-2"): Stay("g1", now - 9)})
    records.save({("acme", "car-2"): Stay("g1", now - 9, now)})
    assert dict(records.load())["acme", "car-2"] == Stay("g1", now - 9, now)
    assert records.contacts("acme", ["car-1"])["car-1"].connected is None
    records.save_gateways({"g1": now})
    records.save_gateways({"g1": now})
    found = records.contacts("acme", ["car-1", "car-2", "car-3"])
    assert {name: one.connected for name, one in found.items()} == {"car-1": True, "car-2": False}
    later = clock.now() + timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    records.save_gateways({})
    assert records.gateways() == {}
