"""The gateway: takes connections, keeps their sessions, and joins vehicles to the journal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, Self

from kaido.company import Identity
from kaido.gateway import refusals
from kaido.gateway.admission import Admission
from kaido.gateway.connection import Connection
from kaido.gateway.identity import Gatekeeper
from kaido.gateway.lanes import Lanes
from kaido.gateway.link import Link
from kaido.gateway.listener import listen
from kaido.gateway.refusals import Refusal, RefusalLog
from kaido.gateway.sessions import Sessions
from kaido.gateway.tls import TlsPipe
from kaido.runtime import tasks
from kaido.runtime.log import event
from kaido.runtime.status import Report

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable

    from kaido.gateway.ports import Directory, Journal
    from kaido.gateway.sessions import Message, Session, Will
    from kaido.runtime.settings import Settings

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 0.5
SILENT_SECONDS = 2.0
"""Where there is no room left, a socket that has said nothing for so long gives way to one that is new."""
DRAIN_SECONDS = 5.0
GOODBYE_SECONDS = 2.0


class Gateway:
    """One gateway process's work. Start it with :meth:`start`, end it with :meth:`stop`.

    Until a journal is attached, and while it is away, a CONNECT is answered with 0x88 (server unavailable): a vehicle
    keeps what it has and tries again. Vehicles that are connected stay so, and are not read when too much waits.

    Args:
        settings: address, port, limits.
        directory: who may connect.
        report: counters and gauges.
        names: further names of the gateway, for its certificate.
        share_port: let several gateway processes listen on the port.

    Attributes:
        now: a coarse clock (event loop time, about half a second old at most).
        reading: False while too much waits for the journal.
        draining: whether it is about to end.
        on_entered: called with the session of a vehicle that has just connected, and whether it wanted a clean one.
        on_left: called with the session whose connection has just ended.
        on_receipt: called with the session of a vehicle that has acknowledged a command, and the command's id.
        lanes: the way up.
        sessions: the vehicles' sessions.
        port: where it listens, once started.
    """

    def __init__(
        self,
        settings: Settings,
        directory: Directory,
        *,
        report: Report | None = None,
        names: Iterable[str] = (),
        share_port: bool = False,
    ) -> None:
        self.settings = settings
        self.report = report or Report("gateway")
        self.now = asyncio.get_running_loop().time()
        self.reading = True
        self.draining = False
        self.port = 0
        self.lanes = Lanes(settings, self.report, self._press)
        self.sessions = Sessions(settings.gateway_session_queue, settings.gateway_session_bytes, self._count_down)
        self.gatekeeper = Gatekeeper(settings, directory, self.report, self._part_with_unwelcome, names)
        self.on_entered: Callable[[Session, bool], None] = _nobody_else
        self.on_left: Callable[[Session], None] = _nobody_else
        self.on_receipt: Callable[[Session, str], None] = _nobody_else
        self._refusals = RefusalLog(self.report)
        self._admission = Admission(settings.gateway_handshake_seconds, lambda: TlsPipe(self.gatekeeper.context))
        self._links: set[Link] = set()
        self._silent: dict[Link, float] = {}
        self._empty = asyncio.Event()
        self._share_port = share_port
        self._server: asyncio.Server | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, listener: socket.socket | None = None) -> Self:
        """Take connections.

        Args:
            listener: a listening socket; None makes one as the settings say.

        Raises:
            UnavailableError: the port is taken.
        """
        listener = listener or listen(self.settings.gateway_host, self.settings.gateway_port, share=self._share_port)
        self.port = listener.getsockname()[1]
        self.report.details["port"] = self.port
        self._gauge()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._new_link, sock=listener, backlog=4_096)
        self._tasks = [
            loop.create_task(self._sweep_for_ever(), name="gateway sweep"),
            loop.create_task(self.gatekeeper.watch(), name="gateway identity"),
        ]
        event(logger, logging.INFO, "vehicles may connect", host=self.settings.gateway_host, port=self.port)
        return self

    async def stop(self) -> None:
        """Take no more, bring what was taken to disk, say good-bye."""
        self.draining = True
        if self._server is not None:
            self._server.close()
        self.reading = False
        for link in self._links:
            link.steer()
        if not await self.lanes.drain(DRAIN_SECONDS):
            event(logger, logging.WARNING, "the journal did not take all in time; vehicles will send it again")
        for link in list(self._links):
            if isinstance(link.above, Connection):
                link.above.will = None  # the vehicle is not lost, we are
                link.above.end(refusals.SHUTTING_DOWN)
            else:
                link.close()
        self._empty.clear()
        if self._links:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), GOODBYE_SECONDS)
        for link in list(self._links):
            link.abort()
        await tasks.end(self._tasks)
        await asyncio.sleep(0)

    def attach(self, journal: Journal, largest: int) -> None:
        """The journal is there; it takes messages of ``largest`` bytes."""
        self.lanes.attach(journal, largest)
        fits = self.settings.gateway_max_packet_bytes < largest // 2
        self.report.problem(
            "packets", None if fits else f"the journal takes only {largest} bytes at once: raise NATS' max_payload"
        )

    @property
    def ready(self) -> bool:
        """Whether what a vehicle sends could be kept."""
        journal = self.lanes.journal
        return journal is not None and journal.connected

    # For links.

    def arrived(self, link: Link) -> None:
        """A connection was accepted."""
        self._links.add(link)
        link.deadline = self.now + self.settings.gateway_handshake_seconds
        self.report.counters["accepted_total"] += 1
        self._silent[link] = self.now
        if len(self._links) > self.settings.gateway_max_connections:
            oldest, since = next(iter(self._silent.items()))
            unwanted = oldest if since + SILENT_SECONDS < self.now else link
            self.refused(unwanted, refusals.TOO_MANY_CONNECTIONS)
            unwanted.abort()

    def greeted(self, link: Link) -> None:
        """A client has said its first words."""
        self._silent.pop(link, None)
        self._admission.join(link)

    def opened(self, link: Link) -> Connection:
        """A handshake is done."""
        self._admission.leave(link)
        self.report.counters["handshakes_total"] += 1
        return Connection(self, link, self.gatekeeper.identify(link.certificate()))

    def refused(self, link: Link, refusal: Refusal) -> None:
        """A link ends before MQTT began, or breaks TLS."""
        self._admission.leave(link)
        self._refusals.note(refusal, peer=link.peer)

    def gone(self, link: Link) -> None:
        """A link is closed."""
        self._links.discard(link)
        self._silent.pop(link, None)
        if not self._links:
            self._empty.set()
        self._admission.leave(link)

    # For connections.

    def note(self, connection: Connection, refusal: Refusal, **more: Any) -> None:
        """Count and log a refusal of a client that has proven (or not) who it is."""
        identity = connection.identity
        if isinstance(identity, Identity):
            more = {"company": identity.company, "vehicle": identity.vehicle, **more}
        if refusal in _FAREWELLS:
            self.report.count("ended_total", reason=refusal.reason)
        else:
            self._refusals.note(refusal, peer=connection.peer, **more)

    def enter(self, identity: Identity, *, clean: bool) -> tuple[Session, bool]:
        """The session of a vehicle that connects, and whether it is resumed. A connection it has already ends."""
        known = self.sessions.get(identity.company, identity.vehicle)
        if known is not None:
            if known.connection is not None:
                known.connection.end(refusals.TAKEN_OVER)
            if clean:
                self._publish_will(known)  # if one waits: its session ends here
            known.will = None  # else it is back before the will's delay was over (MQTT 5, section 3.1.3.2.2)
        session, present = self.sessions.open(identity.company, identity.vehicle, clean=clean)
        self.on_entered(session, clean)
        return session, present

    def moved(self, company: str, vehicle: str, at: float) -> list[Message]:
        """A vehicle has connected to another gateway (Unix seconds): its session here ends.

        Returns:
            What this session had for it.
        """
        session = self.sessions.get(company, vehicle)
        if session is None or (session.connection is not None and session.connection.since > at):
            return []
        if session.connection is not None:
            session.connection.end(refusals.TAKEN_OVER)
        session.will = None
        self.sessions.drop(session)
        return session.leftovers()

    def left(self, session: Session, will: Will | None) -> None:
        """A session's connection has ended; with a will, not by a proper good-bye."""
        self.on_left(session)
        session.ends = self.now + session.expiry
        session.will = will
        if will is not None:
            session.will_at = self.now + min(will.delay, session.expiry)
            if session.will_at <= self.now:
                self._publish_will(session)
        if not session.expiry:
            self.sessions.drop(session)

    def _publish_will(self, session: Session) -> None:
        will, session.will = session.will, None
        if will is not None:
            lane = self.lanes.lane(session.company, session.vehicle)
            lane.add(None, session.vehicle, bytes([will.kind]), [will.payload])

    # By itself.

    def _new_link(self) -> Link:
        return Link(self)

    def _press(self, reading: bool) -> None:
        """Back-pressure: stop reading from vehicles, or go on."""
        self.reading = reading and not self.draining
        self.report.counters["pauses_total"] += not reading
        for link in self._links:
            link.steer()
            if reading and isinstance(link.above, Connection):
                link.above.keep_alive()

    def _part_with_unwelcome(self) -> None:
        for link in list(self._links):
            connection = link.above
            if isinstance(connection, Connection) and isinstance(connection.identity, Identity):
                refusal = self.gatekeeper.unwelcome(connection.identity)
                if refusal is not None:
                    connection.will = None
                    connection.end(refusal)
        for session in self.sessions:
            if session.connection is None and not self.gatekeeper.knows(session.company, session.vehicle):
                self.sessions.drop(session)

    async def _sweep_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            before, self.now = self.now, loop.time()
            self._admission.sweep(self.now)
            # After a stall of our own, what clients sent in the meantime is read first.
            if self.now - before < 4 * SWEEP_SECONDS:
                self._sweep()
            self._gauge()

    def _sweep(self) -> None:
        """Everything that has had its time: one pass instead of a timer for each."""
        now, reading = self.now, self.reading
        late = [
            link for link in self._links if link.deadline <= now and (reading or link.closing or not link.established)
        ]
        for link in late:
            link.expire()
        for session in self.sessions:
            if session.connection is None:
                if session.will is not None and session.will_at <= now:
                    self._publish_will(session)
                if session.ends <= now:
                    self.sessions.drop(session)

    def _gauge(self) -> None:
        report, lanes = self.report, self.lanes
        report.gauge("connections", sum(link.established for link in self._links))
        report.gauge("sockets", len(self._links))
        report.gauge("handshakes_waiting", self._admission.waiting)
        report.gauge("sessions", len(self.sessions))
        report.gauge("pending_bytes", lanes.pending)
        report.gauge("reading", self.reading)
        report.gauge("journal_connected", self.ready)
        report.gauge("journal_lag_seconds", lanes.lag)
        for company, size in lanes.waiting().items():
            report.gauge("company_pending_bytes", size, company=company)
        report.counters["publishes_total"] = lanes.journaled
        report.counters["bytes_total"] = lanes.journaled_bytes
        report.counters["acknowledged_total"] = lanes.acknowledged
        report.problem("journal", None if self.ready else "the journal is away: vehicles are told to come back later")

    def _count_down(self, outcome: str) -> None:
        self.report.count("down_total", outcome=outcome)


_FAREWELLS = (refusals.TAKEN_OVER, refusals.SHUTTING_DOWN, refusals.KEEP_ALIVE)


def _nobody_else(*_: object) -> None:
    """There is nobody to tell."""
