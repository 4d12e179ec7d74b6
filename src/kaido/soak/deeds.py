"""Doing what the schedule says: signals to processes, storms of vehicles, hostile clients."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kaido.soak.fleet import Fleet
    from kaido.soak.schedule import Event
    from kaido.soak.site import Site

STALL_SECONDS = 4.0
RETRY_SECONDS = 0.25
HOSTILE_SOCKETS = 50
HOSTILE_SECONDS = 3.0
_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGTERM}


class Deeds:
    """Carries out events.

    Args:
        site: the platform.
        fleet: the vehicles.
        seed: of the hostile clients' bytes.
        say: told of each.
    """

    def __init__(self, site: Site, fleet: Fleet, seed: int, say: Callable[[str], None]) -> None:
        self.done: Counter[str] = Counter()
        self._site = site
        self._fleet = fleet
        self._lot = random.Random(seed)  # noqa: S311  # it has to be repeatable, not secret
        self._say = say

    async def carry_out(self, events: Sequence[Event]) -> None:
        """All of them at their time from now on; one that lasts does not hold up the next."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as group:
            for event in events:
                await asyncio.sleep(max(began + event.at_s - loop.time(), 0))
                group.create_task(self._do(event))

    async def _do(self, event: Event) -> None:
        self._say(f"{event.at_s:7.1f} s  {event.deed} {event.part}".rstrip())
        match event.deed:
            case "kill" | "stop":
                await self._signal(event.part, _SIGNALS[event.deed])
            case "stall":
                await self._stall(event.part)
            case "storm":
                await asyncio.gather(*(client.storm() for client in self._fleet.clients))
            case "hostile":
                await self._be_hostile()
        self.done[f"{event.deed} {event.part}".rstrip()] += 1

    async def _signal(self, part: str, number: signal.Signals) -> None:
        """To a process that may be starting just now."""
        while not await asyncio.to_thread(self._site.signal, part, number):  # noqa: ASYNC110  # it is not our process
            await asyncio.sleep(RETRY_SECONDS)

    async def _stall(self, part: str) -> None:
        await self._signal(part, signal.SIGSTOP)
        await asyncio.sleep(STALL_SECONDS)
        await asyncio.to_thread(self._site.signal, part, signal.SIGCONT)  # it may have been killed meanwhile

    async def _be_hostile(self) -> None:
        """Sockets that say nothing, sockets that say nonsense, and sockets that stop in the middle of a handshake."""
        host, port = self._fleet.clients[0].server.host, self._fleet.clients[0].server.port
        writers = []
        for number in range(HOSTILE_SOCKETS):
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(HOSTILE_SECONDS):
                    _, writer = await asyncio.open_connection(host, port)
                writers.append(writer)
                if number % 3:
                    head = b"\x16\x03\x01\x02\x00\x01" if number % 3 == 1 else b""
                    writer.write(head + self._lot.randbytes(self._lot.randint(1, 2_000)))
        await asyncio.sleep(HOSTILE_SECONDS)
        for writer in writers:
            writer.transport.abort()
