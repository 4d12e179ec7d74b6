"""The database, opened, migrated and watched for being away."""

from __future__ import annotations

import contextlib
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, NoSuchModuleError, TimeoutError  # noqa: A004  # it is what SQLAlchemy calls it
from sqlalchemy.orm import Session

from kaido.errors import ConflictError, InvalidInputError, UnavailableError
from kaido.store import migrate, postgresql, sqlite
from kaido.store.tables import ChangeRow, Counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

_REVISION = "kaido.revision"


class _CountingSession(Session):
    """A session whose counted records get the revision of their change."""


@event.listens_for(_CountingSession, "before_flush")
def _stamp(session: Session, _context: object, _instances: object) -> None:
    changed = [row for row in session.new if isinstance(row, Counted)]
    changed += [row for row in session.dirty if isinstance(row, Counted) and session.is_modified(row)]
    if changed or any(isinstance(row, Counted) for row in session.deleted):
        revision = next_revision(session)
        for row in changed:
            row.revision = revision


class Store:
    """The records of companies, vehicles, catalogs and campaigns. Safe to use from many threads.

    All calls block; asynchronous code calls them in a thread.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(kaido_read_only=True)

    @classmethod
    def open(cls, url: str) -> Store:
        """Connect, and bring the schema up to date.

        Args:
            url: a SQLAlchemy URL, ``sqlite:///path`` or ``postgresql+psycopg://user@host/name``.

        Raises:
            InvalidInputError: the URL is none that we can use.
            UnavailableError: the database is away, locked, damaged, read-only, or of a newer Kaido.
        """
        store = cls(_engine(url))
        try:
            with store._guarded():
                migrate.to_head(store._engine)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction that may write: committed at the end, rolled back when an error leaves the block.

        Raises:
            ConflictError: another writer made the same record at the same time.
            UnavailableError: the database is away.
        """
        with self._guarded(), _CountingSession(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """One transaction that only reads. In SQLite it never waits for a writer, nor a writer for it."""
        with self._guarded(), Session(self._reader, autoflush=False, expire_on_commit=False) as session:
            yield session

    def revision(self) -> int:
        """A number that grows with every committed change of a counted record.

        Changes become visible in the order of their revisions: whoever has read up to N misses nothing by
        asking for what is newer than N.
        """
        with self.reading() as session:
            return session.scalars(select(ChangeRow.revision)).one()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError as error:
            raise ConflictError(
                "the change was not made", why="another one touched the same record", fix="Try again"
            ) from error
        except DataError as error:
            raise InvalidInputError("a value does not fit the database", why=str(error.orig)) from error
        except (DBAPIError, TimeoutError) as error:
            raise _room(self._engine.url.get_backend_name()).unavailable(self._engine.url, error) from error


def next_revision(session: Session) -> int:
    """The revision of this transaction's changes; needed only by statements that bypass the ORM."""
    if _REVISION not in session.info:
        statement = update(ChangeRow).values(revision=ChangeRow.revision + 1).returning(ChangeRow.revision)
        session.info[_REVISION] = session.connection().execute(statement).scalar_one()
    return int(session.info[_REVISION])


def _room(backend: str) -> Any:
    return {"sqlite": sqlite, "postgresql": postgresql}[backend]


def _engine(text: str) -> Engine:
    fix = "Give sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME in KAIDO_DATABASE_URL"
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise InvalidInputError("the database URL cannot be read", fix=fix) from error
    backend = url.get_backend_name()
    if backend not in {"sqlite", "postgresql"}:
        raise InvalidInputError(f"databases of the kind '{backend}' are not supported", fix=fix)
    room = _room(backend)
    url = room.prepare(url)
    try:
        engine = create_engine(
            url,
            pool_size=8,
            max_overflow=16,
            pool_timeout=10,
            json_serializer=partial(json.dumps, separators=(",", ":"), allow_nan=False),
            **room.OPTIONS,
        )
    except NoSuchModuleError as error:
        raise InvalidInputError(f"the database driver of {url.drivername} is unknown", fix=fix) from error
    except ModuleNotFoundError as error:
        raise UnavailableError(
            f"the driver for {backend} is not installed", fix="pip install 'kaido[postgresql]'"
        ) from error
    room.listen(engine)
    return engine
