"""Where an agent's frames come from."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kaido.can.frames import Frames


class Source(Protocol):
    """Frames, batch after batch, until there are no more.

    A recorded source waits: for a campaign before its first frame, and for room in the outbox later. One that is
    not recorded is a bus: now, or never.
    """

    @property
    def recorded(self) -> bool:
        """Whether the frames carry a time of their own and can wait."""

    def __aiter__(self) -> AsyncIterator[Frames]:
        """Batches of frames, in the order of their times but for jitter."""


class MemorySource:
    """Frames that another part of the process makes.

    Args:
        recorded: as in :class:`Source`.
        most: batches that wait at most; then ``put`` waits.
    """

    def __init__(self, *, recorded: bool = False, most: int = 16) -> None:
        self.recorded = recorded
        self._queue: asyncio.Queue[Frames | None] = asyncio.Queue(most)

    async def put(self, frames: Frames) -> None:
        """Hand over a batch."""
        await self._queue.put(frames)

    async def close(self) -> None:
        """There will be no more."""
        await self._queue.put(None)

    async def __aiter__(self) -> AsyncIterator[Frames]:
        while (frames := await self._queue.get()) is not None:
            yield frames
