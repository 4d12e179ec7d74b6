"""Live values for those who watch: published only while somebody does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kaido import flow
from kaido.journal import encode_batch

if TYPE_CHECKING:
    import pyarrow as pa
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

LEASE_SECONDS = 15.0
ROWS_IN_MESSAGE = 5_000


class Live:
    """The live values of one company.

    Args:
        nats: the NATS client.
        company: whose values.
    """

    def __init__(self, nats: Client, company: str) -> None:
        self._nats = nats
        self._company = company
        self._until = 0.0
        self._subscription: Subscription | None = None

    @property
    def watched(self) -> bool:
        """Whether a lease is alive."""
        return time.monotonic() < self._until

    async def start(self) -> None:
        """Listen for leases."""

        async def renew(_message: Msg) -> None:
            self._until = time.monotonic() + LEASE_SECONDS

        self._subscription = await self._nats.subscribe(flow.watch_subject(self._company), cb=renew)

    async def unsubscribe(self) -> None:
        """Listen no more."""
        if self._subscription is not None:
            await self._subscription.unsubscribe()

    async def publish(self, samples: pa.Table) -> None:
        """Send rows of SAMPLE_SCHEMA to whoever watches."""
        subject = flow.live_subject(self._company)
        for start in range(0, len(samples), ROWS_IN_MESSAGE):
            rows = samples.slice(start, ROWS_IN_MESSAGE).combine_chunks()
            await self._nats.publish(subject, encode_batch(rows.to_batches()[0]))
