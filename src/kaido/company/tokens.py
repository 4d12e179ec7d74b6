"""API tokens: the secret is shown once, its hash is kept."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from kaido.company import names
from kaido.company.model import SCOPES, Principal, Token
from kaido.errors import ConflictError, InvalidInputError, NotFoundError, UnauthenticatedError, UnavailableError
from kaido.runtime import clock
from kaido.store.tables import CompanyRow, TokenRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from kaido.store import Store

PREFIX = "kaido_"
"""So that a secret that leaked into a repository or a log is found."""

_USE_NOTED_EVERY = timedelta(minutes=1)
_FIX = "Make a new one: kaido token create NAME --scope read"


class Tokens:
    """The API tokens of companies and of the platform's operator."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, company: str | None, name: str, scopes: Iterable[str], expires: datetime | None = None) -> str:
        """A new token's secret. It cannot be shown again.

        Args:
            company: whose it is; None is the operator's, who may act for any company.
            name: what people call it, in lists and in the audit.
            scopes: of ``SCOPES``.
            expires: when it ends; None is never.

        Raises:
            InvalidInputError: the name or a scope cannot be, or the end has passed.
            ConflictError: there is a token of that name.
            NotFoundError: there is no such company.
        """
        names.check_token(name)
        granted = _scopes(scopes)
        now = clock.now()
        if expires is not None and expires <= now:
            raise InvalidInputError("the token would expire before its first use", fix="Give a later time")
        secret = PREFIX + secrets.token_urlsafe(32)
        with self._store.session() as session:
            if company is not None and session.get(CompanyRow, company) is None:
                raise NotFoundError.of("company", company, session.scalars(select(CompanyRow.name)))
            taken = select(TokenRow).where(_of(company), TokenRow.name == name, TokenRow.revoked.is_(None))
            if session.scalars(taken).first():
                raise ConflictError(
                    f"there is a token '{name}' already", fix=f"Take another name, or `kaido token revoke {name}`"
                )
            session.add(
                TokenRow(
                    hash=_hash(secret),
                    id=secrets.token_hex(4),
                    company=company,
                    name=name,
                    scopes=" ".join(granted),
                    created=now,
                    expires=expires,
                )
            )
        return secret

    def verify(self, secret: str) -> Principal:
        """Who holds this secret.

        Raises:
            UnauthenticatedError: nobody, or no longer.
        """
        # Looked up by its hash: the time that takes says nothing about a secret that is nearly right.
        now = clock.now()
        with self._store.reading() as session:
            row = session.get(TokenRow, _hash(secret))
            if row is None:
                raise UnauthenticatedError("the token is unknown", fix=_FIX)
            if row.revoked is not None:
                raise UnauthenticatedError(f"the token '{row.name}' is revoked", fix=_FIX)
            if row.expires is not None and row.expires <= now:
                raise UnauthenticatedError(
                    f"the token '{row.name}' expired", why=f"it ended {clock.iso(row.expires)}", fix=_FIX
                )
        if row.last_used is None or now - row.last_used > _USE_NOTED_EVERY:
            self._note_use(row.hash, now)
        return Principal(company=row.company, scopes=frozenset(row.scopes.split()), name=row.name, token=row.id)

    def list(self, company: str | None, *, ended: bool = False) -> list[Token]:
        """The tokens of a company (None: the operator's), oldest first; with ``ended``, the revoked ones too."""
        query = select(TokenRow).where(_of(company)).order_by(TokenRow.created, TokenRow.name)
        if not ended:
            query = query.where(TokenRow.revoked.is_(None))
        with self._store.reading() as session:
            return [_token(row) for row in session.scalars(query)]

    def revoke(self, id: str) -> Token:  # noqa: A002  # it is what the field calls it
        """End a token at once, for good.

        Raises:
            NotFoundError: there is no token of that id.
        """
        with self._store.session() as session:
            row = session.scalars(select(TokenRow).where(TokenRow.id == id)).one_or_none()
            if row is None:
                raise NotFoundError(f"no token '{id}'", fix="See: kaido token list")
            row.revoked = row.revoked or clock.now()
            session.flush()
            return _token(row)

    def _note_use(self, token_hash: str, moment: datetime) -> None:
        # A database that takes no writes now is no reason to refuse a reader.
        with contextlib.suppress(UnavailableError), self._store.session() as session:
            row = session.get(TokenRow, token_hash)
            if row is not None:
                row.last_used = moment


def _scopes(scopes: Iterable[str]) -> list[str]:
    wanted = set(scopes)
    unknown = sorted(wanted - set(SCOPES))
    if unknown or not wanted:
        raise InvalidInputError(
            f"no scope '{unknown[0]}'" if unknown else "a token needs a scope",
            fix=f"The scopes are {', '.join(SCOPES)}",
        )
    return [scope for scope in SCOPES if scope in wanted]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _of(company: str | None) -> ColumnElement[bool]:
    return TokenRow.company.is_(None) if company is None else TokenRow.company == company


def _token(row: TokenRow) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        company=row.company,
        scopes=tuple(row.scopes.split()),
        created=row.created,
        expires=row.expires,
        revoked=row.revoked,
        last_used=row.last_used,
    )
