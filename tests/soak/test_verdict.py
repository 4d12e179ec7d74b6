"""The verdict is worth nothing if it does not see what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from kaido.flow import QUARANTINE_SCHEMA, SAMPLE_SCHEMA, UpKind
from kaido.lake import Lake
from kaido.soak import verdict
from kaido.soak.fleet import Car
from kaido.soak.payloads import FIRST_EVENT, MALFORMED, STEP_MS, is_malformed, payloads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START_MS = 1_700_000_000_000
SIGNALS = [f"Vehicle.S{number}" for number in range(6)]
EVENTS = 40


@dataclass
class World:
    """A lake, and what its vehicle believes to be in it."""

    root: Path
    rows: list[dict[str, Any]] = field(default_factory=list)
    bad: list[dict[str, Any]] = field(default_factory=list)
    acked: list[int] = field(default_factory=lambda: list(range(EVENTS)))
    car: Car = field(default_factory=lambda: Car(7, "east", "soak-0000", 7.0, payloads("c@1", "m@1", 6, 7.0, START_MS)))

    def __post_init__(self) -> None:
        for event in range(EVENTS):
            if is_malformed(event):
                self.bad.append(self.quarantined(event))
                continue
            time = datetime.fromtimestamp((START_MS + event * STEP_MS) / 1_000, UTC)
            for number, signal in enumerate(SIGNALS):
                value = 7.0 if number else float(event)
                self.rows.append(
                    {"vehicle": "soak-0000", "signal": signal, "time": time, "value": value}
                    | {"event": FIRST_EVENT + event, "campaign": "c@1", "text": None}
                )

    def quarantined(self, event: int) -> dict[str, Any]:
        one = self.car.pool[event % len(self.car.pool)]
        buffer = bytearray(one.data)
        one.stamp(buffer, 0, event, b"")
        return {"id": f"{event}-{len(self.bad)}", "vehicle": "soak-0000", "kind": int(UpKind.SIGNALS)} | {
            "arrival": datetime.now(UTC),
            "reason": "malformed",
            "payload": bytes(buffer),
        }

    def wrong(self) -> list[str]:
        """Which checks of lake and quarantine fail."""
        lake = Lake(self.root, "east")
        lake.append(pa.Table.from_pylist(self.rows, schema=SAMPLE_SCHEMA), app_id="test", version=1)
        lake.quarantine(pa.Table.from_pylist(self.bad, schema=QUARANTINE_SCHEMA), app_id="test", version=1)
        ledger = pa.table(
            {"vehicle": pa.array([7] * len(self.acked), pa.uint32()), "event": pa.array(self.acked, pa.uint32())}
        )
        with verdict.books(self.root, "east", [self.car], ledger) as books:
            checks = [*verdict.lake_checks(books, "east", len(SIGNALS)), verdict.quarantine_check(books, "east")]
        assert all(check.cases for check in checks)
        return [check.name.split(": ")[1].split(",")[0] for check in checks if not check.ok]


def without_a_payload(world: World) -> None:
    del world.rows[:6]


def without_a_sample(world: World) -> None:
    del world.rows[3]


def a_sample_twice(world: World) -> None:
    world.rows.append(world.rows[3])


def another_value(world: World) -> None:
    world.rows[8]["value"] = 8.0


def another_time(world: World) -> None:
    world.rows[8]["time"] = datetime.now(UTC)


def another_vehicle(world: World) -> None:
    world.rows[8]["vehicle"] = "somebody"


def nothing_quarantined(world: World) -> None:
    world.bad.pop()
    world.bad.append(world.quarantined(5))


def quarantined_twice(world: World) -> None:
    world.bad.append(world.quarantined(MALFORMED))


LOST = "every acknowledged payload is in the lake"
UNTRUE = "every value and time in the lake is the one that its vehicle sent"
QUARANTINE = "every acknowledged payload that cannot be read is in quarantine"


@pytest.mark.parametrize(
    ("spoil", "fails"),
    [
        (lambda _: None, []),
        (lambda world: world.acked.pop(), []),
        (without_a_payload, [LOST]),
        (without_a_sample, [LOST, UNTRUE]),
        (a_sample_twice, ["no sample is in the lake twice"]),
        (another_value, [UNTRUE]),
        (another_time, [UNTRUE]),
        (another_vehicle, [LOST, UNTRUE, "nothing in the lake is anyone else's"]),
        (nothing_quarantined, [QUARANTINE]),
        (quarantined_twice, [QUARANTINE]),
    ],
)
def test_what_is_wrong_is_seen(tmp_path: Path, spoil: Callable[[World], object], fails: list[str]) -> None:
    world = World(tmp_path)
    spoil(world)
    assert world.wrong() == fails
