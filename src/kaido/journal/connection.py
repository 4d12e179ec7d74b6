"""A connection to NATS that comes back by itself, and whose trouble is a line in the log."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import nats.errors
from nats.aio.client import Client

from kaido.errors import UnavailableError
from kaido.runtime.log import event, without_secrets

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
RECONNECT_PAUSE_SECONDS = 0.25
PENDING_BYTES = 16 * 1024 * 1024


class JournalClient(Client):
    """nats-py's client, with two differences.

    It closes for ever when the server reports an error (a slow consumer, say): we connect again. And a request that
    was under way when the connection broke waits until its time is over: ``lost`` says at once that no answer comes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lost = asyncio.Event()

    async def _process_err(self, err_msg: str) -> None:
        if self.is_connecting or "permissions violation" in err_msg:
            await super()._process_err(err_msg)
        else:
            event(logger, logging.WARNING, "NATS ended the connection", reason=err_msg)
            await self._process_op_err(nats.errors.Error(err_msg))


def unreachable(url: str, why: str) -> UnavailableError:
    """The error that says that NATS is away."""
    return UnavailableError(
        f"NATS at {without_secrets(url)} cannot be reached",
        why=why,
        fix="Start it (kaido up) or name the right one with KAIDO_NATS_URL and KAIDO_NATS_TOKEN",
    )


async def connect(url: str, token: str = "", *, name: str = "kaido") -> JournalClient:
    """A connected client that reconnects for ever.

    Raises:
        UnavailableError: NATS does not answer now, or refuses the token.
    """
    client = JournalClient()
    first_error: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    async def on_error(error: Exception) -> None:
        if not first_error.done():
            first_error.set_result(error)
        level = logging.DEBUG if isinstance(error, OSError) else logging.WARNING
        event(logger, level, "trouble with NATS", error=f"{type(error).__name__} {error}".strip())

    async def on_disconnect() -> None:
        client.lost.set()
        if not client.is_closed:
            event(logger, logging.WARNING, "NATS is away; waiting for it", url=url)

    async def on_reconnect() -> None:
        client.lost.clear()
        event(logger, logging.INFO, "NATS is back", url=url)

    connecting: asyncio.Future[None] = asyncio.ensure_future(
        client.connect(
            url,
            token=token or None,
            name=name,
            error_cb=on_error,
            disconnected_cb=on_disconnect,
            reconnected_cb=on_reconnect,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_PAUSE_SECONDS,  # type: ignore[arg-type]  # a float works, and 1 s is long
            connect_timeout=2,
            ping_interval=10,
            max_outstanding_pings=2,
            pending_size=PENDING_BYTES,
        )
    )
    # Reconnecting for ever is for later; the first attempt has to say what is wrong.
    started: set[asyncio.Future[Any]] = {connecting, first_error}
    await asyncio.wait(started, timeout=CONNECT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if connecting.done() and connecting.exception() is None:
        first_error.cancel()
        return client
    error = connecting.exception() if connecting.done() else first_error.result() if first_error.done() else None
    connecting.cancel()
    with contextlib.suppress(asyncio.CancelledError, OSError, nats.errors.Error):
        await connecting
    with contextlib.suppress(Exception):
        await client.close()
    raise unreachable(url, _reason(error))


def _reason(error: BaseException | None) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) if error and str(error) else "no answer"
