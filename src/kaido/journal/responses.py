"""Vehicles' responses to commands, from ingest to control: on disk until the database has what they say.

One stream for all companies, which forgets what control has acknowledged and refuses what is beyond its bound; ingest
then waits, and with it what is behind in the journal.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext, api

from kaido import flow
from kaido.journal.connection import unreachable

if TYPE_CHECKING:
    from nats.aio.msg import Msg

    from kaido.journal.journal import Journal
    from kaido.runtime.settings import Settings

STREAM_BYTES = 256_000_000
"""About a million responses."""
CONSUMER = "control"
API_SECONDS = 5.0
ACK_SECONDS = 5.0
LOOK_SECONDS = 5.0
MOST_UNACKNOWLEDGED = 2_000
DUPLICATE_WINDOW_SECONDS = 300.0
_FAILURES = (nats.errors.Error, OSError, TimeoutError)


class Responses:
    """The stream of responses, over a journal's connection."""

    def __init__(self, journal: Journal, settings: Settings) -> None:
        self._journal = journal
        self._settings = settings
        self._js = JetStreamContext(journal.nats, timeout=API_SECONDS)
        self._look_at = 0.0
        self._subscription: JetStreamContext.PushSubscription | None = None

    async def publish(self, company: str, content: bytes, message_id: str) -> None:
        """Append responses; once for each ``message_id`` within five minutes.

        Raises:
            UnavailableError: NATS is away or the stream is full; they may or may not be there: try again.
        """
        subject, headers = flow.responses_subject(company), {api.Header.MSG_ID.value: message_id}
        try:
            try:
                await self._js.publish(subject, content, headers=dict(headers))
            except nats.js.errors.NoStreamResponseError:
                await self._ensure()
                await self._js.publish(subject, content, headers=dict(headers))
        except _FAILURES as error:
            raise unreachable(
                self._journal.url, f"it does not keep a response: {type(error).__name__} {error}"
            ) from error

    async def take(self, most: int, seconds: float) -> list[Msg]:
        """The next responses, oldest first; acknowledge them when the database has them, or they come again.

        Raises:
            UnavailableError: NATS is away, or has lost the stream; trying again makes it anew.
        """
        try:
            if self._subscription is None:
                self._subscription = await self._subscribed()
            messages = await self._received(self._subscription, most, seconds)
            if not messages and time.monotonic() > self._look_at:
                self._look_at = time.monotonic() + LOOK_SECONDS
                await self._js.consumer_info(flow.RESPONSES_STREAM, CONSUMER)  # nothing comes from one that is gone
        except _FAILURES as error:
            await self._unsubscribe()
            raise unreachable(self._journal.url, f"responses cannot be read: {type(error).__name__} {error}") from error
        return messages

    async def _received(self, subscription: JetStreamContext.PushSubscription, most: int, seconds: float) -> list[Msg]:
        messages: list[Msg] = []
        try:
            messages.append(await subscription.next_msg(timeout=seconds))
            while subscription.pending_msgs and len(messages) < most:
                messages.append(await subscription.next_msg(timeout=seconds))
        except (TimeoutError, nats.errors.TimeoutError):
            pass
        return messages

    async def waiting(self) -> int:
        """How many messages nobody has acknowledged yet.

        Raises:
            UnavailableError: NATS is away.
        """
        try:
            info = await self._js.consumer_info(flow.RESPONSES_STREAM, CONSUMER)
        except nats.js.errors.NotFoundError:
            return 0
        except _FAILURES as error:
            raise unreachable(self._journal.url, str(error)) from error
        return (info.num_pending or 0) + (info.num_ack_pending or 0)

    async def _subscribed(self) -> JetStreamContext.PushSubscription:
        await self._ensure()
        config = api.ConsumerConfig(ack_wait=ACK_SECONDS, max_ack_pending=MOST_UNACKNOWLEDGED)
        return await self._js.subscribe(
            flow.responses_subject("*"),
            queue=CONSUMER,
            durable=CONSUMER,
            stream=flow.RESPONSES_STREAM,
            manual_ack=True,
            config=config,
        )

    async def _unsubscribe(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with contextlib.suppress(*_FAILURES):
                await subscription.unsubscribe()

    async def _ensure(self) -> None:
        config = api.StreamConfig(
            name=flow.RESPONSES_STREAM,
            subjects=[flow.responses_subject("*")],
            storage=api.StorageType.FILE,
            retention=api.RetentionPolicy.WORK_QUEUE,
            discard=api.DiscardPolicy.NEW,
            max_bytes=min(STREAM_BYTES, self._settings.journal_max_bytes),
            num_replicas=self._settings.nats_replicas,
            duplicate_window=DUPLICATE_WINDOW_SECONDS,
        )
        with contextlib.suppress(nats.js.errors.BadRequestError):  # it is there, with other bounds
            await self._js.add_stream(config)
