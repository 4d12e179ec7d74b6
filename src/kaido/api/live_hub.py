"""Live values from NATS to those who watch: one subscription a company, a bounded buffer a watcher."""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import nats.errors
import numpy as np
import pyarrow as pa

from kaido import flow
from kaido.errors import InvalidInputError
from kaido.journal import decode_batch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from nats.aio.client import Client
    from nats.aio.msg import Msg

LEASE_SECONDS = 5.0
"""How often ingest hears that somebody watches; it goes on for 15 s after the last time."""
MAX_SIGNALS = 20_000
"""Signals of vehicles of which a watcher holds an unsent value; beyond them, values are left out."""


class Watcher:
    """What one client watches, and what was not sent to it yet: the newest value of each signal.

    Args:
        vehicles: globs, any of which a vehicle's id has to match.
        signals: likewise.
    """

    def __init__(self, vehicles: Sequence[str], signals: Sequence[str]) -> None:
        self._vehicles = _matcher(vehicles)
        self._signals = _matcher(signals)
        self._waiting: dict[tuple[str, str], dict[str, Any]] = {}
        self._some = asyncio.Event()

    def offer(self, batch: pa.RecordBatch) -> None:
        """Take what it watches of a batch (SAMPLE_SCHEMA with dictionary-encoded names)."""
        chosen = _matches(batch["vehicle"], self._vehicles) & _matches(batch["signal"], self._signals)
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
        self._watchers: dict[str, set[Watcher]] = {}
        self._serving: dict[str, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def watching(self, nats_client: Client, company: str, watcher: Watcher) -> AsyncIterator[None]:
        """Offer the company's live values to the watcher inside of the block."""
        watchers = self._watchers.setdefault(company, set())
        watchers.add(watcher)
        if company not in self._serving or self._serving[company].done():
            self._serving[company] = asyncio.create_task(self._serve(nats_client, company))
        try:
            yield
        finally:
            watchers.discard(watcher)

    async def _serve(self, nats_client: Client, company: str) -> None:
        """Keep the lease and hand values out until nobody watches."""
        watchers = self._watchers[company]

        async def hand_out(message: Msg) -> None:
            with contextlib.suppress(InvalidInputError):
                batch = _encoded(decode_batch(message.data, flow.SAMPLE_SCHEMA))
                for watcher in list(watchers):
                    watcher.offer(batch)

        subscription = await nats_client.subscribe(flow.live_subject(company), cb=hand_out)
        try:
            while watchers:
                with contextlib.suppress(nats.errors.Error, OSError):
                    await nats_client.publish(flow.watch_subject(company), b"")
                await asyncio.sleep(LEASE_SECONDS)
        finally:
            with contextlib.suppress(nats.errors.Error, OSError):
                await subscription.unsubscribe()


def _encoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [
        c.dictionary_encode() if n in {"vehicle", "signal"} else c
        for n, c in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _matcher(globs: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(fnmatch.translate(glob.replace("[", "[[]")) for glob in globs))


def _matches(names: pa.DictionaryArray, pattern: re.Pattern[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    known = np.array([pattern.match(name) is not None for name in names.dictionary.to_pylist()], bool)
    return known[names.indices.to_numpy()] if len(known) else np.zeros(0, bool)
