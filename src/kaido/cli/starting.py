"""Starting the platform for a command, so that Ctrl-C also ends the start."""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from kaido.platform.supervisor import Platform


@asynccontextmanager
async def started(platform: Platform) -> AsyncGenerator[asyncio.Event]:
    """The platform started; what it gives is an event that SIGINT and SIGTERM set.

    Raises:
        click.Abort: the signal came while it started; what had started is ended.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    start = asyncio.create_task(platform.__aenter__())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({start, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not start.done():
        start.cancel()
        await asyncio.wait({start})
        if start.cancelled() or start.exception():
            raise click.Abort
    await start
    try:
        yield stop
    finally:
        await platform.__aexit__(None, None, None)
