"""Estimates and dry runs that go on while nobody waits: kept by this process for an hour, so many a company."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaido.errors import KaidoError, NotFoundError, TooManyError, UnavailableError
from kaido.runtime import clock, tasks
from kaido.runtime.log import event

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from datetime import datetime

logger = logging.getLogger(__name__)

KEPT_SECONDS = 3_600.0
MOST_KEPT = 50
"""Of one company; the oldest goes."""
MOST_RUNNING = 4
"""Of one company: they take turns with queries, so more would only wait."""


@dataclass
class Rehearsal:
    """One of them.

    Attributes:
        kind: ``estimate`` or ``dry run``.
        campaign: its name.
        document: what it asks for.
        at_most_s: how long it may work once its turn has come.
        answer: what came of it.
        error: or why nothing did.
    """

    id: str
    company: str
    kind: str
    campaign: str
    document: dict[str, Any]
    who: str
    at_most_s: float
    started: datetime
    ended: datetime | None = None
    answer: dict[str, Any] | None = None
    error: KaidoError | None = None


@dataclass
class Rehearsals:
    """Those of all companies. Lives in one event loop."""

    _known: dict[str, OrderedDict[str, Rehearsal]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def check_room(self, company: str) -> None:
        """Whether another one may begin.

        Raises:
            TooManyError: enough of them run.
        """
        running = sum(one.ended is None for one in self._known.get(company, OrderedDict()).values())
        if running >= MOST_RUNNING:
            raise TooManyError(
                f"{running} estimates and dry runs are under way",
                why=f"at most {MOST_RUNNING} of a company run at a time",
                fix="Try again when one of them has ended",
                retry_after_s=5.0,
            )

    def begin(
        self,
        company: str,
        kind: str,
        document: dict[str, Any],
        who: str,
        work: Callable[[], Coroutine[Any, Any, dict[str, Any]]],
        at_most_s: float,
    ) -> Rehearsal:
        """Let one begin.

        Raises:
            TooManyError: enough of them run.
        """
        self.check_room(company)
        made = Rehearsal(
            secrets.token_hex(8), company, kind, str(document.get("name", "")), document, who, at_most_s, clock.now()
        )
        theirs = self._known.setdefault(company, OrderedDict())
        theirs[made.id] = made
        self._forget(theirs)
        task = asyncio.create_task(self._run(made, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return made

    def get(self, company: str, id: str) -> Rehearsal:  # noqa: A002  # it is what the field calls it
        """The one of that id.

        Raises:
            NotFoundError: the company has none, or it was long ago.
        """
        found = self._known[company].get(id) if company in self._known else None
        if found is None:
            raise NotFoundError(
                f"no estimate or dry run '{id:.40}'",
                why="they are kept for an hour by the API process that began them, and not across a restart",
                fix="Run it again; where several API processes run, the proxy keeps a browser with one",
            )
        return found

    async def close(self) -> None:
        """End what runs."""
        await tasks.end(self._tasks)

    async def _run(self, one: Rehearsal, work: Callable[[], Coroutine[Any, Any, dict[str, Any]]]) -> None:
        try:
            one.answer = await work()
        except KaidoError as error:
            one.error = error
        except asyncio.CancelledError:
            one.error = UnavailableError(f"the {one.kind} was broken off", why="Kaido stopped", fix="Run it again")
            raise
        except Exception as error:  # noqa: BLE001  # nobody awaits it: whoever asks for it has to learn that it failed
            number = secrets.token_hex(4)
            event(logger, logging.ERROR, "a rehearsal failed", number=number, kind=one.kind, error=repr(error))
            one.error = KaidoError(
                f"the {one.kind} failed in a way that Kaido did not foresee",
                fix=f"Look for {number} in the log of the API",
            )
        finally:
            one.ended = clock.now()

    @staticmethod
    def _forget(theirs: OrderedDict[str, Rehearsal]) -> None:
        now = clock.now()
        for key, one in list(theirs.items()):
            is_old = one.ended is not None and (now - one.ended).total_seconds() > KEPT_SECONDS
            if is_old or (len(theirs) > MOST_KEPT and one.ended is not None):
                del theirs[key]
