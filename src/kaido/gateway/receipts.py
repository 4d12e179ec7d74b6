"""Commands that vehicles have acknowledged: told to control, so that it does not send them again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING

import nats.errors

from kaido.flow_names import RECEIPTS_SUBJECT
from kaido.runtime import tasks

if TYPE_CHECKING:
    from nats.aio.client import Client

    from kaido.gateway.gateway import Gateway
    from kaido.gateway.sessions import Session

GATHER_SECONDS = 0.005
MOST = 1_000
"""Receipts in one message."""


class Receipts:
    """Tells control what vehicles have acknowledged.

    Args:
        nats: a NATS client.
        gateway: ours.
    """

    def __init__(self, nats: Client, gateway: Gateway) -> None:
        self._nats = nats
        self._gateway = gateway
        self._waiting: list[tuple[str, str, str, float]] = []
        self._telling: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """Tell from now on, until :meth:`close`."""
        self._gateway.on_receipt = self._note

    async def close(self) -> None:
        """Tell what is not told yet."""
        if self._telling is not None:
            await tasks.end([self._telling])
            await self._tell()

    def _note(self, session: Session, command_id: str) -> None:
        self._waiting.append((session.company, session.vehicle, command_id, time.time()))
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_soon(), name="gateway receipts")

    async def _tell_soon(self) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        await self._tell()

    async def _tell(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            with contextlib.suppress(nats.errors.Error, OSError):  # control sends it again, and hears of it then
                await self._nats.publish(RECEIPTS_SUBJECT, json.dumps({"receipts": some}).encode())
