"""A car with two signals, and what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kaido.can.frames import Frames
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.control import read_spec
from kaido.flow import SAMPLE_SCHEMA
from kaido.rehearsal import Runnable, runnable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SPEED, BRAKE = "Vehicle.Speed", "Vehicle.Brake"
CAR = DecoderManifest.of(
    "car", [CanSignal(SPEED, 0x100, 0, 16, factor=0.01, unit="km/h"), CanSignal(BRAKE, 0x100, 16, 8)]
)
DAY_US = 86_400_000_000


def run(**changes: Any) -> Runnable:
    """A campaign that is compiled for the car."""
    asked = {"name": "fast", "signals": [SPEED, BRAKE], "condition": f"{SPEED} > 100", "trigger": "rising_edge"}
    found = runnable(read_spec({name: value for name, value in {**asked, **changes}.items() if value is not None}), CAR)
    assert isinstance(found, Runnable)
    return found


def frames(speeds: Sequence[float], *, start_us: int = 0, step_us: int = 10_000, brake: int = 0) -> Frames:
    """One frame a speed."""
    count = len(speeds)
    data = np.zeros((count, 8), np.uint8)
    data[:, :2] = np.round(np.array(speeds) * 100).astype("<u2").view(np.uint8).reshape(-1, 2)
    data[:, 2] = brake
    return Frames(
        start_us + step_us * np.arange(count, dtype=np.int64),
        np.zeros(count, np.uint16),
        ("can0",),
        np.full(count, 0x100, np.uint32),
        np.zeros(count, np.uint8),
        np.full(count, 8, np.uint8),
        data,
    )


def rows(vehicle: str, signal: str, times_us: Iterable[int], values: Iterable[float]) -> pa.Table:
    """Samples for the lake."""
    times, numbers = list(times_us), list(values)
    columns = {
        "vehicle": [vehicle] * len(times),
        "signal": [signal] * len(times),
        "time": pa.array(times, pa.timestamp("us", "UTC")),
        "value": numbers,
    }
    columns |= {field.name: pa.nulls(len(times), field.type) for field in list(SAMPLE_SCHEMA)[4:]}
    return pa.table(columns, schema=SAMPLE_SCHEMA)
