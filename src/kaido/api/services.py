"""What the routers work with, made once for each application."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Self

from starlette.requests import HTTPConnection  # noqa: TC002  # FastAPI reads annotations

from kaido.api.attempts import Attempts
from kaido.api.looks import Looks
from kaido.api.rehearsing import Rehearsals
from kaido.api.turns import Turns
from kaido.company import Companies, Enrolment, Proofs, Tokens, Users, Vehicles, WebSessions
from kaido.errors import UnavailableError
from kaido.flow_names import IDENTITY_SUBJECT
from kaido.runtime import tasks
from kaido.runtime.log import event
from kaido.runtime.status import Report

if TYPE_CHECKING:
    from types import TracebackType

    from fastapi import FastAPI

    from kaido.catalog.store import CatalogStore
    from kaido.commands import Commands
    from kaido.control import Campaigns, History
    from kaido.control.overview import Overviews
    from kaido.control.presence_records import PresenceRecords
    from kaido.control.templates import StateTemplates
    from kaido.journal import Journal
    from kaido.lake import Lake
    from kaido.runtime.settings import Settings
    from kaido.services.tariffs.records import Tariffs
    from kaido.store import Store

logger = logging.getLogger(__name__)

_RECONNECT_SECONDS = 2.0


@dataclass
class Services:
    """The rooms behind the API, as an async context manager.

    Attributes:
        settings: of this process.
        store: the control plane's database.
        journal: NATS; None while it is away, and always when embedded.
        embedded: whether the application runs in its caller's process, on the data folder alone.
        report: what this process says about itself.
        turns: at questions that take long.
        rehearsals: estimates and dry runs for which nobody waits.
        hashing: turns at passwords, each of which takes 64 MB.
        at_provider: turns at asking the OIDC provider, which may take its time.
        attempts: to sign in, how many are left.
        looks: at positions, of this minute.
    """

    settings: Settings
    store: Store
    embedded: bool = False
    journal: Journal | None = None
    report: Report = field(default_factory=lambda: Report("api"))
    turns: Turns = field(default_factory=Turns, repr=False)
    rehearsals: Rehearsals = field(default_factory=Rehearsals, repr=False)
    hashing: Turns = field(default_factory=lambda: Turns("sign-ins"), repr=False)
    at_provider: Turns = field(default_factory=lambda: Turns("sign-ins"), repr=False)
    attempts: Attempts = field(default_factory=Attempts, repr=False)
    looks: Looks = field(default_factory=Looks, repr=False)
    _lakes: dict[str, Lake] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set, repr=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, repr=False)

    @classmethod
    def of(cls, app: FastAPI) -> Services:
        """The services of an application whose lifespan has begun."""
        found: Services = app.state.kaido
        return found

    @cached_property
    def companies(self) -> Companies:
        """Companies and their authorities."""
        return Companies(self.store, self.settings)

    @cached_property
    def vehicles(self) -> Vehicles:
        """Registered vehicles."""
        return Vehicles(self.store)

    @cached_property
    def enrolment(self) -> Enrolment:
        """Vehicle certificates."""
        return Enrolment(self.store, self.companies)

    @cached_property
    def tokens(self) -> Tokens:
        """API tokens."""
        return Tokens(self.store)

    @cached_property
    def users(self) -> Users:
        """Users of the console."""
        return Users(self.store)

    @cached_property
    def proofs(self) -> Proofs:
        """What proves who a user is."""
        return Proofs(self.store)

    @cached_property
    def web_sessions(self) -> WebSessions:
        """Who is signed in."""
        return WebSessions(self.store, self.settings)

    @cached_property
    def catalog(self) -> CatalogStore:
        """Signals and decoder manifests."""
        from kaido.catalog.store import CatalogStore  # noqa: PLC0415  # cantools is heavy, most commands do without

        return CatalogStore(self.store)

    @cached_property
    def campaigns(self) -> Campaigns:
        """Campaigns."""
        from kaido.control import Campaigns  # noqa: PLC0415  # as above

        return Campaigns(self.store)

    @cached_property
    def commands(self) -> Commands:
        """Commands to vehicles."""
        from kaido.commands import Commands  # noqa: PLC0415  # as above

        return Commands(self.store, self.settings)

    @cached_property
    def presence(self) -> PresenceRecords:
        """Who is connected."""
        from kaido.control.presence_records import PresenceRecords  # noqa: PLC0415  # as above

        return PresenceRecords(self.store)

    @cached_property
    def campaign_history(self) -> History:
        """What is on record of campaigns."""
        from kaido.control import History  # noqa: PLC0415  # as above

        return History(self.store)

    @cached_property
    def overviews(self) -> Overviews:
        """How campaigns stand."""
        from kaido.control.overview import Overviews  # noqa: PLC0415  # as above

        return Overviews(self.store)

    @cached_property
    def state_templates(self) -> StateTemplates:
        """State templates."""
        from kaido.control.templates import StateTemplates  # noqa: PLC0415  # as above

        return StateTemplates(self.store)

    @cached_property
    def tariffs(self) -> Tariffs:
        """What energy costs."""
        from kaido.services.tariffs.records import Tariffs  # noqa: PLC0415  # as above

        return Tariffs(self.store)

    def lake(self, company: str) -> Lake:
        """The company's tables."""
        from kaido.lake import Lake  # noqa: PLC0415  # as above

        with self._lock:
            if company not in self._lakes:
                self._lakes[company] = Lake(self.settings.lake, company)
            return self._lakes[company]

    def announce(self, company: str, change: str, vehicle: str | None = None) -> None:
        """Tell the other processes that something changed. From any thread; nobody waits for it.

        They would see it by themselves a little later: they ask the store for its revision.
        """
        self.publish_soon(
            IDENTITY_SUBJECT, json.dumps({"company": company, "vehicle": vehicle, "change": change}).encode()
        )

    def publish_soon(self, subject: str, payload: bytes) -> None:
        """Say something over NATS, if it is there. From any thread; nobody waits for it, nobody depends on it."""
        if self.journal is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._spawn, subject, payload)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        if not self.embedded and self.settings.nats_url:
            with contextlib.suppress(UnavailableError):
                await self._connect()
            if self.journal is None:
                self._keep(asyncio.create_task(self._connect_later()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.rehearsals.close()
        await tasks.end(self._tasks)
        if self.journal is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self.journal.close(), 5)
        await asyncio.to_thread(self.store.close)

    async def _connect(self) -> None:
        from kaido.journal import Journal, serve_status  # noqa: PLC0415  # not needed in a bare folder

        journal = await Journal.connect(self.settings.nats_url, self.settings.nats_token, self.settings, name="api")
        await serve_status(journal.nats, self.report)
        self.journal = journal

    async def _connect_later(self) -> None:
        while self.journal is None:
            self.report.problem("journal", "NATS is away: live values and the twin cannot be asked")
            await asyncio.sleep(_RECONNECT_SECONDS)
            try:
                await self._connect()
            except UnavailableError as error:
                event(logger, logging.DEBUG, "NATS is still away", reason=str(error))
        self.report.problem("journal", None)

    def _spawn(self, subject: str, payload: bytes) -> None:
        self._keep(asyncio.create_task(self._publish(subject, payload)))

    async def _publish(self, subject: str, payload: bytes) -> None:
        with contextlib.suppress(Exception):  # best effort: those who miss it ask for the revision
            assert self.journal is not None
            await asyncio.wait_for(self.journal.nats.publish(subject, payload), 2)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def services(connection: HTTPConnection) -> Services:  # a plain function would run in a thread
    """The services of this request's application: a FastAPI dependency."""
    return Services.of(connection.app)
