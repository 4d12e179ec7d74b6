"""A watcher gets what it watches, the newest first of all, and never more than it can hold."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kaido.api import live_hub
from kaido.api.live_hub import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    import pytest


def batch(table: pa.Table) -> pa.RecordBatch:
    return live_hub._encoded(table.combine_chunks().to_batches()[0])


async def test_slow_readers_get_the_newest_value(samples: Callable[..., pa.Table]) -> None:
    watcher = Watcher(["car-*"], ["Vehicle.A", "Vehicle.B?"])
    watcher.offer(batch(samples([("car-1", "Vehicle.A", 1, 1.0), ("van", "Vehicle.A", 1, 2.0)])))
    watcher.offer(batch(samples([("car-1", "Vehicle.A", 3, 3.0), ("car-1", "Vehicle.B1", 1, "x")])))
    watcher.offer(batch(samples([("car-1", "Vehicle.A", 2, 9.0), ("car-1", "Vehicle.B10", 1, 5.0)])))
    rows = await asyncio.wait_for(watcher.take(), 30)
    assert [(row["signal"], row["value"], row["text"]) for row in rows] == [
        ("Vehicle.A", 3.0, None),
        ("Vehicle.B1", None, "x"),
    ]


async def test_the_buffer_is_bounded(samples: Callable[..., pa.Table], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_hub, "MAX_SIGNALS", 3)
    watcher = Watcher(["*"], ["*"])
    watcher.offer(batch(samples([(f"car-{n}", "Vehicle.A", 1, 1.0) for n in range(10)])))
    watcher.offer(batch(samples([("car-0", "Vehicle.A", 2, 2.0)])))
    rows = await asyncio.wait_for(watcher.take(), 30)
    assert [(row["vehicle"], row["value"]) for row in rows] == [("car-0", 2.0), ("car-1", 1.0), ("car-2", 1.0)]


async def test_brackets_in_a_pattern_mean_themselves(samples: Callable[..., pa.Table]) -> None:
    watcher = Watcher(["*"], ["Vehicle.[A]"])
    watcher.offer(batch(samples([("car", "Vehicle.A", 1, 1.0), ("car", "Vehicle.[A]", 1, 2.0)])))
    assert [row["value"] for row in await asyncio.wait_for(watcher.take(), 30)] == [2.0]
