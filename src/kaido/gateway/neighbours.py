"""Several gateways, on one port or on several machines: a vehicle has one connection and one session among them.

Whoever takes a CONNECT tells the others, which end what they have of that vehicle and send on what waited for it. A
session itself does not move: the vehicle hears `session present = 0` and subscribes again. Control listens too, and so
knows who is connected: what it missed it learns by asking for all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
import uuid
from typing import TYPE_CHECKING, Any

import nats.errors

from kaido.flow_names import PRESENCE_SUBJECT, ROLLCALL_SUBJECT, down_subject
from kaido.gateway.downlink import EXPIRES, ID, KIND, MOVED, VEHICLE
from kaido.runtime import tasks
from kaido.runtime.log import event

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

    from kaido.gateway.gateway import Gateway
    from kaido.gateway.sessions import Message, Session

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.01
HEARTBEAT_SECONDS = 1.0
MOST = 1_000
"""Vehicles in one message."""
ENTERED, ENTERED_CLEAN, LEFT = "entered", "entered clean", "left"

_Event = tuple[str, str, float, str]


class Neighbours:
    """Tells others who connects and disconnects here, and hears from other gateways.

    Args:
        nats: a NATS client.
        gateway: ours.
    """

    def __init__(self, nats: Client, gateway: Gateway) -> None:
        self._nats = nats
        self._gateway = gateway
        self._own = uuid.uuid4().hex
        self._number = 0
        self._events: list[_Event] = []
        self._news = asyncio.Event()
        self._telling: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Hear and tell from now on, until :meth:`close`."""
        await self._nats.subscribe(PRESENCE_SUBJECT, cb=self._heard)
        await self._nats.subscribe(ROLLCALL_SUBJECT, cb=self._asked)
        self._gateway.on_entered = self._entered
        self._gateway.on_left = self._left
        self._telling = asyncio.create_task(self._tell_for_ever(), name="gateway presence")

    async def close(self) -> None:
        """Tell what is not told yet; then nothing any more."""
        if self._telling is not None:
            await tasks.end([self._telling])
            await self._tell()

    def _entered(self, session: Session, clean: bool) -> None:
        self._note(session, ENTERED_CLEAN if clean else ENTERED)

    def _left(self, session: Session) -> None:
        self._note(session, LEFT)

    def _note(self, session: Session, what: str) -> None:
        self._events.append((session.company, session.vehicle, time.time(), what))
        self._news.set()

    async def _tell_for_ever(self) -> None:
        while not self._nats.is_closed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._news.wait()
                await asyncio.sleep(GATHER_SECONDS)
            self._news.clear()
            await self._tell()

    async def _tell(self) -> None:
        """Say what happened, in order; nothing, where nothing did: that we are there."""
        while True:
            some, self._events = self._events[:MOST], self._events[MOST:]
            self._number += 1
            with contextlib.suppress(nats.errors.Error, OSError):  # who missed a number asks for all
                await self._nats.publish(PRESENCE_SUBJECT, self._said(events=some))
            if not self._events:
                return

    def _said(self, **more: Any) -> bytes:
        return json.dumps({"gateway": self._own, "number": self._number, "at": time.time(), **more}).encode()

    async def _asked(self, message: Msg) -> None:
        """Answer with everybody who is connected here, in pages."""
        try:
            wanted = json.loads(message.data).get("gateway", self._own)
        except (ValueError, AttributeError):
            return
        if wanted != self._own or not message.reply:
            return
        if self._events:  # what is under way comes before the answer, not twice
            await self._tell()
        here = [
            (session.company, session.vehicle, session.connection.since)
            for session in self._gateway.sessions
            if session.connection is not None
        ]
        pages = [
            self._said(vehicles=here[at : at + MOST], first=at == 0, last=at + MOST >= len(here))
            for at in range(0, max(len(here), 1), MOST)
        ]
        with contextlib.suppress(nats.errors.Error, OSError):
            for page in pages:
                await message.respond(page)

    async def _heard(self, message: Msg) -> None:
        try:
            said = json.loads(message.data)
            if said["gateway"] == self._own:
                return
            moved = [
                (str(company), str(vehicle), float(at), what == ENTERED_CLEAN)
                for company, vehicle, at, what in said["events"]
                if what != LEFT
            ]
        except (ValueError, LookupError, TypeError) as error:
            event(logger, logging.WARNING, "what another gateway says makes no sense", error=error)
            return
        for company, vehicle, at, clean in moved:
            leftovers = self._gateway.moved(company, vehicle, at)
            for left in () if clean else leftovers:
                await self._send_on(company, vehicle, left)

    async def _send_on(self, company: str, vehicle: str, left: Message) -> None:
        headers = {VEHICLE: vehicle, KIND: str(int(left.kind)), MOVED: "1"}
        if left.command_id:
            headers[ID] = left.command_id
        if left.expires is not None:
            headers[EXPIRES] = str(int(1_000 * left.expires))
        try:
            await self._nats.publish(down_subject(company), left.payload, headers=headers)
        except (nats.errors.Error, OSError) as error:
            event(logger, logging.WARNING, "a message for a vehicle that moved is lost", vehicle=vehicle, error=error)
