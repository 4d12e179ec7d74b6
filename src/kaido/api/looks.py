"""Looks at where a vehicle is, on record: who, at which vehicles, when.

Where a car is says where a person is. So every answer that carries a position leaves a row in the audit *before* it
leaves; whoever asks for the same again within the minute leaves no second one.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import OrderedDict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from kaido.errors import UnavailableError
from kaido.runtime import clock
from kaido.store.tables import POSITION_LOOK, AuditRow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
    from datetime import datetime

    from kaido.api.auth import Caller
    from kaido.api.services import Services

BRANCH = "Vehicle.CurrentLocation"
"""VSS keeps a vehicle's position, heading and altitude here."""
MOST_REMEMBERED = 10_000
"""Looks of this minute that are not recorded again; beyond them, some are."""


class Looks:
    """The looks of this minute. Safe to use from many threads.

    Args:
        room: how many are remembered.
    """

    def __init__(self, room: int = MOST_REMEMBERED) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._minutes: OrderedDict[str, int] = OrderedDict()

    def is_known(self, key: str, minute: int) -> bool:
        """Whether it was recorded in that minute."""
        with self._lock:
            return self._minutes.get(key) == minute

    def keep(self, key: str, minute: int) -> None:
        """It is recorded."""
        with self._lock:
            self._minutes[key] = minute
            self._minutes.move_to_end(key)
            while len(self._minutes) > self._room:
                self._minutes.popitem(last=False)


def look(rooms: Services, caller: Caller, what: dict[str, Any]) -> None:
    """Put on record that somebody looks at positions. Blocks; asynchronous code calls it in a thread.

    Args:
        rooms: the services.
        caller: who looks.
        what: at which vehicles: ``{"view": "twin", "vehicle": "car-1"}``, or which filter. No secrets.

    Raises:
        UnavailableError: it cannot be recorded; then nothing may be shown.
    """
    now = clock.now()
    minute = int(now.timestamp()) // 60
    key = json.dumps([caller.company, caller.token, what], sort_keys=True, default=str)
    if rooms.looks.is_known(key, minute):
        return
    details = {**what, "user": caller.token} if caller.role else what
    try:
        with rooms.store.session() as session:
            session.add(
                AuditRow(company=caller.company, who=caller.name, what=POSITION_LOOK, moment=now, details=details)
            )
    except UnavailableError as error:
        raise UnavailableError(
            "positions are not shown: the audit could not record who looks", why=str(error), fix=error.fix
        ) from error
    rooms.looks.keep(key, minute)


@asynccontextmanager
async def watching(
    rooms: Services, caller: Caller, what: dict[str, Any]
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A look that lasts as long as the block: on record from the first position on, and again when it ends.

    Yields:
        What to await before each answer that carries positions. It raises as :func:`look` does.
    """
    began: datetime | None = None

    async def note() -> None:
        nonlocal began
        if began is None:
            await run_in_threadpool(look, rooms, caller, what)
            began = clock.now()

    try:
        yield note
    finally:
        if began is not None:
            watched_s = round((clock.now() - began).total_seconds(), 1)
            with contextlib.suppress(UnavailableError):
                await run_in_threadpool(look, rooms, caller, {**what, "watched_s": watched_s})


def are_positions(paths: Iterable[str]) -> bool:
    """Whether any of the signals says where a vehicle is."""
    return any(path == BRANCH or path.startswith(f"{BRANCH}.") for path in paths)


def asks_positions(condition: str) -> bool:
    """Whether a condition over the fleet is about where vehicles are: its answer tells that too."""
    return BRANCH.casefold() in condition.casefold()
