"""The outbox's file: opened, brought to the shape of this version, set aside when it is damaged."""

from __future__ import annotations

import logging
import sqlite3
import time
from typing import TYPE_CHECKING

from kaido.errors import UnavailableError
from kaido.runtime import log

if TYPE_CHECKING:
    from pathlib import Path

_LOG = logging.getLogger(__name__)

_FIRST = """
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: a late acknowledgement cannot meet another row
    priority INTEGER NOT NULL,
    size INTEGER NOT NULL,
    sent INTEGER,                          -- the order of sending; NULL while it waits
    packet_id INTEGER,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS waiting ON outbox (priority, id) WHERE sent IS NULL;
CREATE INDEX IF NOT EXISTS in_doubt ON outbox (sent) WHERE sent IS NOT NULL;
"""
_PARTITIONS = """
ALTER TABLE outbox ADD COLUMN partition TEXT;  -- where it is stored until a condition holds; NULL once it may go
ALTER TABLE outbox ADD COLUMN stored_s INTEGER;  -- since when, Unix seconds
CREATE TABLE partitions (
    key TEXT PRIMARY KEY,
    max_bytes INTEGER NOT NULL,
    minimum_s INTEGER NOT NULL,
    definition BLOB NOT NULL
);
DROP INDEX waiting;
CREATE INDEX waiting ON outbox (priority, id) WHERE sent IS NULL AND partition IS NULL;
CREATE INDEX stored ON outbox (partition, priority, id) WHERE partition IS NOT NULL;
CREATE INDEX by_age ON outbox (id) WHERE partition IS NULL;
CREATE INDEX stored_by_age ON outbox (id) WHERE partition IS NOT NULL;
"""
_VERSIONS = (_FIRST, _PARTITIONS)


def open_file(path: Path) -> sqlite3.Connection:
    """The file, ready.

    Raises:
        UnavailableError: it cannot be opened.
    """
    try:
        return _connect(path)
    except sqlite3.OperationalError as error:
        raise UnavailableError(f"the outbox {path} cannot be opened", why=str(error)) from error
    except sqlite3.DatabaseError as error:
        aside = path.with_name(f"{path.name}.damaged-{int(time.time())}")
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.rename(aside)
        log.event(_LOG, logging.ERROR, "the outbox is damaged; a new one begins", kept=aside, why=str(error))
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        # Pages as large as SQLite has them: payloads are up to 128 KiB. FULL: a commit is on disk, power cut or not.
        database.execute("PRAGMA page_size = 16384")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA cache_size = -512")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        for number, script in enumerate(_VERSIONS[version:], version + 1):
            database.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")
        database.execute("SELECT count(*) FROM outbox").fetchone()
    except BaseException:
        database.close()
        raise
    return database
