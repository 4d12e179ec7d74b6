"""What proves that somebody is a user: a password, or the word of an OIDC provider."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sqlalchemy import select

from kaido.company import passwords, user_records
from kaido.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)
from kaido.store.tables import CompanyRow, UserRow

if TYPE_CHECKING:
    from kaido.company.model import User
    from kaido.store import Store


class Proofs:
    """Who signs in. Checking passwords is slow on purpose."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def with_password(self, company: str | None, name: str, password: str) -> User:
        """Who signs in with a name and a password. Who may not learns only that, after the same time.

        Args:
            company: None where there is one company.
            name: in any case of letters: phones begin with a capital.
            password: as typed.

        Raises:
            UnauthenticatedError: nobody.
            ForbiddenError: the user is disabled.
        """
        with self._store.reading() as session:
            row = user_records.meant(session, company, name)
        kept = None if row is None else row.password
        if not passwords.matches(kept, password) or row is None or kept is None:
            raise UnauthenticatedError(
                "that is nobody's name and password",
                why="the name, the password, or the company where there are several, is wrong",
                fix="Try again; an administrator can give you a new password",
            )
        _check_enabled(row)
        if passwords.is_outdated(kept):
            self._keep_anew(row, password)
        return user_records.user_of(row)

    def change_own_password(self, id: str, old: str, new: str) -> User:  # noqa: A002  # it is what the field calls it
        """Change a password by who knows it. It ends all sessions of the user.

        Raises:
            ForbiddenError: the old one is wrong, or the user has none.
            InvalidInputError: the new one cannot be a password.
        """
        with self._store.reading() as session:
            row = user_records.by_id(session, id)
        if not passwords.matches(row.password, old):
            raise ForbiddenError(
                "the password was not changed",
                why="the old one is wrong" if row.password else "the user signs in at the OIDC provider",
            )
        kept = passwords.hashed(new, row.name)
        with self._store.session() as session:
            row = user_records.by_id(session, id)
            row.password = kept
            user_records.end_sessions(session, id)
            session.flush()
            return user_records.user_of(row)

    def with_subject(self, company: str, subject: str, name: str, role: str) -> User:
        """Whoever an OIDC provider says it is: made at the first time, with the role of today.

        Args:
            company: whose users the provider knows.
            subject: issuer and subject, separated by a space.
            name: what people call it; that of the first time stays.
            role: what the provider says.

        Raises:
            ConflictError: another user has the name.
            ForbiddenError: the user is disabled.
            NotFoundError: there is no such company.
        """
        user_records.check_role(role)
        with self._store.session() as session:
            if session.get(CompanyRow, company) is None:
                raise NotFoundError(f"no company '{company}'", fix="Set KAIDO_OIDC_COMPANY to one that there is")
            row = session.scalars(
                select(UserRow).where(UserRow.company == company, UserRow.subject == subject)
            ).one_or_none()
            if row is None:
                if user_records.named(session, company, name) is not None:
                    raise ConflictError(
                        f"there is another user '{name}' already",
                        why="it has a password, or is somebody else at the provider",
                        fix=f"An administrator can take it away: kaido user delete {name}",
                    )
                row = user_records.add(session, company, name, role, subject=subject)
            _check_enabled(row)
            row.role = role
            session.flush()
            return user_records.user_of(row)

    def _keep_anew(self, seen: UserRow, password: str) -> None:
        """Keep a password under today's parameters, unless it was changed meanwhile or would no longer be taken."""
        with contextlib.suppress(UnavailableError, InvalidInputError):
            kept = passwords.hashed(password, seen.name)
            with self._store.session() as session:
                row = session.get(UserRow, seen.id)
                if row is not None and row.password == seen.password:
                    row.password = kept


def _check_enabled(row: UserRow) -> None:
    if row.disabled is not None:
        raise ForbiddenError(
            f"the user '{row.name}' is disabled",
            fix=f"An administrator can undo that: kaido user enable {row.name}",
        )
