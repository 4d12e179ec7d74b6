"""Ingest as a process: all companies' journals into their lakes and twins."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from kaido.company import Companies
from kaido.errors import UnavailableError
from kaido.flow_names import IDENTITY_SUBJECT
from kaido.ingest.company import CompanyWorker
from kaido.ingest.rooms import Rooms
from kaido.ingest.session import LAG_MESSAGES_GAUGE, LAG_SECONDS_GAUGE
from kaido.ingest.upkeep import keep_up
from kaido.journal import Journal, serve_status
from kaido.lake import Lake
from kaido.runtime import memory
from kaido.runtime.log import event
from kaido.runtime.status import Report
from kaido.runtime.tasks import end
from kaido.store import Store
from kaido.twin.slices import slices

if TYPE_CHECKING:
    from nats.aio.msg import Msg

    from kaido.runtime.settings import Settings

logger = logging.getLogger(__name__)

COMPANIES_SECONDS = 2.0
CONNECT_SECONDS = 0.5
FINISH_SECONDS = 8.0
THREADS = 32
HEAPS = 2
"""Of all threads together; with one for each thread the process grew by a tenth in ten minutes, and went on."""


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set; then finish what was begun, save the twins and return.

    Raises:
        UnavailableError: the database cannot be opened.
    """
    memory.share(HEAPS)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "ingest"))
    store = await asyncio.to_thread(Store.open, settings.database)
    try:
        journal = await _connect(settings, stop)
        if journal is None:
            return
        try:
            await _Ingest(settings, store, journal).run(stop)
        finally:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(journal.close(), 2)
    finally:
        await asyncio.to_thread(store.close)


async def _connect(settings: Settings, stop: asyncio.Event) -> Journal | None:
    """The journal as soon as it is there; None if it is time to stop before that."""
    said = False
    while not stop.is_set():
        try:
            return await Journal.connect(settings.nats_url, settings.nats_token, settings, name="ingest")
        except UnavailableError as error:
            if not said:
                event(logger, logging.WARNING, "waiting for the journal", error=error)
                said = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), CONNECT_SECONDS)
    return None


class _Ingest:
    def __init__(self, settings: Settings, store: Store, journal: Journal) -> None:
        self._settings = settings
        self._store = store
        self._journal = journal
        self._companies = Companies(store, settings)
        self._report = Report("ingest")
        self._lakes: dict[str, Lake] = {}
        every = slices(settings.partitions)
        self._own = [part for part in every if part.partition % settings.ingests == settings.ingest_number]
        self._workers: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        async def identity_changed(_message: Msg) -> None:
            self._changed.set()

        await self._journal.nats.subscribe(IDENTITY_SUBJECT, cb=identity_changed)
        await serve_status(self._journal.nats, self._report)
        if not self._own:
            self._report.problem("partitions", "there is no partition for this process: raise KAIDO_PARTITIONS")
        lakes = self._lakes if self._settings.ingest_number == 0 else {}  # one looks after them for all
        upkeep = asyncio.create_task(keep_up(lakes, self._settings, self._report))
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                await self._start_new(stop)
                self._sum_up()
                self._changed.clear()
                changed = asyncio.create_task(self._changed.wait())
                await asyncio.wait({stopping, changed}, timeout=COMPANIES_SECONDS, return_when="FIRST_COMPLETED")
                changed.cancel()
        finally:
            upkeep.cancel()
            stopping.cancel()
            await self._finish()

    async def _start_new(self, stop: asyncio.Event) -> None:
        """Start a worker for each company that has none."""
        try:
            companies = await asyncio.to_thread(self._companies.list)
        except UnavailableError as error:
            self._report.problem("database", str(error))
            return
        self._report.problem("database", None)
        for company in companies:
            if company.name not in self._lakes:
                lake = self._lakes[company.name] = Lake(self._settings.lake, company.name)
                for part in self._own:
                    rooms = Rooms(company.name, part, self._journal, lake, self._store, self._settings, self._report)
                    self._workers.append(asyncio.create_task(CompanyWorker(rooms).run(stop), name=rooms.name))

    def _sum_up(self) -> None:
        """The lag of all streams together: messages added up, the worst of the seconds."""
        gauges = self._report.gauges
        for name, stream_gauge, together in (
            ("lag_messages", LAG_MESSAGES_GAUGE, sum),
            ("lag_seconds", LAG_SECONDS_GAUGE, max),
        ):
            lags = [value for key, value in gauges.items() if key.startswith(stream_gauge + "{")]
            self._report.gauge(name, together(lags) if lags else 0.0)

    async def _finish(self) -> None:
        if not self._workers:
            return
        _, late = await asyncio.wait(self._workers, timeout=FINISH_SECONDS)
        for task in late:
            event(logger, logging.WARNING, "does not finish; the journal has the rest", company=task.get_name())
        await end(late)
