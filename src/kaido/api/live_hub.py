"""Live values from NATS to those who watch: one subscription a company, a bounded buffer a watcher."""

from __future__ import annotations

import asyncio
import contextlib
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

import nats.errors
import numpy as np
import pyarrow as pa

from kaido import flow
from kaido.errors import InvalidInputError
from kaido.journal import decode_batch
from kaido.runtime import globs

if TYPE_CHECKING:
    import re
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

    from nats.aio.client import Client
    from nats.aio.msg import Msg

LEASE_SECONDS = 5.0
"""How often ingest hears that somebody watches; it goes on for 15 s after the last time."""
_PATTERNS = 500
"""In one message of a lease."""
MAX_SIGNALS = 20_000
"""Signals of vehicles of which a watcher holds an unsent value; beyond them, values are left out."""


class Watching(Protocol):
    """What one client watches, and what was not sent to it yet.

    Attributes:
        patterns: vehicles whose every sample it wants; none where the newest values are enough.
    """

    patterns: tuple[str, ...]

    def __init__(self, vehicles: Sequence[str], signals: Sequence[str]) -> None: ...

    def offer(self, batch: pa.RecordBatch) -> None:
        """Take what it watches of a batch."""

    async def take(self) -> list[dict[str, Any]]:
        """What waits, as soon as there is something."""
        ...


class Watcher:
    """What one client watches, and what was not sent to it yet: the newest value of each signal.

    Args:
        vehicles: globs, any of which a vehicle's id has to match.
        signals: likewise.
    """

    def __init__(self, vehicles: Sequence[str], signals: Sequence[str]) -> None:
        self.patterns: tuple[str, ...] = ()
        self._vehicles = globs.pattern(vehicles)
        self._signals = globs.pattern(signals)
        self._waiting: dict[tuple[str, str], dict[str, Any]] = {}
        self._some = asyncio.Event()

    def offer(self, batch: pa.RecordBatch) -> None:
        """Take what it watches of a batch (SAMPLE_SCHEMA with dictionary-encoded names)."""
        chosen = matches(batch["vehicle"], self._vehicles) & matches(batch["signal"], self._signals)
        if not chosen.any():
            return
        for row in batch.filter(pa.array(chosen)).to_pylist():
            key = row["vehicle"], row["signal"]
            known = self._waiting.get(key)
            if known is None and len(self._waiting) >= MAX_SIGNALS:
                continue
            if known is None or row["time"] >= known["time"]:
                self._waiting[key] = row
        self._some.set()

    async def take(self) -> list[dict[str, Any]]:
        """The values that wait, as soon as there are any."""
        await self._some.wait()
        self._some.clear()
        rows = list(self._waiting.values())
        self._waiting.clear()
        return rows


class Hubs:
    """The watchers of all companies."""

    def __init__(self) -> None:
        self._watchers: dict[str, set[Watching]] = {}
        self._serving: dict[str, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def watching(self, nats_client: Client, company: str, watcher: Watching) -> AsyncIterator[None]:
        """Offer the company's live values to the watcher inside of the block."""
        watchers = self._watchers.setdefault(company, set())
        watchers.add(watcher)
        if company not in self._serving or self._serving[company].done():
            self._serving[company] = asyncio.create_task(self._serve(nats_client, company))
        else:
            await _lease(nats_client, company, {watcher})
        try:
            yield
        finally:
            watchers.discard(watcher)

    async def _serve(self, nats_client: Client, company: str) -> None:
        """Keep the lease and hand values out until nobody watches."""
        watchers = self._watchers[company]

        def handing(every: bool) -> Callable[[Msg], Awaitable[None]]:
            async def hand_out(message: Msg) -> None:
                meant = [watcher for watcher in watchers if bool(watcher.patterns) is every]
                with contextlib.suppress(InvalidInputError):
                    batch = _encoded(decode_batch(message.data, flow.SAMPLE_SCHEMA)) if meant else None
                    for watcher in meant:
                        watcher.offer(batch)

            return hand_out

        subscriptions = [
            await nats_client.subscribe(flow.live_subject(company), cb=handing(False)),
            await nats_client.subscribe(flow.every_subject(company), cb=handing(True)),
        ]
        try:
            while watchers:
                await _lease(nats_client, company, watchers)
                await asyncio.sleep(LEASE_SECONDS)
        finally:
            for subscription in subscriptions:
                with contextlib.suppress(nats.errors.Error, OSError):
                    await subscription.unsubscribe()


async def _lease(nats_client: Client, company: str, watchers: Iterable[Watching]) -> None:
    """Have ingest send what they watch, for a while."""
    patterns = sorted({pattern for watcher in watchers for pattern in watcher.patterns})
    wishes = [
        json.dumps({"every": patterns[at : at + _PATTERNS]}).encode() for at in range(0, len(patterns), _PATTERNS)
    ]
    if any(not watcher.patterns for watcher in watchers):
        wishes.append(b"")
    for wish in wishes:
        with contextlib.suppress(nats.errors.Error, OSError):
            await nats_client.publish(flow.watch_subject(company), wish)


def _encoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [
        c.dictionary_encode() if n in {"vehicle", "signal"} else c
        for n, c in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def matches(names: pa.DictionaryArray, pattern: re.Pattern[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which of the names do."""
    known = np.array([pattern.match(name) is not None for name in names.dictionary.to_pylist()], bool)
    return known[names.indices.to_numpy()] if len(known) else np.zeros(0, bool)
