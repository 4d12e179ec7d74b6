"""A table is kept in order: its log short, its waste removed, its old days dropped."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from kaido.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kaido.lake.files import DataFile
    from kaido.lake.table import Table

GRACE_SECONDS = 900.0
"""How long files that no longer (or not yet) belong to the table stay: readers may still be at them."""
_CLOCK_AHEAD = time.time() - time.monotonic()


def vacuum(table: Table, *, grace_seconds: float = GRACE_SECONDS) -> int:
    """Delete files that do not belong to the table.

    They were replaced, or a crash left them behind. Replacing touches a file, so its age counts from there.

    Returns:
        How many files were deleted.
    """
    if not table.exists():
        return 0
    horizon = _surely_past() - grace_seconds
    waste = [path for path in _data_files(table.folder) if _modified(path) < horizon]
    kept = {table.folder / file.path for file in table.files()}  # after listing: what is committed since is kept
    deleted = 0
    for path in waste:
        if path not in kept:
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted


def apply_retention(table: Table, days: int, *, today: dt.date | None = None) -> int:
    """Take out the files of days that are more than ``days`` old.

    Rows without a plausible day are as old as their file: when they were written, or last compacted.

    Returns:
        How many rows went.
    """
    first_kept = (today or clock.now().date()) - dt.timedelta(days=days)

    def expired(file: DataFile) -> bool:
        if file.day is not None:
            return file.day < first_kept
        return dt.datetime.fromtimestamp(_modified(table.folder / file.path), dt.UTC).date() < first_kept

    gone = [file for file in table.files() if expired(file)]
    if not gone or not table.replace(gone, [], rows_change=True):
        return 0
    return sum(file.rows for file in gone)


def _surely_past() -> float:
    """Now, or earlier where the machine's clock was set since we began: no file is taken for older than it is."""
    return min(time.time(), _CLOCK_AHEAD + time.monotonic())


def _data_files(folder: Path) -> Iterator[Path]:
    yield from folder.glob("*.parquet")
    yield from folder.glob("day=*/*.parquet")
    yield from folder.glob("_delta_log/*#*")  # what deltalake was about to commit
    yield from folder.glob("_delta_log/*.torn")


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
