"""Reading a stream in order from a position that the reader keeps itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import nats.errors
from nats.js import JetStreamContext, api

from kaido.errors import KaidoError, UnavailableError
from kaido.runtime.log import event

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from datetime import datetime

    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

logger = logging.getLogger(__name__)

PULL_MESSAGES = 512
PULL_SECONDS = 5.0
PATIENCE_SECONDS = 1.0
INACTIVE_SECONDS = 60.0
API_SECONDS = 5.0


@dataclass(frozen=True)
class JournalMessage:
    """A message of the journal: its sequence in the stream, its bytes, when the journal took it (UTC)."""

    seq: int
    data: bytes
    published_at: datetime


@dataclass(frozen=True)
class StreamState:
    """Where a stream stands: when it was made, its oldest and newest sequence, how many messages and bytes it keeps.

    A stream that was lost and made again has another ``created``: its sequences mean other messages.
    """

    created: str
    first_seq: int
    last_seq: int
    messages: int
    bytes: int


class JournalResetError(KaidoError):
    """The stream was lost and made again, or lost its newest messages: what is read next is not what comes next."""


class _LostError(Exception):
    """The consumer is gone or skipped something: make another at the position."""


class Reader:
    """Messages of one stream from a sequence on.

    It pulls through a throw-away JetStream consumer that acknowledges nothing. Whatever goes wrong (NATS restarted,
    the connection broke, a message was lost on the way), it makes another consumer behind the last message it gave.

    Args:
        client: the NATS client.
        stream: the stream's name.
        start_seq: the first sequence wanted.
        batch_bytes: the bytes that a list holds at most, and what one pull asks for.
        created: when the stream was made; another stream of its name is not read on.
        state: asks where the stream stands.
    """

    def __init__(
        self,
        client: Client,
        stream: str,
        start_seq: int,
        batch_bytes: int,
        created: str,
        state: Callable[[], Awaitable[StreamState]],
    ) -> None:
        self._client = client
        self._js = JetStreamContext(client, timeout=API_SECONDS)
        self._stream = stream
        self._next = max(start_seq, 1)
        self._bytes = batch_bytes
        self._created = created
        self._state = state

    async def lists(self, gather_seconds: float) -> AsyncGenerator[list[JournalMessage]]:
        """See :meth:`kaido.journal.Journal.consume`."""
        while True:
            try:
                async with contextlib.aclosing(self._one_consumer(gather_seconds)) as lists:
                    async for messages in lists:
                        yield messages
            except (_LostError, UnavailableError, nats.errors.Error, OSError, TimeoutError) as error:
                event(logger, logging.DEBUG, "another consumer is made", stream=self._stream, reason=error)
                await asyncio.sleep(PATIENCE_SECONDS / 4)

    async def _one_consumer(self, gather_seconds: float) -> AsyncGenerator[list[JournalMessage]]:
        await self._check_stream()
        consumer = await self._js.add_consumer(
            self._stream,
            name=self._client.new_inbox().rsplit(".", 1)[-1],
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self._next,
            ack_policy=api.AckPolicy.NONE,
            inactive_threshold=INACTIVE_SECONDS,
            mem_storage=True,
            num_replicas=1,
        )
        subscription = await self._client.subscribe(self._client.new_inbox(), pending_bytes_limit=0)
        try:
            pull = _Pull(self._client, subscription, self._stream, consumer.name, self._bytes)
            fresh = True
            while True:
                messages = await pull.take(gather_seconds)
                if not messages:
                    continue
                if in_order := self._in_order(messages, fresh=fresh):
                    self._next = in_order[-1].seq + 1
                    yield in_order
                if len(in_order) < len(messages):
                    raise _LostError(f"expected {self._next}, got {messages[len(in_order)].seq}")
                fresh = False
        finally:
            with contextlib.suppress(Exception):
                await subscription.unsubscribe()
                await self._js.delete_consumer(self._stream, consumer.name)

    async def _check_stream(self) -> None:
        state = await self._state()
        self._created = self._created or state.created
        if state.created != self._created or state.last_seq < self._next - 1:
            was = f"it was made {self._created} and read up to {self._next - 1}"
            now = f"it is made {state.created} and ends at {state.last_seq}"
            raise JournalResetError(f"the journal stream {self._stream} is not what it was", why=f"{was}; {now}")

    def _in_order(self, messages: list[JournalMessage], *, fresh: bool) -> list[JournalMessage]:
        """The messages up to the first gap.

        A gap is a message lost on the way, which another consumer gives; where a fresh one begins later, it is gone.
        """
        if fresh and messages[0].seq > self._next:
            gap = messages[0].seq - self._next
            event(logger, logging.WARNING, "the journal lacks messages", stream=self._stream, missing=gap)
            self._next = messages[0].seq
        return [message for at, message in enumerate(messages) if message.seq == self._next + at]


class _Pull:
    """Asks a consumer for more whenever what it was asked for has come."""

    def __init__(self, client: Client, inbox: Subscription, stream: str, consumer: str, size: int) -> None:
        self._client = client
        self._inbox = inbox
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        most = max(size, 2 * client.max_payload)  # a pull below the size of a message would never end
        self._question = json.dumps(
            {"batch": PULL_MESSAGES, "max_bytes": most, "expires": int(PULL_SECONDS * 1e9)}
        ).encode()
        self._size = size
        self._outstanding = 0
        self._deadline = 0.0
        self._held: deque[JournalMessage] = deque()
        self._reconnects = client.stats["reconnects"]

    async def take(self, gather_seconds: float) -> list[JournalMessage]:
        """The next messages, at most ``size`` bytes; empty when there is nothing yet.

        Raises:
            _LostError: the consumer is gone.
        """
        loop = asyncio.get_running_loop()
        taken: list[JournalMessage] = []
        total = 0
        until = loop.time() + PATIENCE_SECONDS
        while True:
            if not self._held:
                await self._receive(until - loop.time())
            if not self._held:
                return taken
            if taken and total + len(self._held[0].data) > self._size:
                return taken
            if not taken:
                until = loop.time() + gather_seconds
            total += len(self._held[0].data)
            taken.append(self._held.popleft())

    async def _receive(self, patience: float) -> None:
        """Move one message from the inbox to those held; ask for more before, if nothing is asked."""
        loop = asyncio.get_running_loop()
        if self._client.stats["reconnects"] != self._reconnects:
            raise _LostError("NATS was away")
        if self._outstanding <= 0:
            await self._client.publish(self._subject, self._question, reply=self._inbox.subject)
            self._outstanding = PULL_MESSAGES
            self._deadline = loop.time() + PULL_SECONDS + PATIENCE_SECONDS
        if patience <= 0 and not self._inbox.pending_msgs:
            return
        try:
            message = await self._inbox.next_msg(timeout=max(patience, 0.001))
        except (TimeoutError, nats.errors.TimeoutError):
            if loop.time() > self._deadline:
                raise _LostError("it does not answer") from None
            return
        self._take_in(message)

    def _take_in(self, message: Msg) -> None:
        status = (message.headers or {}).get(api.Header.STATUS.value)
        said = _description(message).lower()
        if not status:
            meta = message.metadata
            self._held.append(JournalMessage(meta.sequence.stream, message.data, meta.timestamp))
            self._outstanding -= 1
        elif status in {"404", "408"} or (status == "409" and "exceed" in said):
            self._outstanding = 0  # the pull ended: its time is over, or its bytes are used up
        elif status != "100" and not (status == "409" and "completed" in said):  # its messages were counted
            raise _LostError(f"{status} {said}")


def _description(message: Msg) -> str:
    return str((message.headers or {}).get(api.Header.DESCRIPTION.value, ""))
