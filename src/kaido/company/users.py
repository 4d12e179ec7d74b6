"""Users of the console, as administrators see them: who they are and what their role allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from kaido.company import names, passwords, user_records
from kaido.errors import ConflictError, NotFoundError
from kaido.runtime import clock
from kaido.store.tables import CompanyRow, UserRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kaido.company.model import User
    from kaido.store import Store

ADMINISTRATOR = "administrator"


class Users:
    """The users of companies. Making and checking passwords is slow on purpose."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, company: str, name: str, role: str, password: str) -> User:
        """A new user with a password.

        Raises:
            InvalidInputError: the name, role or password cannot be.
            ConflictError: there is a user of that name.
            NotFoundError: there is no such company.
        """
        names.check_user(name)
        user_records.check_role(role)
        kept = passwords.hashed(password, name)
        with self._store.session() as session:
            if session.get(CompanyRow, company) is None:
                raise NotFoundError.of("company", company, session.scalars(select(CompanyRow.name)))
            if user_records.named(session, company, name) is not None:
                raise ConflictError(f"there is a user '{name}' already", fix="Take another name, or `kaido user list`")
            return user_records.user_of(user_records.add(session, company, name, role, password=kept))

    def list(self, company: str) -> list[User]:
        """The users of a company, by name."""
        with self._store.reading() as session:
            return [
                user_records.user_of(row)
                for row in session.scalars(select(UserRow).where(UserRow.company == company).order_by(UserRow.name))
            ]

    def get(self, company: str, name: str) -> User:
        """The user of that name.

        Raises:
            NotFoundError: there is none.
        """
        with self._store.reading() as session:
            return user_records.user_of(user_records.known(session, company, name))

    def find(self, company: str | None, name: str) -> User | None:
        """Whom somebody means who signs in with this name; None where that is nobody.

        Args:
            company: None where there is one company.
            name: as typed.
        """
        with self._store.reading() as session:
            row = user_records.meant(session, company, name)
            return None if row is None else user_records.user_of(row)

    def change(
        self,
        company: str,
        name: str,
        *,
        role: str | None = None,
        disabled: bool | None = None,
        password: str | None = None,
        may_take_last: bool = False,
    ) -> User:
        """Change a user. A new password, and to be disabled, ends all sessions; a new role counts at once.

        Args:
            company: whose user it is.
            name: the user's.
            role: the new one; None leaves it.
            disabled: whether it may not sign in; None leaves it.
            password: the new one; None leaves it.
            may_take_last: whether the company may be left without an administrator.

        Raises:
            NotFoundError: there is no such user.
            InvalidInputError: the role or password cannot be.
            ConflictError: it is the last administrator, or the OIDC provider decides that.
        """
        if role is not None:
            user_records.check_role(role)
        kept = None if password is None else passwords.hashed(password, name)
        with self._store.session() as session:
            row = user_records.known(session, company, name)
            if row.subject is not None and (role or kept):
                raise ConflictError(
                    f"the {'role' if role else 'password'} of '{name}' cannot be changed here",
                    why="it signs in at the OIDC provider, which says what it may",
                    fix="Change it there; it counts from the next sign-in",
                )
            if (role not in {None, ADMINISTRATOR} or disabled) and not may_take_last:
                _check_another_administrator(session, row)
            row.role = role or row.role
            row.password = kept or row.password
            if disabled is not None:
                row.disabled = (row.disabled or clock.now()) if disabled else None
            if kept or disabled:
                user_records.end_sessions(session, row.id)
            session.flush()
            return user_records.user_of(row)

    def delete(self, company: str, name: str, *, may_take_last: bool = False) -> User:
        """Forget a user, and end all its sessions. What it did stays on record.

        Raises:
            NotFoundError: there is no such user.
            ConflictError: it is the last administrator.
        """
        with self._store.session() as session:
            row = user_records.known(session, company, name)
            if not may_take_last:
                _check_another_administrator(session, row)
            user_records.end_sessions(session, row.id)
            session.delete(row)
            return user_records.user_of(row)

    def prefer(self, id: str, preferences: dict[str, str | None]) -> User:  # noqa: A002  # it is what the field calls it
        """Change some of a user's preferences; None takes one away."""
        with self._store.session() as session:
            row = user_records.by_id(session, id)
            row.preferences = {
                name: value for name, value in (row.preferences | preferences).items() if value is not None
            }
            session.flush()
            return user_records.user_of(row)


def _check_another_administrator(session: Session, row: UserRow) -> None:
    """That the company keeps an administrator without this user. Two of them that go at once take turns."""
    if row.role != ADMINISTRATOR or row.disabled is not None:
        return
    able = select(UserRow.id).where(
        UserRow.company == row.company, UserRow.role == ADMINISTRATOR, UserRow.disabled.is_(None)
    )
    if set(session.scalars(able.order_by(UserRow.id).with_for_update())) <= {row.id}:
        raise ConflictError(
            f"'{row.name}' is the last administrator of {row.company}",
            why="nobody would be left who can make another",
            fix="Make another one first: kaido user create NAME --role administrator",
        )
