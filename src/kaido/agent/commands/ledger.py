"""Which commands a vehicle has taken and how they ended, on disk: none is carried out twice."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_KEPT = 10_000
"""Commands that are remembered. Those that expired are forgotten first, and only for want of room."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS commands (
    id TEXT PRIMARY KEY,
    expires_ms INTEGER NOT NULL,       -- from here on it would be refused anyway
    response BLOB,                     -- NULL while it has not ended
    told INTEGER NOT NULL DEFAULT 0    -- whether the response is in the outbox
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS forgettable ON commands (expires_ms) WHERE told = 1;
"""


class FullError(Exception):
    """There is no room for another command."""


@dataclass(frozen=True)
class Entry:
    """A command that was taken: its final response, None while it has not ended."""

    id: str
    response: bytes | None


class Ledger:
    """Commands by id. What a call changed is on disk when it returns; any thread may call.

    Args:
        path: the SQLite file. One that is damaged is put aside.

    Raises:
        UnavailableError: it cannot be opened, read or written.
    """

    def __init__(self, path: Path, most: int = MOST_KEPT) -> None:
        self._path = path
        self._most = most
        self._lock = threading.Lock()
        try:
            self._db = _connect(path)
        except sqlite3.OperationalError as error:
            raise UnavailableError(f"the commands' ledger {path} cannot be opened", why=str(error)) from error
        except sqlite3.DatabaseError:
            path.rename(path.with_name(f"{path.name}.damaged-{int(time.time())}"))
            self._db = _connect(path)

    def begin(self, command_id: str, now_ms: int, expires_ms: int) -> None:
        """Take a command that is not known.

        Raises:
            FullError: no room, and none of those kept has expired.
        """
        with self._transaction() as database:
            self._make_room(database, now_ms)
            database.execute("INSERT INTO commands (id, expires_ms) VALUES (?, ?)", (command_id, expires_ms))

    def find(self, command_id: str) -> Entry | None:
        """What is known of a command."""
        with self._transaction() as database:
            row = database.execute("SELECT id, response FROM commands WHERE id = ?", (command_id,)).fetchone()
            return Entry(*row) if row else None

    def end(self, command_id: str, response: bytes) -> bool:
        """Note how it ended; False where it had ended before (the first end stays)."""
        with self._transaction() as database:
            changed = database.execute(
                "UPDATE commands SET response = ? WHERE id = ? AND response IS NULL", (response, command_id)
            )
            return changed.rowcount == 1

    def told(self, command_id: str) -> None:
        """Its response is in the outbox."""
        with self._transaction() as database:
            database.execute("UPDATE commands SET told = 1 WHERE id = ?", (command_id,))

    def unfinished(self) -> list[str]:
        """Commands that were taken and have not ended."""
        with self._transaction() as database:
            return [row[0] for row in database.execute("SELECT id FROM commands WHERE response IS NULL")]

    def untold(self) -> list[tuple[str, bytes]]:
        """Commands that ended and whose response may not be in the outbox, with that response."""
        with self._transaction() as database:
            return database.execute(
                "SELECT id, response FROM commands WHERE response IS NOT NULL AND told = 0"
            ).fetchall()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _make_room(self, database: sqlite3.Connection, now_ms: int) -> None:
        (count,) = database.execute("SELECT count(*) FROM commands").fetchone()
        if count < self._most:
            return
        forgotten = database.execute(
            "DELETE FROM commands WHERE id IN (SELECT id FROM commands WHERE told = 1 AND expires_ms < ?"
            " ORDER BY expires_ms LIMIT ?)",
            (now_ms, max(1, self._most // 10)),
        )
        if not forgotten.rowcount:
            raise FullError

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                with self._db:
                    self._db.execute("BEGIN IMMEDIATE")
                    yield self._db
            except sqlite3.Error as error:
                raise UnavailableError(
                    f"the commands' ledger {self._path} cannot be written", why=str(error)
                ) from error


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")  # a commit is on disk, power cut or not
        database.executescript(_SCHEMA)
        database.execute("SELECT count(*) FROM commands").fetchone()
    except BaseException:
        database.close()
        raise
    return database
