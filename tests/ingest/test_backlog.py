"""Ingest that is told to end, or fails, while it reads a backlog."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kaido.ingest.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from kaido.journal import JournalMessage

    from .conftest import Plant

ROUNDS = 6
A_ROUND = 400


async def backlog(plant: Plant, first: int, count: int = A_ROUND) -> None:
    for start in range(first, first + count, 50):
        some = range(start, min(start + 50, first + count))
        await asyncio.gather(*(plant.publish([plant.payload(event, samples=1)]) for event in some))


async def test_it_ends_in_the_midst_of_a_backlog(plant: Plant) -> None:
    for turn in range(ROUNDS):
        await backlog(plant, 1 + turn * A_ROUND)
        async with plant.ingest(ingest_batch_ms=10_000):  # it is still gathering when it is told to end
            await asyncio.sleep(0.15 + 0.05 * turn)
    async with plant.ingest():
        await plant.settled(ROUNDS * A_ROUND)
    assert plant.counted() == plant.expected(range(1, ROUNDS * A_ROUND + 1), samples=1)


async def test_it_goes_on_behind_a_failure_in_the_midst_of_a_backlog(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await backlog(plant, 1)
    failures = 0
    decode = Session._decode_and_fold

    def fails_at_first(session: Session, stream: object, messages: Sequence[JournalMessage]) -> object:
        nonlocal failures
        if failures < ROUNDS:
            failures += 1
            raise RuntimeError("nobody foresaw it")
        return decode(session, stream, messages)  # type: ignore[arg-type]

    monkeypatch.setattr(Session, "_decode_and_fold", fails_at_first)
    monkeypatch.setattr("kaido.ingest.company.RETRY_SECONDS", (0.05,))
    async with plant.ingest(ingest_batch_ms=10_000, ingest_batch_bytes=100_000):  # more is read meanwhile
        await plant.settled(A_ROUND, seconds=60)
    assert failures == ROUNDS
    assert plant.counted() == plant.expected(range(1, A_ROUND + 1), samples=1)


async def test_what_fails_beside_the_batches_is_told_and_tried_again(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = 0
    watch = Session._watch_lag

    async def fails_at_first(session: Session) -> None:
        nonlocal failures
        failures += 1
        if failures == 1:
            raise RuntimeError("nobody foresaw it")
        await watch(session)

    monkeypatch.setattr(Session, "_watch_lag", fails_at_first)
    async with plant.ingest():
        await plant.publish([plant.payload(1, samples=1)])
        await plant.settled(1)
        async with asyncio.timeout(30):
            while failures < 2:  # noqa: ASYNC110  # what is waited for has no event
                await asyncio.sleep(0.01)
