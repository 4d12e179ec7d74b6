"""Rows for the lake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kaido.flow import QUARANTINE_SCHEMA, SAMPLE_SCHEMA, UpKind

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def samples(
    rows: int,
    *,
    start: datetime = NOON,
    step: timedelta = timedelta(milliseconds=100),
    vehicles: int = 3,
    signals: int = 5,
    first_value: float = 0.0,
) -> pa.Table:
    """Rows of all vehicles and signals in turn; every value another."""
    number = np.arange(rows)
    times = micros(start) + number * (step // timedelta(microseconds=1))
    return table(
        [f"car-{n}" for n in number % vehicles],
        [f"Vehicle.Test.S{n}" for n in number // vehicles % signals],
        times.tolist(),
        values=(first_value + number).tolist(),
    )


def table(
    vehicles: Sequence[str],
    signals: Sequence[str],
    times_us: Sequence[int],
    *,
    values: Sequence[float | None] | None = None,
    texts: Sequence[str | None] | None = None,
) -> pa.Table:
    count = len(vehicles)
    return pa.table(
        {
            "vehicle": pa.array(vehicles, pa.string()),
            "signal": pa.array(signals, pa.string()),
            "time": pa.array(times_us, pa.timestamp("us", "UTC")),
            "value": pa.array(values if values is not None else [None] * count, pa.float64()),
            "text": pa.array(texts if texts is not None else [None] * count, pa.string()),
            "campaign": pa.array(["test"] * count, pa.string()),
            "event": pa.array([7] * count, pa.uint32()),
        },
        schema=SAMPLE_SCHEMA,
    )


def quarantined(ids: Sequence[str], *, arrival: datetime = NOON, payload: bytes = b"\x01\x02") -> pa.Table:
    return pa.table(
        {
            "id": pa.array(ids, pa.string()),
            "vehicle": pa.array(["car-1"] * len(ids), pa.string()),
            "kind": pa.array([int(UpKind.SIGNALS)] * len(ids), pa.uint8()),
            "arrival": pa.array([micros(arrival) + n for n in range(len(ids))], pa.timestamp("us", "UTC")),
            "reason": pa.array(["malformed: test"] * len(ids), pa.string()),
            "payload": pa.array([payload] * len(ids), pa.binary()),
        },
        schema=QUARANTINE_SCHEMA,
    )
