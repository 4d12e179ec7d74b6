from __future__ import annotations

import asyncio
import contextlib

from kaido.runtime import tasks


async def test_errors_are_given_and_cancellations_are_none() -> None:
    async def fails() -> None:
        raise ValueError("no")

    failed, waiting = asyncio.create_task(fails()), asyncio.create_task(asyncio.sleep(60))
    await asyncio.sleep(0)
    assert [str(error) for error in await tasks.end([failed, waiting])] == ["no"]
    assert waiting.cancelled()
    assert await tasks.end([]) == []


async def test_a_task_that_swallows_a_cancellation_is_told_again() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        swallowed += 1
        await asyncio.sleep(60)

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await tasks.end([task])
    assert (task.cancelled(), swallowed) == (True, 1)
