"""One look at the twin a second for each company that somebody watches, told to all who watch it.

A frame is encoded once, whoever many take it. A viewer that is slow gets the newest state as a whole, never a backlog.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from fastapi.concurrency import run_in_threadpool

from kaido.api import twins
from kaido.api.position_state import SELECTED, Positions
from kaido.api.position_tick import Tick
from kaido.errors import KaidoError
from kaido.runtime import clock
from kaido.runtime.log import event
from kaido.twin.fleet import MAX_ROWS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kaido.api.services import Services

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0


class Viewer:
    """What one viewer was told."""

    def __init__(self) -> None:
        self.tick = 0
        self.ids = 0
        self.problem: str | None = None
        self.news = asyncio.Event()


class CompanyHub:
    """The positions of one company, and who watches them.

    Args:
        rooms: the services.
        company: whose vehicles.
    """

    def __init__(self, rooms: Services, company: str) -> None:
        self.viewers: set[Viewer] = set()
        self._rooms = rooms
        self._company = company
        self._positions = Positions()
        self._now: Tick | None = None
        self._problem: str | None = None

    async def serve(self) -> None:
        """Look, and tell, until nobody watches."""
        loop = asyncio.get_running_loop()
        while self.viewers:
            began = loop.time()
            try:
                now_us = clock.now_us()
                self._now = await run_in_threadpool(self.look, await self._ask(), now_us)
                self._problem = None
            except KaidoError as error:
                self._problem = json.dumps({"problem": error.problem()})
            except Exception as error:  # noqa: BLE001  # one answer that cannot be read must not end the telling
                event(logger, logging.ERROR, "positions cannot be told", company=self._company, error=repr(error))
                self._problem = json.dumps({"problem": KaidoError("positions cannot be told").problem()})
            for viewer in self.viewers:
                viewer.news.set()
            await asyncio.sleep(max(began + TICK_SECONDS - loop.time(), 0))

    async def _ask(self) -> pa.Table:
        """What the twin knows of all vehicles."""
        tables: list[pa.Table] = []
        after = ""
        while not tables or len(tables[-1]) == MAX_ROWS:
            tables.append(
                await twins.fleet(self._rooms, self._company, "", select=SELECTED, limit=MAX_ROWS, after=after)
            )
            after = tables[-1]["vehicle"][-1].as_py() if len(tables[-1]) else ""
        return tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="default")

    def look(self, table: pa.Table, now_us: int) -> Tick:
        """What the twin says (see :meth:`Positions.take`), to be told. Touches nothing that viewers are told of."""
        changed = self._positions.take(table, now_us)
        return Tick.after(self._now, self._positions, changed, now_us / 1_000)

    def take(self, table: pa.Table, now_us: int) -> None:
        """Look, and tell it from now on."""
        self._now = self.look(table, now_us)

    def told(self, viewer: Viewer) -> list[str | bytes]:
        """What a viewer has not been told yet, in order; it counts as told."""
        frames: list[str | bytes] = []
        if viewer.problem != self._problem:
            frames.append(self._problem or json.dumps({"problem": None}))
            viewer.problem = self._problem
        now = self._now
        if now is None or viewer.tick == now.number:
            return frames
        if viewer.ids < len(now.ids):
            frames.append(now.named(viewer.ids))
            viewer.ids = len(now.ids)
        frames.append(now.delta if viewer.tick and viewer.tick == now.base else now.whole())
        viewer.tick = now.number
        return frames


class PositionHubs:
    """The hubs of all companies that are watched."""

    def __init__(self) -> None:
        self._serving: dict[str, tuple[CompanyHub, asyncio.Task[Any]]] = {}

    @asynccontextmanager
    async def watching(self, rooms: Services, company: str, viewer: Viewer) -> AsyncIterator[CompanyHub]:
        """Tell the viewer news of the company inside of the block."""
        hub = self._hub(rooms, company, viewer)
        try:
            yield hub
        finally:
            hub.viewers.discard(viewer)
            if not hub.viewers and self._serving[company][0] is hub:
                del self._serving[company]  # its task ends by itself within a tick

    def _hub(self, rooms: Services, company: str, viewer: Viewer) -> CompanyHub:
        if company in self._serving:
            hub, _ = self._serving[company]
            hub.viewers.add(viewer)
            viewer.news.set()
            return hub
        hub = CompanyHub(rooms, company)
        hub.viewers.add(viewer)
        self._serving[company] = hub, asyncio.create_task(hub.serve())
        return hub
