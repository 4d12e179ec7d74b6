"""What is old is forgotten, a portion at a time; what is open, or newer, stays."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kaido.commands import Issuer, Key, Order
from kaido.commands.ledger import Ledger, Step
from kaido.commands.model import Outcome, State
from kaido.commands.policy import Policy
from kaido.commands.records import CommandRecords, Wish
from kaido.control import forgetting
from kaido.control.answers import Vehicle
from kaido.control.checkins import Checkins
from kaido.control.forgetting import Forgetting
from kaido.control.presence_records import PresenceRecords
from kaido.control.roll import Stay
from kaido.runtime import clock
from kaido.runtime.settings import load
from kaido.store.tables import POSITION_LOOK, AuditRow, TransitionRow
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from kaido.store import Store

ALL_DAYS = 400


def send(store: Store, identifier: str, vehicles: int, *, ended: bool) -> None:
    names = [f"car-{number:02}" for number in range(vehicles)]
    order = Order("Vehicle.X", True, pb.CommandRequest(actuator=pb.ActuatorCommand(bool_value=True)))
    by = Issuer("ann", "aaaa")
    CommandRecords(store).create(Wish("acme", identifier, order, 10_000, "", by, "where", names, Policy(), False, {}))
    if ended:
        steps = [Step(Key("acme", identifier, name), (State.WAITING,), State.DONE, Outcome.CANCELLED) for name in names]
        assert len(Ledger(store).take(steps)) == vehicles


def commands(store: Store) -> set[str]:
    return {one.id for one in CommandRecords(store).newest("acme", 10)}


def test_commands_go_once_they_are_old_and_over(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "PORTION", 10)
    send(store, "to-many", 25, ended=True)
    send(store, "to-one", 1, ended=True)
    send(store, "open", 3, ended=False)
    room = Forgetting(store, load(data=tmp_path, command_days=ALL_DAYS))
    now = clock.now()
    assert room.some(now + timedelta(days=ALL_DAYS - 1)) == 0
    later = now + timedelta(days=ALL_DAYS + 1)
    assert [room.some(later) for _ in range(4)] == [10, 10, 6, 0]
    assert commands(store) == {"open"}
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(TransitionRow)) == 3
    assert Forgetting(store, load(data=tmp_path, command_days=0)).some(later) == 0


def test_vehicles_that_never_came_back_go_and_those_that_are_there_stay(store: Store, tmp_path: Path) -> None:
    old = time.time() - 86_400 * (ALL_DAYS + 1)
    stays = {"gone": Stay("g", old, old), "there": Stay("g", old), "new": Stay("g", old, time.time())}
    PresenceRecords(store).save({("acme", name): stay for name, stay in stays.items()})
    held = frozenset({"a@1"})
    Checkins(store).save([(("acme", "gone"), Vehicle(held, old)), (("acme", "new"), Vehicle(held, time.time()))])
    assert Forgetting(store, load(data=tmp_path, contact_days=0)).some(clock.now()) == 0
    assert Forgetting(store, load(data=tmp_path)).some(clock.now()) == 2
    assert set(PresenceRecords(store).contacts("acme", ["gone", "there", "new"])) == {"there", "new"}
    assert set(Checkins(store).of("acme")) == {"new"}


def test_looks_at_positions_go_and_changes_stay(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "PORTION", 10)
    now = clock.now()
    with store.session() as session:
        for number in range(15):
            for what in (POSITION_LOOK, "vehicles-register"):
                moment = now - timedelta(days=number)
                session.add(AuditRow(company="acme", who="ann", what=what, moment=moment, details={}))
    room = Forgetting(store, load(data=tmp_path, look_days=2))
    assert [room.some(now + timedelta(hours=1)) for _ in range(3)] == [10, 3, 0]
    with store.reading() as session:
        kept = list(session.scalars(select(AuditRow.what)))
    assert (kept.count(POSITION_LOOK), kept.count("vehicles-register")) == (2, 15)
