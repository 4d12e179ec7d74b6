"""The load client: thousands of vehicles on one event loop, as fast as they are acknowledged or at a given rate."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from kaido.flow_names import UpKind
from kaido.runtime import tasks
from kaido.sim.load.link import Link, Tally
from kaido.sim.load.tls import context
from kaido.sim.load.window import Window
from kaido.wire.topics import KAIDO

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kaido.sim.load.commands import Commands
    from kaido.sim.load.payload import Payload
    from kaido.wire.topics import Prefixes

_TICK_S = 0.005
_LOOK_AFTER_S = 0.25
_CONNECTING_AT_ONCE = 64


@dataclass(frozen=True)
class Server:
    """Where to connect. Without ``ca``, without TLS (another broker, a bench)."""

    host: str
    port: int
    ca: Path | None = None
    name: str = "localhost"


@dataclass(frozen=True)
class LoadVehicle:
    """A vehicle.

    Attributes:
        id: MQTT client id.
        payloads: what it publishes, in turn.
        certificate: PEM of certificate and key in one file.
        on_kept: told the packets (PUBLISH) that were acknowledged, each once.
    """

    id: str
    payloads: Sequence[Payload]
    certificate: Path | None = None
    on_kept: Callable[[Sequence[bytes]], None] | None = None


@dataclass(frozen=True)
class Connected:
    """How connecting went.

    Attributes:
        refused: why connections did not come about, with how many.
        resumed: how many took up an earlier TLS session.
    """

    count: int
    seconds: float
    refused: dict[str, int]
    resumed: int

    @property
    def per_second(self) -> float:
        """Connections made a second."""
        return self.count / max(self.seconds, 1e-9)


@dataclass(frozen=True)
class Figures:
    """What a run of publishing came to; latencies are seconds from sending to PUBACK."""

    seconds: float
    acknowledged: int
    sent_bytes: int
    rejected: int
    resent: int
    lost: dict[str, int]
    p50_s: float
    p99_s: float
    worst_s: float

    @property
    def per_second(self) -> float:
        """Publishes acknowledged a second."""
        return self.acknowledged / self.seconds


class LoadClient:
    """Vehicles that connect and publish.

    With fewer ``connections`` than vehicles they take turns: each publishes ``turn`` times, then the next connects.

    Args:
        server: where to.
        vehicles: who.
        window: publishes of each that may be unacknowledged.
        connections: how many at once; all by default.
        turn: publishes of a vehicle until another has its turn.
        prefixes: the topics' spelling.
        resume: connections after the first take up the TLS session of the one before.
        timeout_s: for one connection to come about.
        commands: what answers commands; without it the vehicles take none.
    """

    def __init__(
        self,
        server: Server,
        vehicles: Sequence[LoadVehicle],
        *,
        window: int = 64,
        connections: int | None = None,
        turn: int = 100,
        prefixes: Prefixes = KAIDO,
        resume: bool = True,
        timeout_s: float = 30.0,
        commands: Commands | None = None,
    ) -> None:
        self.server = server
        self._resume = resume
        self.tally = Tally()
        self._timeout_s = timeout_s
        self._turn = turn if connections is not None and connections < len(vehicles) else None
        self._links = [
            Link(
                one.id,
                Window(prefixes.up(one.id, UpKind.SIGNALS), one.payloads, window, one.on_kept),
                self.tally,
                self._room,
            )
            for one in vehicles
        ]
        for link in self._links:
            link.commands = commands
        self._certificates = {one.id: one.certificate for one in vehicles}
        self._active = self._links[: connections or len(vehicles)]
        self._waiting = deque(self._links[len(self._active) :])
        self._turn_began: dict[str, int] = {}
        self._publishing = False
        self._rate: float | None = None
        self._caretaker: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def in_doubt(self) -> int:
        """Publishes that were sent and have no answer yet."""
        return sum(len(link.window.flying) for link in self._links)

    @property
    def up(self) -> int:
        """Connections that are up."""
        return sum(link.is_up for link in self._active)

    async def connect(self) -> Connected:
        """Connect all that are down, and from now on keep them up."""
        if self._caretaker is None:
            self._caretaker = asyncio.create_task(self._look_after())
        async with self._connecting:
            return await self._connect_all()

    async def storm(self) -> Connected:
        """Drop every connection at once, and connect them all again."""
        async with self._connecting:
            for link in self._active:
                link.drop()
            return await self._connect_all()

    async def publish(
        self, seconds: float, *, rate: float | None = None, burst: int = 1, stop: asyncio.Event | None = None
    ) -> Figures:
        """Publish for so long, then wait until all is acknowledged (at most as long as a connection may take).

        Args:
            seconds: how long new publishes are made.
            rate: publishes a second of all together; without it, as fast as acknowledgements come.
            burst: with a rate, how many a vehicle publishes behind each other when it is its turn.
            stop: ends it early.
        """
        stop = stop or asyncio.Event()
        before = self.tally.acknowledged, self.tally.sent_bytes, self.tally.rejected, self.tally.resent
        self.tally.latency_s.clear()
        began = time.perf_counter()
        self._publishing, self._rate = True, rate
        if rate is None:
            for link in self._active:
                self._room(link)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)
        else:
            await self._publish_at(rate, burst, seconds, stop)
        self._publishing = False
        ended = time.perf_counter()
        acknowledged = self.tally.acknowledged - before[0]
        await self._settle()
        latencies = np.array(self.tally.latency_s or [np.nan])
        return Figures(
            seconds=ended - began,
            acknowledged=acknowledged,
            sent_bytes=self.tally.sent_bytes - before[1],
            rejected=self.tally.rejected - before[2],
            resent=self.tally.resent - before[3],
            lost=dict(self.tally.lost),
            p50_s=float(np.percentile(latencies, 50)),
            p99_s=float(np.percentile(latencies, 99)),
            worst_s=float(latencies.max()),
        )

    async def close(self) -> None:
        """End all connections."""
        if self._caretaker is not None:
            await tasks.end([self._caretaker])
            self._caretaker = None
        for link in self._active:
            link.close()
        await asyncio.sleep(0)

    async def _connect_all(self) -> Connected:
        began = time.perf_counter()
        down = [link for link in self._active if not link.is_up]
        gate = asyncio.Semaphore(_CONNECTING_AT_ONCE)
        refused: dict[str, int] = {}

        async def one(link: Link) -> None:
            async with gate:
                try:
                    await self._connect(link)
                except OSError as error:
                    why = str(error) or type(error).__name__
                    refused[why] = refused.get(why, 0) + 1

        await asyncio.gather(*(one(link) for link in down))
        made = [link for link in down if link.is_up]
        seconds = time.perf_counter() - began
        return Connected(len(made), seconds, refused, sum(link.resumed for link in made))

    async def _connect(self, link: Link) -> None:
        certificate = self._certificates[link.vehicle]
        if not self._resume:
            link.session = None
        if link.context is None and certificate and self.server.ca:
            link.context = context(certificate, self.server.ca)
        await link.connect(self.server.host, self.server.port, self.server.name, self._timeout_s)

    async def _publish_at(self, rate: float, burst: int, seconds: float, stop: asyncio.Event) -> None:
        began = time.perf_counter()
        made, turn = 0, 0
        while (passed := time.perf_counter() - began) < seconds and not stop.is_set():
            turns = (int(rate * passed) - made) // burst
            made += turns * burst
            for _ in range(min(turns, 10 * len(self._active))):
                turn = (turn + 1) % len(self._active)
                self._active[turn].send(burst)
            await asyncio.sleep(_TICK_S)

    async def _settle(self) -> None:
        until = time.perf_counter() + self._timeout_s
        while any(link.window.flying for link in self._active) and time.perf_counter() < until:  # noqa: ASYNC110  # many links, one look now and then
            await asyncio.sleep(_TICK_S)

    def _room(self, link: Link) -> None:
        if not self._publishing or self._rate is not None:
            return
        room = link.window.room
        if self._turn is not None:
            room = min(room, self._turn_began.get(link.vehicle, 0) + self._turn - link.window.events)
        if room > 0:
            link.send(room)

    async def _look_after(self) -> None:
        """Connections that ended come back, idle ones stay alive, and vehicles take turns."""
        while True:
            await asyncio.sleep(_LOOK_AFTER_S)
            for place, link in enumerate(self._active):
                if self._turn is not None and self._has_had_its_turn(link):
                    link.close()
                    self._waiting.append(link)
                    self._active[place] = following = self._waiting.popleft()
                    self._turn_began[following.vehicle] = following.window.events
                else:
                    link.ping()
            if any(not link.is_up for link in self._active):
                await self.connect()

    def _has_had_its_turn(self, link: Link) -> bool:
        made = link.window.events - self._turn_began.get(link.vehicle, 0)
        return self._turn is not None and made >= self._turn and not link.window.flying
