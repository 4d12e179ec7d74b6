"""Ending tasks for good."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

AGAIN_SECONDS = 1.0


async def end(tasks: Iterable[asyncio.Task[Any]]) -> list[Exception]:
    """Cancel tasks and wait until they are over.

    In Python 3.11 ``asyncio.wait_for`` swallows a cancellation that comes together with what it waits for, and nats-py
    waits with it. A task that reads a backlog would then go on for ever; so it is told again.

    Returns:
        The errors that they ended with.
    """
    tasks = list(tasks)
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
    errors = (task.exception() for task in tasks if not task.cancelled())
    return [error for error in errors if isinstance(error, Exception)]
