"""The journal: one JetStream stream a company and partition, appended by gateways, read in order by ingest."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Self

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext, api

from kaido import flow
from kaido.errors import TooLargeError, UnavailableError
from kaido.journal.batches import encode_batch
from kaido.journal.connection import JournalClient, connect, unreachable
from kaido.journal.reader import JournalMessage, Reader, StreamState

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable

    import pyarrow as pa

    from kaido.runtime.settings import Settings

API_SECONDS = 5.0
PUBLISH_SECONDS = 10.0
DUPLICATE_WINDOW_SECONDS = 300.0
_STREAM = re.compile(r"up-(?P<company>[a-z0-9][a-z0-9-]*)-(?P<partition>\d+)")
_IN_USE_WITH_OTHER_CONFIG = 10058
_FAILURES = (nats.errors.Error, OSError, TimeoutError)


class Journal:
    """The journal as gateways and ingest see it. Make it with :meth:`connect`.

    Args:
        client: a connected NATS client, which the journal closes.
        url: what errors call it.
        settings: partitions, replicas and the bound of a stream.
    """

    def __init__(self, client: JournalClient, url: str, settings: Settings) -> None:
        self.nats = client
        self.url = url
        self._settings = settings
        self._js = JetStreamContext(client, timeout=API_SECONDS)

    @classmethod
    async def connect(cls, url: str, token: str, settings: Settings, *, name: str = "kaido") -> Self:
        """A journal at a NATS server.

        Raises:
            UnavailableError: NATS cannot be reached, or refuses the token.
        """
        return cls(await connect(url, token, name=name), url, settings)

    async def close(self) -> None:
        """End the connection."""
        await self.nats.close()

    @property
    def connected(self) -> bool:
        """Whether NATS is there now."""
        return self.nats.is_connected

    async def ensure_company(self, company: str) -> None:
        """Make the company's streams, or bring their bounds up to the settings.

        Raises:
            UnavailableError: NATS is away or refuses.
        """
        for partition in range(self._settings.partitions):
            config = api.StreamConfig(
                name=flow.up_stream(company, partition),
                subjects=[flow.up_subject(company, partition)],
                storage=api.StorageType.FILE,
                retention=api.RetentionPolicy.LIMITS,
                discard=api.DiscardPolicy.NEW,
                max_bytes=self._settings.journal_max_bytes,
                num_replicas=self._settings.nats_replicas,
                duplicate_window=DUPLICATE_WINDOW_SECONDS,
                deny_delete=True,
            )
            try:
                try:
                    await self._js.add_stream(config)
                except nats.js.errors.BadRequestError as error:
                    if error.err_code != _IN_USE_WITH_OTHER_CONFIG:
                        raise
                    await self._js.update_stream(config)
            except _FAILURES as error:
                raise self._failed(error) from error

    async def publish_up(
        self,
        company: str,
        partition: int,
        batch: pa.RecordBatch,
        *,
        message_id: str,
        timeout: float = PUBLISH_SECONDS,  # noqa: ASYNC109  # NATS wants it, and a cancelled publish is in doubt
    ) -> int:
        """Append a batch of UP_SCHEMA and wait until it is on disk.

        The same ``message_id`` again, within five minutes, appends nothing and gives the first one's sequence:
        after an error, try again with the same id.

        Returns:
            The sequence of the message in its stream.

        Raises:
            UnavailableError: NATS is away, slow, full or out of disk; the batch may or may not be there.
            TooLargeError: the batch is above what NATS takes in one message.
        """
        if not self.nats.is_connected:
            raise unreachable(self.url, "the connection is lost")  # nothing may pile up in the client
        data = encode_batch(batch)
        subject = flow.up_subject(company, partition)
        headers = {api.Header.MSG_ID.value: message_id}
        try:
            try:
                ack = await self._publish(subject, data, timeout, headers)
            except nats.js.errors.NoStreamResponseError:
                await self.ensure_company(company)
                ack = await self._publish(subject, data, timeout, headers)
        except nats.errors.MaxPayloadError as error:
            raise TooLargeError(
                f"a batch of {len(data)} bytes", why=f"NATS takes {self.nats.max_payload} in one message"
            ) from error
        except _FAILURES as error:
            raise self._failed(error) from error
        return int(ack.seq)

    async def _publish(self, subject: str, data: bytes, seconds: float, headers: dict[str, str]) -> api.PubAck:
        publishing = asyncio.ensure_future(self._js.publish(subject, data, timeout=seconds, headers=dict(headers)))
        lost = asyncio.ensure_future(self.nats.lost.wait())
        try:
            await asyncio.wait({publishing, lost}, return_when=asyncio.FIRST_COMPLETED)
            if not publishing.done():
                raise unreachable(self.url, "the connection broke before it answered")
            return publishing.result()
        finally:
            publishing.cancel()
            lost.cancel()

    async def streams(self) -> dict[str, list[int]]:
        """The partitions that exist, by company.

        Raises:
            UnavailableError: NATS is away.
        """
        found: dict[str, list[int]] = {}
        offset, total = 0, 1
        while offset < total:
            question = json.dumps({"subject": "kaido.up.>", "offset": offset}).encode()
            try:
                answer = await self.nats.request("$JS.API.STREAM.NAMES", question, timeout=API_SECONDS)
            except _FAILURES as error:
                raise self._failed(error) from error
            page = json.loads(answer.data)
            names, total = page.get("streams") or [], page.get("total", 0)
            for name in names:
                if match := _STREAM.fullmatch(name):
                    found.setdefault(match["company"], []).append(int(match["partition"]))
            offset += max(len(names), 1)
        return {company: sorted(partitions) for company, partitions in sorted(found.items())}

    def consume(
        self,
        company: str,
        partition: int,
        *,
        start_seq: int,
        batch_bytes: int = 16_000_000,
        gather_seconds: float = 0.0,
        created: str = "",
    ) -> AsyncGenerator[list[JournalMessage]]:
        """Messages from ``start_seq`` on, in order, each once, for ever; through restarts of NATS.

        Args:
            company: whose stream.
            partition: which of its streams.
            start_seq: the first sequence wanted; where it is gone already, the first that is there.
            batch_bytes: what a list holds at most (always at least one message), and what is read ahead.
            gather_seconds: how long a list waits for more after its first message.
            created: the stream that ``start_seq`` belongs to, as ``state`` told; empty for the one there is.

        Raises:
            JournalResetError: while reading, when the stream is another one or lost messages that were read.
        """
        name = flow.up_stream(company, partition)

        def state() -> Awaitable[StreamState]:
            return self.state(company, partition)

        reader = Reader(self.nats, name, start_seq, batch_bytes, created, state)
        return reader.lists(gather_seconds)

    async def state(self, company: str, partition: int) -> StreamState:
        """Where a stream stands.

        Raises:
            UnavailableError: NATS is away, or there is no such stream.
        """
        question = f"$JS.API.STREAM.INFO.{flow.up_stream(company, partition)}"
        try:
            answer = await self.nats.request(question, b"", timeout=API_SECONDS)
        except _FAILURES as error:
            raise self._failed(error) from error
        info = json.loads(answer.data)
        if "error" in info:
            raise self._failed(nats.js.errors.APIError.from_error(info["error"]))
        state = info["state"]
        return StreamState(info["created"], state["first_seq"], state["last_seq"], state["messages"], state["bytes"])

    async def last_seq(self, company: str, partition: int) -> int:
        """The sequence of the newest message, 0 where there never was one."""
        return (await self.state(company, partition)).last_seq

    async def first_seq(self, company: str, partition: int) -> int:
        """The sequence of the oldest message that is kept (one past the last where none is)."""
        return (await self.state(company, partition)).first_seq

    async def purge_up_to(self, company: str, partition: int, seq: int) -> None:
        """Delete the messages up to and including ``seq``.

        Raises:
            UnavailableError: NATS is away.
        """
        try:
            await self._js.purge_stream(flow.up_stream(company, partition), seq=seq + 1)
        except _FAILURES as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> UnavailableError:
        """What went wrong with NATS, and what to do about it."""
        if isinstance(error, nats.js.errors.APIError):
            why = error.description or str(error.code)
            if "maximum bytes" in why:
                fix = "Ingest has to catch up (kaido status shows its lag), or raise KAIDO_JOURNAL_MAX_BYTES"
            else:
                fix = "See the log of NATS; is its disk full?"
            return UnavailableError(f"the journal at {self.url} does not take it", why=why, fix=fix)
        if isinstance(error, nats.errors.NoRespondersError | nats.js.errors.NoStreamResponseError):
            return UnavailableError(
                f"JetStream at {self.url} does not answer",
                why="it is off, or its disk is full",
                fix="Start NATS with -js and see its log",
            )
        if isinstance(error, TimeoutError | nats.errors.TimeoutError) and self.connected:
            return UnavailableError(
                f"JetStream at {self.url} does not answer in time",
                why="it is slow, or its disk is full",
                fix="See: kaido status, and the log of NATS",
            )
        return unreachable(self.url, str(error) or "no answer in time")
