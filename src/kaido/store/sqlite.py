"""SQLite: durable, many readers beside one writer, and its errors in our words."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from kaido.errors import InvalidInputError, UnavailableError
from kaido.runtime import folders

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

BUSY_SECONDS = 15
OPTIONS: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS}}


def prepare(url: URL) -> URL:
    """Make the folder of the file."""
    if not url.database or url.database.startswith((":memory:", "file:")):
        raise InvalidInputError("SQLite needs a file of its own", fix="Give sqlite:///PATH in KAIDO_DATABASE_URL")
    folders.make(Path(url.database).parent, mode=folders.PRIVATE)
    return url


def listen(engine: Engine) -> None:
    """Set every connection up; begin transactions ourselves.

    The driver's own transactions begin at the first write: a reader that turns writer then fails at once if
    another wrote in between, and DDL is not rolled back. So writers begin as writers.
    """

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("kaido_read_only")
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def use_wal(engine: Engine) -> None:
    """Have readers and the writer not wait for each other. It is kept in the file, and takes no transaction."""
    try:
        with contextlib.closing(engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA journal_mode = WAL")
    except sqlite3.Error as error:
        raise unavailable(engine.url, error) from error


def unavailable(url: URL, error: Exception) -> UnavailableError:
    """The driver's error in our words."""
    reason = str(getattr(error, "orig", None) or error)
    if "locked" in reason or "busy" in reason:
        fix = "Another process holds it for long: see `kaido status`, then try again"
    elif "readonly" in reason or "unable to open" in reason:
        fix = "Make the file and its folder writable, or choose another folder with --data"
    elif "not a database" in reason or "malformed" in reason:
        fix = "Put its back-up in its place, or move it away to begin anew (docs/operations.md)"
    elif "full" in reason:
        fix = "Free space on its disk"
    else:
        fix = "Run `kaido doctor`"
    return UnavailableError(f"the database {url.database} cannot be used", why=reason, fix=fix)
