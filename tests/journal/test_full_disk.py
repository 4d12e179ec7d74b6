"""NATS stops writing when its disk is full; it is started again when there is room, and nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from kaido.errors import UnavailableError
from kaido.flow import UP_SCHEMA, UpKind
from kaido.journal import EmbeddedServer, Journal
from kaido.journal.health import complaint
from kaido.runtime.settings import load
from tests.disks import disk, fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DISK_BYTES = 40_000_000
PAYLOAD_BYTES = 400_000


@pytest.fixture
def own_disk(tmp_path: Path) -> Iterator[Path]:
    with disk(tmp_path / "disk", DISK_BYTES) as folder:
        yield folder


def batch() -> pa.RecordBatch:
    row = {"vehicle": "car-1", "kind": int(UpKind.SIGNALS), "arrival": datetime.now(UTC)}
    return pa.RecordBatch.from_pylist([row | {"payload": os.urandom(PAYLOAD_BYTES)}], UP_SCHEMA)


async def publish_for_ever(journal: Journal, taken: list[int]) -> None:
    while True:
        taken.append(await journal.publish_up("acme", 0, batch(), message_id=str(len(taken)), timeout=1))


async def until_it_takes(journal: Journal, message_id: str) -> int:
    async with asyncio.timeout(40):
        while True:
            with contextlib.suppress(UnavailableError):
                return await journal.publish_up("acme", 0, batch(), message_id=message_id, timeout=1)
            await asyncio.sleep(0.2)


async def test_a_full_disk_is_survived(own_disk: Path) -> None:
    ballast = own_disk / "ballast"
    ballast.write_bytes(bytes(DISK_BYTES * 7 // 10))
    async with EmbeddedServer(own_disk / "nats") as server:
        journal = await Journal.connect(server.url, server.token, load(data=own_disk))
        await journal.ensure_company("acme")
        taken: list[int] = []
        with pytest.raises(UnavailableError, match="its disk is full"):
            await publish_for_ever(journal, taken)
        kept = len(taken)
        assert taken == list(range(1, kept + 1))
        async with asyncio.timeout(60):
            while "journal" not in server.report.problems:  # noqa: ASYNC110  # it looks every two seconds
                await asyncio.sleep(0.1)
        assert "is full: nothing is acknowledged" in server.report.problems["journal"]
        assert server.restarts == 0
        ballast.unlink()
        seq = await until_it_takes(journal, str(kept))
        assert kept < seq <= kept + 1
        assert server.restarts == 1
        async with asyncio.timeout(60):
            while server.report.problems:  # noqa: ASYNC110  # as above
                await asyncio.sleep(0.1)
        state = await journal.state("acme", 0)
        assert (state.first_seq, state.messages) == (1, seq)
        await journal.close()


async def test_it_starts_on_a_full_disk_when_there_is_room_again(own_disk: Path) -> None:
    ballast = own_disk / "ballast"
    async with EmbeddedServer(own_disk / "nats") as server:
        journal = await Journal.connect(server.url, server.token, load(data=own_disk))
        await journal.ensure_company("acme")
        await journal.publish_up("acme", 0, batch(), message_id="first")
        fill(ballast)
        os.kill(server.pid, 9)
        await asyncio.sleep(1)
        ballast.unlink()
        assert await until_it_takes(journal, "second") == 2
        await journal.close()


def test_a_monitor_that_does_not_answer_is_no_complaint() -> None:
    assert complaint("127.0.0.1:1") is None
