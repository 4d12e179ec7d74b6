"""Beside the checkins: campaigns that change by themselves, and the twin asked which vehicles their conditions mean."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kaido.errors import InvalidInputError, UnavailableError
from kaido.runtime import clock
from kaido.twin import TwinClient
from kaido.twin.fleet import MAX_ROWS

if TYPE_CHECKING:
    from nats.aio.client import Client

    from kaido.control.members import Condition, Members
    from kaido.control.steward import Steward
    from kaido.runtime.status import Report

LOOK_SECONDS = 1.0


class Upkeep:
    """Does what is due, again and again.

    Args:
        nats: a connected client.
        steward: knows what is due.
        members: keeps what the twin says.
        report: tells trouble.
    """

    def __init__(self, nats: Client, steward: Steward, members: Members, report: Report) -> None:
        self._twin = TwinClient(nats)
        self._steward = steward
        self._members = members
        self._report = report

    async def run(self) -> None:
        """Work until it is cancelled."""
        while True:
            try:
                await asyncio.to_thread(self._steward.look, clock.now())
                for condition in await asyncio.to_thread(self._steward.conditions, clock.now()):
                    await self._ask(condition)
            except UnavailableError as error:
                self._report.problem("campaigns", f"nobody looks after campaigns: {error}")
            else:
                self._report.problem("campaigns", None)
            await asyncio.sleep(LOOK_SECONDS)

    async def _ask(self, condition: Condition) -> None:
        try:
            vehicles = await self._holds(condition)
        except (InvalidInputError, UnavailableError) as error:
            await asyncio.to_thread(self._members.trouble, condition, str(error))
            self._report.count("conditions_asked_total", outcome="failed")
        else:
            await asyncio.to_thread(self._members.take, condition, vehicles)
            self._report.count("conditions_asked_total", outcome="answered")

    async def _holds(self, condition: Condition) -> list[str]:
        """The vehicles for which a condition holds now."""
        found: list[str] = []
        while True:
            after = found[-1] if found else ""
            table = await self._twin.fleet(condition.company, condition.where, limit=MAX_ROWS, after=after)
            found += table["vehicle"].to_pylist()
            if len(table) < MAX_ROWS:
                return found
