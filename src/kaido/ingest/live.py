"""Live values for those who watch: published only while somebody does."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from kaido import flow
from kaido.journal import encode_batch
from kaido.runtime import globs

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

LEASE_SECONDS = 15.0
ROWS_IN_MESSAGE = 5_000
MOST_PATTERNS = 2_000
"""Patterns of vehicles of which every sample is sent; those of further watchers are not taken."""


class Live:
    """The live values of one company: the newest of all vehicles, and every sample of some.

    Args:
        nats: the NATS client.
        company: whose values.
    """

    def __init__(self, nats: Client, company: str) -> None:
        self._nats = nats
        self._company = company
        self._until = 0.0
        self._every: dict[str, float] = {}
        self._subscription: Subscription | None = None

    async def start(self) -> None:
        """Listen for leases."""

        async def renew(message: Msg) -> None:
            until = time.monotonic() + LEASE_SECONDS
            if not message.data:
                self._until = until
            for pattern in _patterns(message.data):
                if pattern in self._every or len(self._every) < MOST_PATTERNS:
                    self._every[pattern] = until

        self._subscription = await self._nats.subscribe(flow.watch_subject(self._company), cb=renew)

    async def unsubscribe(self) -> None:
        """Listen no more."""
        if self._subscription is not None:
            await self._subscription.unsubscribe()

    async def publish(self, samples: pa.Table, newest: pa.Table) -> None:
        """Send what somebody watches.

        Args:
            samples: what came in, in order; SAMPLE_SCHEMA, names may be dictionaries.
            newest: those of them that are the newest of their signal.
        """
        now = time.monotonic()
        if now < self._until:
            await self._send(flow.live_subject(self._company), newest)
        self._every = {pattern: until for pattern, until in self._every.items() if now < until}
        if self._every:
            await self._send(flow.every_subject(self._company), _of_vehicles(samples, list(self._every)))

    async def _send(self, subject: str, rows: pa.Table) -> None:
        for start in range(0, len(rows), ROWS_IN_MESSAGE):
            part = rows.slice(start, ROWS_IN_MESSAGE).cast(flow.SAMPLE_SCHEMA).combine_chunks()
            await self._nats.publish(subject, encode_batch(part.to_batches()[0]))


def _patterns(data: bytes) -> list[str]:
    """Those of a lease; a lease that cannot be read, of another version perhaps, is none."""
    try:
        wanted = json.loads(data)["every"] if data else []
    except (ValueError, KeyError, TypeError):
        return []
    return [one for one in wanted if isinstance(one, str)] if isinstance(wanted, list) else []


def _of_vehicles(samples: pa.Table, patterns: list[str]) -> pa.Table:
    vehicles = pc.unique(samples["vehicle"])
    pattern = globs.pattern(patterns)
    chosen = [name for name in vehicles.to_pylist() if pattern.match(name)]
    if len(chosen) == len(vehicles):
        return samples
    return samples.filter(pc.is_in(samples["vehicle"].cast(pa.string()), pa.array(chosen, pa.string())))
