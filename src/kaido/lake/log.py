"""The folder ``_delta_log``: brought to disk entry by entry, healed after a power cut, kept short."""

from __future__ import annotations

import json
import os
import re
import threading
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from kaido.runtime import folders

if TYPE_CHECKING:
    from pathlib import Path

_ENTRY = re.compile(r"\d{20}\.json")


class Log:
    """The log entries of one table.

    An entry of number n is of use only with all before it, so ``sync`` brings every entry to disk that this process
    has not seen there yet, whoever wrote it. A torn entry or checkpoint (a power cut before its writer synced it)
    was never acknowledged by anybody; it is taken away, because nothing could be read past it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._synced = ""
        self._healed = False

    def exists(self) -> bool:
        """Whether the table was made."""
        return self.folder.is_dir()

    def newest(self) -> str:
        """The name of the newest entry; every commit makes another."""
        return max(self._entries(), default="")

    def added(self, number: int) -> list[dict[str, Any]] | None:
        """The ``add`` actions of an entry that bring new rows; None if the entry is no longer there."""
        return self._changes(number, "add")

    def removed(self, number: int) -> list[dict[str, Any]] | None:
        """The ``remove`` actions of an entry that take rows away; None if the entry is no longer there."""
        return self._changes(number, "remove")

    def _changes(self, number: int, kind: str) -> list[dict[str, Any]] | None:
        try:
            text = (self.folder / f"{number:020}.json").read_bytes()
        except FileNotFoundError:
            return None
        actions = (json.loads(line).get(kind) for line in text.splitlines())
        return [action for action in actions if action and action.get("dataChange", True)]

    def sync(self) -> None:
        """Bring all entries to disk."""
        with self._lock:
            new = [name for name in self._entries() if name > self._synced]
            for name in new:
                _sync_file(self.folder / name)
            folders.sync_folder(self.folder)
            self._synced = max(new, default=self._synced)

    def heal(self) -> None:
        """Take torn files away, once, before this process first reads the table."""
        with self._lock:
            if self._healed or not self.exists():
                return
            for name in sorted(self._entries(), reverse=True):
                if _whole(self.folder / name):
                    break
                (self.folder / name).rename(self.folder / f"{name}.torn")
            for checkpoint in self.folder.glob("*.checkpoint.parquet"):
                if not _readable(checkpoint):
                    checkpoint.rename(checkpoint.with_suffix(".torn"))
                    (self.folder / "_last_checkpoint").unlink(missing_ok=True)
            self._healed = True
        self.sync()

    def entries_since_checkpoint(self) -> int:
        """How many entries a reader has to go through."""
        names = self._names()
        last = max((name[:20] for name in names if name.endswith(".checkpoint.parquet")), default="")
        return sum(1 for name in names if _ENTRY.fullmatch(name) and name[:20] > last)

    def sync_checkpoint(self) -> None:
        """Bring the newest checkpoint to disk; only then may the entries before it go."""
        newest = max(self.folder.glob("*.checkpoint.parquet"))
        for path in (newest, self.folder / "_last_checkpoint"):
            _sync_file(path)
        folders.sync_folder(self.folder)

    def _entries(self) -> list[str]:
        return [name for name in self._names() if _ENTRY.fullmatch(name)]

    def _names(self) -> list[str]:
        return os.listdir(self.folder)  # noqa: PTH208  # thousands of names, at every commit: no object for each


def _whole(path: Path) -> bool:
    lines = path.read_bytes().splitlines()
    try:
        return bool(lines) and all(isinstance(json.loads(line), dict) for line in lines)
    except ValueError:
        return False


def _readable(path: Path) -> bool:
    try:
        pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        return False
    return True


def _sync_file(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # cleaned up meanwhile: it lies before a checkpoint that is on disk
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
