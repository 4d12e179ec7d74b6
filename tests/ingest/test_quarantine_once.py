"""A payload that cannot be read is in quarantine once, and a replay brings it to the lake once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from kaido.catalog import DecoderManifest
from kaido.catalog.store import CatalogStore
from kaido.errors import InvalidInputError, UnavailableError
from kaido.flow import UpKind
from kaido.ingest.intake import once_more
from kaido.ingest.replayed import MOST, Replayed
from kaido.journal.replays import Replay, unwrap, wrap
from kaido.lake import Lake

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import pytest

    from .conftest import Plant

UNKNOWN_SECONDS = 1.1
"""An unknown manifest is asked for once a second."""


def later(plant: Plant) -> DecoderManifest:
    return DecoderManifest.of("later", plant.manifest.signals)


async def replay(plant: Plant, rows: Sequence[dict[str, Any]]) -> None:
    """What the API does, without its second step: it was killed before that."""
    wrapped = [wrap(Replay(row["kind"], row["id"], row["payload"])) for row in rows]
    await plant.publish(wrapped, kind=UpKind.REPLAY)


async def test_what_cannot_be_read_counts_once_however_often_it_comes(plant: Plant) -> None:
    async with plant.ingest():
        await plant.publish([b"\xff", b"\xff", b"\xfe", plant.payload(1)])
        await plant.settled(5)
    async with plant.ingest():
        await plant.publish([b"\xfe", b"\xff", plant.payload(2)])
        await plant.publish([b"\xff", plant.payload(3)], vehicle="car-2")
        await plant.settled(15)
        assert len(await plant.settled(3, "quarantine")) == 3


async def test_a_replay_that_is_repeated_after_a_crash_counts_once(plant: Plant) -> None:
    manifest = later(plant)
    async with plant.ingest():
        await plant.publish([plant.payload(n, sync_id=manifest.sync_id) for n in range(1, 4)])
        rows = (await plant.settled(3, "quarantine")).to_pylist()
        CatalogStore(plant.store).save_manifest(plant.company, manifest)
        await asyncio.sleep(UNKNOWN_SECONDS)
        await replay(plant, rows[:2])
        await plant.settled(10)
    async with plant.ingest():  # the rows are still in quarantine, and somebody replays all of them
        await replay(plant, [*rows, rows[0]])
        await plant.settled(15)
        await plant.publish([plant.payload(9)])
        await plant.settled(20)
        assert plant.counted() == plant.expected([1, 2, 3, 9])


async def test_what_still_cannot_be_read_comes_back_once(plant: Plant) -> None:
    async with plant.ingest():
        await plant.publish([b"\xff"])
        rows = (await plant.settled(1, "quarantine")).to_pylist()
        for _ in range(2):
            await replay(plant, rows)
        await plant.publish([b"cut"], kind=UpKind.REPLAY)
        await plant.publish([plant.payload(1)])
        await plant.settled(5)
        found = (await plant.settled(3, "quarantine")).to_pylist()
        assert sorted(row["payload"] for row in found) == [b"cut", b"\xff", b"\xff"]
        assert len({row["id"] for row in found}) == 3


async def test_what_was_quarantined_before_a_crash_is_not_read_after_it(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between its two commits, ingest finds a payload readable that it has put in quarantine already."""
    manifest = later(plant)

    def killed(*_: object, **__: object) -> bool:
        raise UnavailableError("killed here")

    async with plant.ingest():
        await plant.publish([plant.payload(1)])
        await plant.settled(5)
    with monkeypatch.context() as patch:
        patch.setattr(Lake, "append", killed)
        async with plant.ingest():
            await plant.publish([plant.payload(2), plant.payload(3, sync_id=manifest.sync_id)])
            await plant.settled(1, "quarantine")
    CatalogStore(plant.store).save_manifest(plant.company, manifest)
    async with plant.ingest():
        await plant.settled(10)
        await plant.publish([plant.payload(4)])
        await plant.settled(15)
        assert plant.counted() == plant.expected([1, 2, 4])
        assert len(plant.rows("quarantine")) == 1


@given(st.integers(0, 5), st.text(min_size=1, max_size=60), st.binary(max_size=50))
def test_wrapping_keeps_all(kind: int, row: str, payload: bytes) -> None:
    assert unwrap(wrap(Replay(kind, row, payload))) == Replay(kind, row, payload)


@given(st.binary(max_size=80))
def test_whatever_comes_is_unwrapped_or_refused(data: bytes) -> None:
    try:
        found = unwrap(data)
    except InvalidInputError:
        return
    assert found.row
    assert found.kind != UpKind.REPLAY


def test_the_memory_of_replays_is_bounded_and_keeps_the_newest() -> None:
    memory = Replayed()
    memory.remember(f"row-{number}" for number in range(MOST + 10))
    assert "row-9" not in memory
    assert "row-10" in memory
    assert len(memory.to_list()) == MOST


def test_rows_without_replays_are_left_as_they_are() -> None:
    rows = pa.RecordBatch.from_pylist([], pa.schema([("kind", pa.uint8())]))
    assert once_more(rows, Replayed()) == (rows, {}, {})
