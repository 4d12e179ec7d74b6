"""No room: nothing is acknowledged, the status says so, and all goes on by itself when there is room again."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from tests.disks import disk, fill
from tests.soak.loaded import Loaded

if TYPE_CHECKING:
    from pathlib import Path

DISK_BYTES = 300_000_000
QUIET_SECONDS = 1.5


async def until_nothing_is_acknowledged(loaded: Loaded) -> int:
    """Wait until so many seconds pass without an acknowledgement; how many there were until then."""
    async with asyncio.timeout(60):
        before = -1
        while loaded.ledger.count != before:
            before = loaded.ledger.count
            await asyncio.sleep(QUIET_SECONDS)
    return before


def says(loaded: Loaded, what: str) -> bool:
    """Whether the platform's status names a problem."""
    return any(what in problem for problem in loaded.status()["problems"])


async def test_a_full_disk(tmp_path: Path) -> None:
    with disk(tmp_path / "disk", DISK_BYTES) as folder:
        async with Loaded(tmp_path, {"KAIDO_DATA": str(folder)}) as loaded:
            ballast = folder / "ballast"
            fill(ballast)
            before = await until_nothing_is_acknowledged(loaded)
            fill(ballast)
            await loaded.until(lambda: says(loaded, "is full: nothing is acknowledged to vehicles"))
            ballast.unlink()
            await loaded.more()
            assert loaded.ledger.count > before
            await loaded.count()


async def test_a_full_journal(tmp_path: Path) -> None:
    settings = {"KAIDO_JOURNAL_MAX_BYTES": "1000000", "KAIDO_SNAPSHOT_SECONDS": "1"}
    async with Loaded(tmp_path, settings, rate=300, samples=40) as loaded:
        loaded.site.signal("ingest", signal.SIGSTOP)
        before = await until_nothing_is_acknowledged(loaded)
        await loaded.until(lambda: says(loaded, "maximum bytes exceeded"))
        loaded.site.signal("ingest", signal.SIGCONT)
        await loaded.more()
        assert loaded.ledger.count > before
        await loaded.count()
