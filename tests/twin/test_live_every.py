"""Who watches every sample gets each of them in order, or the word how many went."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from kaido.api import live_every, live_hub
from kaido.api.live_every import EveryWatcher
from kaido.ingest.live import _patterns

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    import pytest


def batch(table: pa.Table) -> pa.RecordBatch:
    return live_hub._encoded(table.combine_chunks().to_batches()[0])


async def test_every_sample_comes_in_order(samples: Callable[..., pa.Table]) -> None:
    watcher = EveryWatcher(["car-*"], ["Vehicle.A"])
    watcher.offer(batch(samples([("car-1", "Vehicle.A", 1, 1.0), ("van", "Vehicle.A", 1, 2.0)])))
    watcher.offer(batch(samples([("car-1", "Vehicle.A", 3, 3.0), ("car-1", "Vehicle.B", 3, 4.0)])))
    watcher.offer(batch(samples([("car-1", "Vehicle.A", 2, 9.0)])))
    rows = await asyncio.wait_for(watcher.take(), 30)
    assert [(row["time"].timestamp(), row["value"]) for row in rows] == [(1, 1.0), (3, 3.0), (2, 9.0)]


async def test_what_a_slow_reader_loses_is_counted_and_dated(
    samples: Callable[..., pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_every, "MOST_ROWS", 5)
    monkeypatch.setattr(live_every, "ROWS_IN_MESSAGE", 4)
    watcher = EveryWatcher(["*"], ["*"])
    watcher.offer(batch(samples([("car", "Vehicle.A", second, float(second)) for second in range(8)])))
    first = await asyncio.wait_for(watcher.take(), 30)
    second = await asyncio.wait_for(watcher.take(), 30)
    moments = [datetime.fromtimestamp(at, UTC) for at in (0, 2)]
    assert first[0] == {"lost": 3, "start": moments[0], "end": moments[1]}
    assert [row["value"] for row in first[1:] + second] == [3, 4, 5, 6, 7]


@given(st.binary() | st.sampled_from([b'{"every": 1}', b"[]", b'{"every": ["car-1", 2]}']))
def test_any_lease_gives_patterns_or_none(data: bytes) -> None:
    assert all(isinstance(one, str) for one in _patterns(data))
