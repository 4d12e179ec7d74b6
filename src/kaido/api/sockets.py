"""What ends a WebSocket that only tells: its client leaves, or may no longer listen."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from fastapi import WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool

from kaido.api.auth import principal
from kaido.errors import ForbiddenError, UnauthenticatedError, UnavailableError
from kaido.runtime import tasks

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from fastapi import WebSocket

PROOF_SECONDS = 2.0
"""How often the token is looked at again: one that was revoked, or has ended, watches no longer."""
_POLICY_VIOLATION = 1008


async def tell(link: WebSocket, sending: Coroutine[None, None, None]) -> None:
    """Let ``sending`` work until it ends, the client leaves, or its token or session ends.

    Raises:
        Exception: what ``sending`` failed with.
    """
    beside = {
        asyncio.create_task(sending),
        asyncio.create_task(_until_it_leaves(link)),
        asyncio.create_task(_until_its_token_ends(link)),
    }
    await asyncio.wait(beside, return_when=asyncio.FIRST_COMPLETED)
    for error in await tasks.end(beside):
        if not isinstance(error, WebSocketDisconnect | RuntimeError):  # those: it left while we sent
            raise error


async def _until_it_leaves(link: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await link.receive_text()  # nothing that it says means anything


async def _until_its_token_ends(link: WebSocket) -> None:
    while True:
        await asyncio.sleep(PROOF_SECONDS)
        try:
            await run_in_threadpool(principal, link)
        except (UnauthenticatedError, ForbiddenError) as error:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await link.close(_POLICY_VIOLATION, str(error)[:100])
            return
        except UnavailableError:
            continue  # a database that is away revokes nobody
