"""What many viewers of one fleet cost the server."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from websockets.asyncio.client import connect

from kaido.api import position_frames
from kaido.bench.site import HOST
from kaido.errors import UnavailableError
from kaido.runtime.tasks import end

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from kaido.bench.site import Site

FIRST_SECONDS = 30.0


class Watching:
    """What viewers were told.

    Attributes:
        frames: in all.
        cars: that frames spoke of, in all.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.cars = 0

    async def watch(self, link: ClientConnection, first: asyncio.Event) -> None:
        """Read a link, for ever."""
        async for message in link:
            if isinstance(message, bytes):
                self.frames += 1
                self.cars += position_frames.HEADER.unpack_from(message)[7]
                first.set()


async def share_of_a_core(site: Site, token: str, viewers: int, seconds: float) -> tuple[float, Watching]:
    """How much of a core the API's process takes with so many viewers, in percent, and what they were told.

    Raises:
        UnavailableError: a viewer is told nothing.
    """
    url = f"ws://{HOST}:{site.settings.api_port}/v1/live/positions"
    told = Watching()
    async with AsyncExitStack() as stack:
        watching, firsts = [], [asyncio.Event() for _ in range(viewers)]
        for first in firsts:
            headers = {"Authorization": f"Bearer {token}"}
            link = await stack.enter_async_context(connect(url, additional_headers=headers, max_size=None))
            watching.append(asyncio.create_task(told.watch(link, first)))
        try:
            await asyncio.wait_for(asyncio.gather(*(first.wait() for first in firsts)), FIRST_SECONDS)
            told.frames = told.cars = 0
            before, began = site.usage()["api"].cpu_s, time.perf_counter()
            await asyncio.sleep(seconds)
            used, took = site.usage()["api"].cpu_s - before, time.perf_counter() - began
        except TimeoutError as error:
            raise UnavailableError("a viewer of the bench is told nothing") from error
        finally:
            await end(watching)
    return 100 * used / took, told
