"""Who may begin a handshake: a few at a time, in order of arrival, so that a storm of them ends one by one.

With ten thousand at once, each of which costs 3 ms, none would end within its time if all began together.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.gateway.link import Link
    from kaido.gateway.tls import TlsPipe

AT_ONCE = 64
PER_TURN = 4
"""Handshakes that begin in one turn of the event loop: what vehicles publish in the meantime is not held up."""
PATIENCE_SECONDS = 60.0
LEASE_SECONDS = 1.0
"""A client that has not ended its handshake by then no longer counts: a slow one does not hold up the others."""


class Admission:
    """The queue before the handshakes.

    Args:
        handshake_seconds: the time for a handshake and the CONNECT together, from its turn on.
        pipe: makes the TLS of one connection.
    """

    def __init__(self, handshake_seconds: float, pipe: Callable[[], TlsPipe]) -> None:
        self._loop = asyncio.get_running_loop()
        self._handshake_seconds = handshake_seconds
        self._pipe = pipe
        self._queue: deque[Link] = deque()
        self._begun: dict[Link, float] = {}
        self._scheduled = False

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._queue)

    def join(self, link: Link) -> None:
        """A client has said its first words."""
        link.deadline = self._loop.time() + PATIENCE_SECONDS
        self._queue.append(link)
        self._schedule()

    def leave(self, link: Link) -> None:
        """A handshake has ended, well or not."""
        if self._begun.pop(link, None) is not None:
            self._schedule()

    def sweep(self, now: float) -> None:
        """Let go of those that take long; they are ordered by when they began."""
        for link, begun in list(self._begun.items()):
            if begun + LEASE_SECONDS > now:
                break
            del self._begun[link]
        self._schedule()

    def _schedule(self) -> None:
        if self._queue and not self._scheduled and len(self._begun) < AT_ONCE:
            self._scheduled = True
            self._loop.call_soon(self._begin)

    def _begin(self) -> None:
        self._scheduled = False
        for _ in range(min(PER_TURN, AT_ONCE - len(self._begun), len(self._queue))):
            link = self._queue.popleft()
            if not link.closing:
                now = self._begun[link] = self._loop.time()
                link.deadline = now + self._handshake_seconds
                link.admit(self._pipe())
        self._schedule()
