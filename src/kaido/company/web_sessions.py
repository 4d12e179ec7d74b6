"""Sessions of users in browsers: the secret is in a cookie, its hash is kept, and they end by themselves."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select

from kaido.company.model import SignedIn
from kaido.company.tokens import PREFIX
from kaido.company.user_records import user_of
from kaido.errors import UnauthenticatedError, UnavailableError
from kaido.runtime import clock
from kaido.store.tables import UserRow, WebSessionRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kaido.runtime.settings import Settings
    from kaido.store import Store

MOST_OF_A_USER = 20
"""Browsers in which a user is signed in at a time; the oldest gives way."""
_USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Browser:
    """Where somebody is signed in.

    Attributes:
        since: when they signed in.
        last_used: to within a minute.
        expires: when it ends however much it is used.
        is_this: whether it is the one that asks.
    """

    since: datetime
    last_used: datetime
    expires: datetime
    is_this: bool


class WebSessions:
    """Who is signed in where."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._lasts = timedelta(hours=settings.console_session_hours)
        self._idle = timedelta(minutes=settings.console_idle_minutes)

    def begin(self, user: str) -> tuple[str, SignedIn]:
        """A new session of a user: its secret, and what it is. All that have ended are forgotten on the way.

        Args:
            user: its id. Whether it may sign in was settled before.

        Raises:
            UnauthenticatedError: the user was deleted or disabled meanwhile.
        """
        secret = PREFIX + secrets.token_urlsafe(32)
        now = clock.now()
        with self._store.session() as session:
            row = session.get(UserRow, user)
            if row is None or row.disabled is not None:
                raise UnauthenticatedError("the user may no longer sign in", fix="Ask an administrator")
            row.last_sign_in = now
            session.execute(
                delete(WebSessionRow).where(
                    or_(WebSessionRow.expires <= now, WebSessionRow.last_used <= now - self._idle)
                )
            )
            _make_room(session, user)
            begun = WebSessionRow(
                hash=_hash(secret),
                user=user,
                csrf=secrets.token_urlsafe(24),
                created=now,
                last_used=now,
                expires=now + self._lasts,
            )
            session.add(begun)
            session.flush()
            return secret, SignedIn(user_of(row), begun.csrf, begun.expires)

    def verify(self, secret: str, *, uses: bool = True) -> SignedIn:
        """Who is signed in with this secret.

        Args:
            secret: the cookie's.
            uses: whether somebody acts; to look whether it still holds keeps no session alive.

        Raises:
            UnauthenticatedError: nobody, or no longer.
        """
        now = clock.now()
        with self._store.reading() as session:
            row = session.get(WebSessionRow, _hash(secret))
            user = None if row is None else session.get(UserRow, row.user)
        if row is None or user is None or user.disabled is not None:
            raise UnauthenticatedError("you are not signed in", fix="Sign in")
        if row.expires <= now or now - row.last_used >= self._idle:
            with contextlib.suppress(UnavailableError):  # the next sign-in does it
                self.end(secret)
            why = "it lasted as long as it may" if row.expires <= now else "it was not used for long"
            raise UnauthenticatedError("your session has ended", why=why, fix="Sign in again")
        if uses and now - row.last_used > _USE_NOTED_EVERY:
            self._note_use(row.hash, now)
        return SignedIn(user_of(user), row.csrf, row.expires)

    def end(self, secret: str) -> None:
        """Forget a session; it may have ended already."""
        with self._store.session() as session:
            session.execute(delete(WebSessionRow).where(WebSessionRow.hash == _hash(secret)))

    def of(self, secret: str, user: str) -> list[Browser]:
        """Where a user is signed in, the newest first.

        Args:
            secret: of the session that asks; it is marked.
            user: its id.
        """
        now, own = clock.now(), _hash(secret)
        lasting = (WebSessionRow.user == user, WebSessionRow.expires > now, WebSessionRow.last_used > now - self._idle)
        with self._store.reading() as session:
            rows = session.scalars(select(WebSessionRow).where(*lasting).order_by(WebSessionRow.created.desc()))
            return [Browser(row.created, row.last_used, row.expires, row.hash == own) for row in rows]

    def end_others(self, secret: str, user: str) -> int:
        """Sign a user out everywhere but in the session of this secret; in how many browsers."""
        others = delete(WebSessionRow).where(WebSessionRow.user == user, WebSessionRow.hash != _hash(secret))
        with self._store.session() as session:
            return len(session.scalars(others.returning(WebSessionRow.hash)).all())

    def _note_use(self, session_hash: str, moment: datetime) -> None:
        # A database that takes no writes now is no reason to refuse a reader.
        with contextlib.suppress(UnavailableError), self._store.session() as session:
            row = session.get(WebSessionRow, session_hash)
            if row is not None:
                row.last_used = moment


def _make_room(session: Session, user: str) -> None:
    own = select(WebSessionRow.hash).where(WebSessionRow.user == user).order_by(WebSessionRow.created.desc())
    surplus = session.scalars(own.offset(MOST_OF_A_USER - 1)).all()
    session.execute(delete(WebSessionRow).where(WebSessionRow.hash.in_(surplus)))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
