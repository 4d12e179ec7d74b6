"""Cars that all move: their positions go through the journal into the twin once a second, as imports' values do."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kaido.api.position_state import CHARGE, LATITUDE, LONGITUDE, SPEED
from kaido.bench.vehicles import COMPANY, ids
from kaido.flow import SAMPLE_SCHEMA, UP_SCHEMA, UpKind
from kaido.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.journal import Journal

PERIOD_SECONDS = 1.0
BATCH_CARS = 20_000
SPEEDS_EVERY = 30
"""Speeds and charges change more slowly: they are sent every so many seconds."""
MIDDLE = (35.68, 139.70)
SPREAD_DEGREES = 0.25
ROUND_DEGREES = 0.05
ROUND_SECONDS = 60.0
"""On rounds far faster than cars are: a map that shows all of them has something new to draw in every frame."""


class Feed:
    """So many cars, each on a round of its own in one region.

    Args:
        journal: of the platform.
        cars: how many.
    """

    def __init__(self, journal: Journal, cars: int) -> None:
        self._journal = journal
        self._names = pa.array(ids(cars))
        chance = np.random.default_rng(1)
        self._middle = np.array(MIDDLE) + chance.normal(0, SPREAD_DEGREES, (cars, 2))
        self._phase = chance.uniform(0, 2 * np.pi, cars)
        self._steady = {SPEED: chance.uniform(20, 120, cars), CHARGE: chance.uniform(5, 100, cars)}
        self.late_seconds = 0.0

    async def once(self, *, steady: bool = True) -> None:
        """Publish where all are now."""
        now = time.time()
        angle = self._phase + 2 * np.pi * now / ROUND_SECONDS
        columns = {
            LATITUDE: self._middle[:, 0] + ROUND_DEGREES * np.sin(angle),
            LONGITUDE: self._middle[:, 1] + ROUND_DEGREES * np.cos(angle),
            **(self._steady if steady else {}),
        }
        for begin in range(0, len(self._names), BATCH_CARS):
            part = slice(begin, begin + BATCH_CARS)
            await self._publish(self._names[part], {path: values[part] for path, values in columns.items()}, now)

    async def keep_on(self) -> None:
        """Publish every second, for ever; ``late_seconds`` is the longest that a round was late."""
        due = time.monotonic()
        for number in range(1 << 62):
            await self.once(steady=number % SPEEDS_EVERY == 0)
            due += PERIOD_SECONDS
            wait = due - time.monotonic()
            self.late_seconds = max(self.late_seconds, -wait)
            due = max(due, time.monotonic())
            await asyncio.sleep(max(wait, 0))

    async def _publish(self, names: pa.StringArray, columns: dict[str, np.ndarray], now: float) -> None:
        payload = await asyncio.to_thread(_payload, names, list(columns), list(columns.values()), now)
        row = {"vehicle": names[0].as_py(), "kind": int(UpKind.FOLD), "arrival": clock.now(), "payload": payload}
        await self._journal.publish_up(
            COMPANY, 0, pa.RecordBatch.from_pylist([row], UP_SCHEMA), message_id=f"feed-{names[0]}-{now}"
        )


def _payload(names: pa.StringArray, paths: Sequence[str], values: Sequence[np.ndarray], now: float) -> bytes:
    count = len(names)
    rows = count * len(paths)
    signal = pa.DictionaryArray.from_arrays(np.repeat(np.arange(len(paths), dtype=np.int32), count), pa.array(paths))
    known = {
        "vehicle": pa.concat_arrays([names] * len(paths)),
        "signal": signal.dictionary_decode(),
        "time": pa.array(np.full(rows, int(now * 1e6))).cast(SAMPLE_SCHEMA.field("time").type),
        "value": pa.array(np.concatenate(values)),
    }
    columns = [known.get(field.name, pa.nulls(rows, field.type)) for field in SAMPLE_SCHEMA]
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, SAMPLE_SCHEMA, options=options) as writer:
        writer.write_batch(pa.record_batch(columns, schema=SAMPLE_SCHEMA))
    return bytes(memoryview(sink.getvalue()))
