"""Ingest of one company's slice, from start to stop, whatever happens to the parts it depends on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kaido.errors import KaidoError, UnavailableError
from kaido.ingest.only_one import HeldError, only_one
from kaido.ingest.session import Session
from kaido.ingest.streams import resume
from kaido.journal import JournalResetError
from kaido.runtime.log import event
from kaido.twin import dividing
from kaido.twin.recovery import recover
from kaido.twin.slices import WHOLE

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.ingest.rooms import Rooms

logger = logging.getLogger(__name__)

RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass
class CompanyWorker:
    """Works on one company's journal, or its slice of it. What fails is tried again; what it needs may come and go."""

    rooms: Rooms

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; then finish what was begun and save the twin."""
        key = f"ingest {self.rooms.name}"
        attempt = 0
        while not stop.is_set():
            try:
                await self._divide(stop)
                with only_one(self._folder, self.rooms.company, self.rooms.part):
                    self._check_divided()
                    session = await self._recovered(self.rooms)
                    self.rooms.problem(key, None)
                    attempt = 0
                    await session.run(stop)
            except JournalResetError as error:
                event(logger, logging.WARNING, "starting afresh", company=self.rooms.name, reason=error)
            except Exception as error:  # one company's trouble must not end the others' work
                self.rooms.problem(key, _explained(error))
                level = logging.INFO if isinstance(error, HeldError) else logging.ERROR
                event(logger, level, "ingest failed; trying again", company=self.rooms.name, error=error)
                logger.debug("the trace", exc_info=True)
                with contextlib.suppress(TimeoutError):
                    pause = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
                    await asyncio.wait_for(stop.wait(), pause)
                attempt += 1

    @property
    def _folder(self) -> Path:
        return self.rooms.settings.data / "twin"

    async def _divide(self, stop: asyncio.Event) -> None:
        """Where the twin on disk is in other slices than ours: work off the journal as a whole, then divide anew.

        In the journal a vehicle may still lie in the partition that it had; only one who reads all of them tells a
        payload that came twice.
        """
        rooms = self.rooms
        if dividing.in_force(rooms.settings, rooms.company) == rooms.part.of:
            return
        with only_one(self._folder, rooms.company):
            was = dividing.in_force(rooms.settings, rooms.company)
            if was == rooms.part.of:  # another slice's worker was faster
                return
            event(logger, logging.INFO, "dividing the twin anew", company=rooms.company, was=was, now=rooms.part.of)
            whole = replace(rooms, part=WHOLE)
            found = await asyncio.to_thread(dividing.whole, rooms.settings, rooms.company)
            await asyncio.to_thread(dividing.divide, rooms.settings, rooms.company, found, 1)
            if rooms.part.of > 1:
                session = await self._recovered(whole)
                if await session.run_until_caught_up(stop):
                    found = await asyncio.to_thread(dividing.whole, rooms.settings, rooms.company)
                    await asyncio.to_thread(dividing.divide, rooms.settings, rooms.company, found, rooms.part.of)

    def _check_divided(self) -> None:
        """Between the dividing and our lock, somebody may have divided otherwise."""
        rooms = self.rooms
        if dividing.in_force(rooms.settings, rooms.company) != rooms.part.of:
            raise UnavailableError(
                f"the twin of {rooms.company} is divided otherwise",
                why="another ingest has another number of partitions",
                fix="Give all processes the same KAIDO_PARTITIONS",
            )

    async def _recovered(self, rooms: Rooms) -> Session:
        await rooms.journal.ensure_company(rooms.company)
        found = await asyncio.to_thread(recover, rooms.settings, rooms.company, rooms.part)
        streams = []
        for partition in (await rooms.journal.streams()).get(rooms.company, []):
            if rooms.part.reads(partition):
                state = await rooms.journal.state(rooms.company, partition)
                streams.append(
                    await asyncio.to_thread(resume, rooms.lake, rooms.company, partition, state, found.positions)
                )
        return Session(rooms, found, streams)


def _explained(error: Exception) -> str:
    if isinstance(error, KaidoError):
        return str(error)
    return str(UnavailableError("ingest met an error that it did not foresee", why=repr(error), fix="See its log"))
