"""The schema, brought up to date by Alembic when a store opens."""

from __future__ import annotations

import contextlib
import fcntl
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from kaido import __version__
from kaido.errors import UnavailableError
from kaido.store import sqlite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

HEAD = "0006"
"""The newest migration. A test holds it against ``versions/``; here it spares most starts loading Alembic."""

_SCRIPTS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x6B6169646F  # "kaido"


def to_head(engine: Engine) -> None:
    """Make or update the tables, in one transaction; processes that start together take turns.

    Raises:
        UnavailableError: the schema is newer than this Kaido, or another process keeps the lock.
    """
    with _turn(engine), engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        current = _current(connection)
        if current == HEAD:
            return
        _upgrade(connection, current)


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _upgrade(connection: Connection, current: str | None) -> None:
    from alembic import command  # noqa: PLC0415  # 0.2 s that only the first start spends
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise UnavailableError(
            "the database was written by a newer Kaido",
            why=f"its schema is '{current}', Kaido {__version__} knows up to '{HEAD}'",
            fix="Install that Kaido or a newer one (pip install --upgrade kaido)",
        )
    command.upgrade(config, "head")


@contextlib.contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """For SQLite: a lock on a file beside the database, since the switch to WAL does not wait for its turn."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        yield
        return
    path = Path(engine.url.database + ".lock")
    with _opened(path) as lock:
        _wait_for(lock, path)
        sqlite.use_wal(engine)
        yield


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        file = path.open("ab")
    except OSError as error:
        raise UnavailableError(
            f"the database beside {path} cannot be used",
            why=error.strerror or str(error),
            fix="Make its folder writable, or choose another with --data",
        ) from error
    with file:
        yield file.fileno()


def _wait_for(lock: int, path: Path) -> None:
    deadline = time.monotonic() + 2 * sqlite.BUSY_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise UnavailableError(
                    f"another process holds {path}", fix="See which with `fuser`, end it, and try again"
                ) from error
            time.sleep(0.02)
        else:
            return
