"""Which vehicles are connected, and since when the others are not: heard from the gateways, kept in the store."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import nats.errors

from kaido import flow
from kaido.control.presence_records import PresenceRecords
from kaido.control.roll import Key, Roll
from kaido.errors import UnavailableError
from kaido.runtime import clock, tasks
from kaido.runtime.log import event

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nats.aio.client import Client
    from nats.aio.msg import Msg

    from kaido.runtime.status import Report
    from kaido.store import Store

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.5
ASK_SECONDS = 1.0
"""A gateway whose word was missed is asked again no sooner than this."""
SETTLED_SECONDS = 3.0
"""After a start, gateways that have not answered by then are no more."""
SEEN_SECONDS = 5.0


class Presence:
    """Who is connected. Memory, brought up to date by what gateways say; questions cost nothing.

    Args:
        nats: a connected client.
        store: keeps it, so that "offline since" outlives this process.
        report: counters.
    """

    def __init__(self, nats: Client, store: Store, report: Report) -> None:
        self._nats = nats
        self._records = PresenceRecords(store)
        self._report = report
        self._roll = Roll()
        self._inbox = nats.new_inbox()
        self._asked_at = 0.0
        self._told_at = 0.0
        self._kept = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[Sequence[Key]], None]] = []

    def on_entered(self, listener: Callable[[Sequence[Key]], None]) -> None:
        """Call it, beside others, with the companies and ids of vehicles that have just connected."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Hear from gateways from now on; ask them who is there.

        Raises:
            UnavailableError: the database is away.
        """
        for key, stay in await asyncio.to_thread(self._records.load):
            self._roll.restore(key, stay)
        await self._nats.subscribe(flow.PRESENCE_SUBJECT, cb=self._told)
        await self._nats.subscribe(self._inbox, cb=self._answered)
        await self._ask()
        self._work = asyncio.create_task(self._keep(), name="presence")

    async def stop(self) -> None:
        """Note what is not noted yet."""
        if self._work is not None:
            await tasks.end([self._work])
            with contextlib.suppress(UnavailableError):
                await self._save()

    def connected(self, company: str, vehicle: str) -> bool:
        """Whether a vehicle is connected now."""
        stay = self._roll.get(company, vehicle)
        return stay is not None and stay.until is None

    def since(self, company: str, vehicle: str) -> datetime | None:
        """Since when a vehicle is connected; None where it is not."""
        stay = self._roll.get(company, vehicle)
        return _moment(stay.since) if stay is not None and stay.until is None else None

    def offline_since(self, company: str, vehicle: str) -> datetime | None:
        """Since when a vehicle is not connected; None where it is, and where it never was."""
        stay = self._roll.get(company, vehicle)
        return _moment(stay.until) if stay is not None and stay.until is not None else None

    async def _told(self, message: Msg) -> None:
        try:
            missed = self._roll.take(json.loads(message.data), _now())
        except (ValueError, LookupError, TypeError) as error:
            event(logger, logging.WARNING, "what a gateway says makes no sense", error=error)
            return
        self._pass_on()
        if missed and _now() - self._asked_at > ASK_SECONDS:
            await self._ask()

    async def _answered(self, message: Msg) -> None:
        if not message.data:
            return  # NATS says that there is no gateway
        try:
            self._roll.take_all(json.loads(message.data), _now())
        except (ValueError, LookupError, TypeError) as error:
            event(logger, logging.WARNING, "what a gateway answers makes no sense", error=error)
            return
        self._pass_on()

    async def _ask(self) -> None:
        self._asked_at = _now()
        try:
            await self._nats.publish(flow.ROLLCALL_SUBJECT, b"{}", reply=self._inbox)
        except (nats.errors.Error, OSError) as error:
            event(logger, logging.DEBUG, "gateways cannot be asked now", why=error)

    def _pass_on(self) -> None:
        self._report.gauge("vehicles_connected", self._roll.connected)
        entered, self._roll.entered = self._roll.entered, []
        for listener in self._listeners if entered else ():
            listener(entered)

    async def _keep(self) -> None:
        """Note in the store what changed; notice gateways that fell silent."""
        settled_at: float | None = _now() + SETTLED_SECONDS
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                if settled_at is not None and _now() > settled_at:
                    self._roll.end_unclaimed(await asyncio.to_thread(self._records.gateways))
                    settled_at = None
                for gone in self._roll.forget_silent(_now()):
                    event(logger, logging.WARNING, "a gateway is silent: its vehicles are offline", gateway=gone)
                self._report.gauge("vehicles_connected", self._roll.connected)
                await self._save()
            except UnavailableError as error:
                self._report.problem("presence", f"who is connected cannot be kept: {error}")
            else:
                self._report.problem("presence", None)

    async def _save(self) -> None:
        if _now() - self._told_at > SEEN_SECONDS:
            await asyncio.to_thread(self._records.save_gateways, self._roll.heard())
            self._told_at = _now()
        changed, self._roll.changed = self._roll.changed, set()
        stays = {key: stay for key in changed if (stay := self._roll.get(*key)) is not None}
        try:
            await asyncio.to_thread(self._records.save, stays)
        except UnavailableError:
            self._roll.changed |= changed
            raise


def _now() -> float:
    return clock.now_us() / 1e6


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
