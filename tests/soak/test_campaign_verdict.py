"""The verdict over campaigns and commands is worth nothing if it does not see what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from kaido.flow import SAMPLE_SCHEMA
from kaido.lake import Lake
from kaido.soak.campaigns import verdict
from kaido.soak.campaigns.cars import car_id, identity, state
from kaido.soak.campaigns.changes import Wanted
from kaido.soak.campaigns.orders import Order
from kaido.soak.campaigns.pulses import COUNT, LIFE, PERIOD_MS, PULSE, SWITCH, offset_ms
from kaido.wire.kaido_wire_pb2 import CollectionSchemes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kaido.soak.verdict import Check

CARS = 2
FIRST = 450_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """What cars persisted, and what is in the lake: five pulses of each of two campaigns in each of two lives."""

    kept: list[dict[str, Any]] = field(default_factory=list)
    lake: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for car in range(CARS):
            for life in (3, 9):
                for campaign in ("steady@1", "restless@1"):
                    for number in range(FIRST + 10 * life, FIRST + 10 * life + 5):
                        self.kept += _event(car, life, campaign, number)
        self.lake = [dict(row) for row in self.kept]

    def drop(self, row: dict[str, Any]) -> None:
        """An event, in the car and in the lake."""
        for rows in (self.kept, self.lake):
            rows[:] = [one for one in rows if (one["vehicle"], one["event"]) != (row["vehicle"], row["event"])]


def _event(car: int, life: int, campaign: str, number: int) -> list[dict[str, Any]]:
    event = number + 1_000_000 * (campaign == "restless@1")
    common = {"vehicle": car_id(car), "campaign": campaign, "event": event}
    time_ms = number * PERIOD_MS + offset_ms(car)
    values = {COUNT: number, LIFE: life, PULSE: 1}
    return [{**common, "signal": signal, "time_ms": time_ms, "value": float(value)} for signal, value in values.items()]


def twice(world: World) -> None:
    world.lake.append(world.lake[0])


def untrue(world: World) -> None:
    for rows in (world.kept, world.lake):
        rows[2]["value"] = 0.0


def moved(world: World) -> None:
    for rows in (world.kept, world.lake):
        rows[0]["time_ms"] += 1


def without_steady(world: World) -> None:
    for row in [row for row in world.kept if row["vehicle"] == car_id(1) and row["campaign"] == "steady@1"]:
        world.drop(row)


def again(world: World) -> None:
    for rows in (world.kept, world.lake):
        rows += [{**row, "event": 7} for row in rows[:3]]


LOST, MORE, VALUE = "every event that", "nothing is in the lake", "every value is"
PULSES, STEADY = "every pulse in", "every vehicle sent"


@pytest.mark.parametrize(
    ("spoil", "fails"),
    [
        (lambda _: None, []),
        (lambda world: world.lake.pop(), [LOST]),
        (twice, [MORE]),
        (lambda world: world.lake[4].update(vehicle="somebody"), [LOST, MORE]),
        (lambda world: world.lake[4].update(value=1.5), [LOST, MORE]),
        (untrue, [VALUE]),
        (moved, [VALUE]),
        (lambda world: world.drop(world.kept[3]), [PULSES]),
        (lambda world: world.drop(world.kept[18]), []),
        (again, [PULSES]),
        (without_steady, [STEADY]),
    ],
)
def test_events(tmp_path: Path, spoil: Callable[[World], object], fails: list[str]) -> None:
    world = World()
    spoil(world)
    rows = [{**row, "time": EPOCH + timedelta(milliseconds=row["time_ms"])} for row in world.lake]
    lake = Lake(tmp_path, "east")
    lake.append(pa.Table.from_pylist(rows, schema=SAMPLE_SCHEMA), app_id="test", version=1)
    checks = verdict.events(tmp_path, "east", pa.Table.from_pylist(world.kept), CARS, {"restless"})
    assert len(checks) == 5
    assert all(check.cases for check in checks)
    assert failing(checks) == names(checks, fails)


def names(checks: list[Check], begin: list[str]) -> list[str]:
    return [check.name for check in checks if check.name.startswith(tuple(begin))] if begin else []


def failing(checks: list[Check]) -> list[str]:
    return [check.name for check in checks if not check.ok]


def result(outcome: str | None, *transitions: str) -> dict[str, Any]:
    happened = [{"what": one} for one in transitions]
    return {"execution": {"outcome": outcome, "text": "", "transitions": happened}}


@pytest.mark.parametrize(
    ("said", "acts", "fails"),
    [
        (result("succeeded", "sent", "succeeded"), ["c 1.0"], []),
        (result("succeeded", "sent", "succeeded"), [], ["every command was"]),
        (result("succeeded", "sent", "succeeded"), ["c 1.0", "c 1.0"], ["every command was"]),
        (result("succeeded", "sent", "succeeded"), ["c 0.0"], ["every command was", "vehicles did"]),
        (result("succeeded", "sent", "succeeded"), ["c 1.0", "other 1.0"], ["vehicles did"]),
        (result("failed", "sent", "failed"), ["c 1.0"], []),
        (result("timed out", "sent", "timed out", "note"), [], []),
        (result("cancelled", "cancelled"), ["c 1.0"], ["every command was"]),
        (result("expired before delivery", "expired before delivery"), ["c 1.0"], ["every command was"]),
        (result("succeeded", "failed", "succeeded"), ["c 1.0"], ["every command has"]),
        (result(None, "sent"), ["c 1.0"], ["every command has"]),
    ],
)
def test_commands(tmp_path: Path, said: dict[str, Any], acts: list[str], fails: list[str]) -> None:
    folder = identity(tmp_path, 1).folder
    folder.mkdir(parents=True)
    lines = [f"{command} {SWITCH} {value}\n" for command, value in map(str.split, acts)]
    (folder / "done.log").write_text("".join(lines))
    checks = verdict.commands(tmp_path, {"c": Order(1, SWITCH, 1.0)}, {"c": said}, CARS)
    assert names(checks, fails) == failing(checks)


@pytest.mark.parametrize(
    ("holds", "ok"),
    [
        ([("some", 3)], True),
        ([("some", 2)], False),
        ([], False),
        ([("some", 3), ("some", 2)], False),
        ([("some", 3), ("gone", 0)], False),
    ],
)
def test_documents(tmp_path: Path, holds: list[tuple[str, int]], ok: bool) -> None:
    wanted = {"some": Wanted(3, frozenset({1})), "stopped": Wanted(1, None, "stopped")}
    message = CollectionSchemes()
    for name, priority in holds:
        message.collection_schemes.add(campaign_sync_id=f"{name}@x", priority=priority)
    state(tmp_path, 1).mkdir(parents=True)
    (state(tmp_path, 1) / "schemes.pb").write_bytes(message.SerializeToString())
    check = verdict.documents(tmp_path, wanted, CARS)
    assert check.cases == CARS
    assert check.ok == ok


HOLDS: dict[str, Any] = {"vehicle": car_id(0), "reason": "holds", "wanted": "some@1", "held": ["some@1"], "detail": ""}
DROPPED: dict[str, Any] = {"vehicle": car_id(1), "reason": "dropped", "wanted": None, "held": [], "detail": ""}


@pytest.mark.parametrize(
    ("standings", "fails"),
    [
        ([HOLDS], 0),
        ([HOLDS, DROPPED], 0),
        ([{**HOLDS, "reason": "waiting"}], 2),
        ([{**HOLDS, "held": ["some@0"]}], 1),
        ([{**HOLDS, "held": ["some@0", "some@1"]}], 1),
        ([HOLDS, {**DROPPED, "held": ["some@1"]}], 1),
        ([HOLDS, {**HOLDS, "vehicle": car_id(1)}], 1),
        ([DROPPED], 1),
    ],
)
def test_convergence(standings: list[dict[str, Any]], fails: int) -> None:
    wanted = {"some": Wanted(1, frozenset({0}))}
    assert len(failing(verdict.convergence(wanted, {"some": standings}, CARS))) == fails
