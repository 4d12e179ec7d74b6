"""Every sample for one who watches closely, and the word that some were lost where they read too slowly."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kaido.api.live_hub import matches
from kaido.runtime import globs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

MOST_ROWS = 20_000
"""Samples that wait for a client; then the oldest go, and it is told."""
ROWS_IN_MESSAGE = 5_000


class EveryWatcher:
    """All samples that one client watches and that were not sent to it yet, in the order in which they came.

    Args:
        vehicles: globs, any of which a vehicle's id has to match.
        signals: likewise.
    """

    def __init__(self, vehicles: Sequence[str], signals: Sequence[str]) -> None:
        self.patterns = tuple(vehicles)
        self._vehicles = globs.pattern(vehicles)
        self._signals = globs.pattern(signals)
        self._waiting: deque[dict[str, Any]] = deque()
        self._lost = _Lost()
        self._some = asyncio.Event()

    def offer(self, batch: pa.RecordBatch) -> None:
        """Take what it watches of a batch (SAMPLE_SCHEMA with dictionary-encoded names)."""
        chosen = matches(batch["vehicle"], self._vehicles) & matches(batch["signal"], self._signals)
        if not chosen.any():
            return
        self._waiting.extend(batch.filter(pa.array(chosen)).to_pylist())
        while len(self._waiting) > MOST_ROWS:
            self._lost.add(self._waiting.popleft()["time"])
        self._some.set()

    async def take(self) -> list[dict[str, Any]]:
        """The oldest samples that wait, as soon as there are any; before them, how many were lost.

        A row of lost ones has ``lost``, their number, and ``start`` and ``end``, their first and last moment.
        """
        await self._some.wait()
        rows, self._lost = self._lost.rows(), _Lost()
        while self._waiting and len(rows) < ROWS_IN_MESSAGE:
            rows.append(self._waiting.popleft())
        if not self._waiting:
            self._some.clear()
        return rows


class _Lost:
    """How many samples went, and from when to when they were."""

    def __init__(self) -> None:
        self._count = 0
        self._start: datetime | None = None
        self._end: datetime | None = None

    def add(self, moment: datetime) -> None:
        self._count += 1
        self._start = min(self._start or moment, moment)
        self._end = max(self._end or moment, moment)

    def rows(self) -> list[dict[str, Any]]:
        """The row that says so, if there is something to be said."""
        return [{"lost": self._count, "start": self._start, "end": self._end}] if self._count else []
