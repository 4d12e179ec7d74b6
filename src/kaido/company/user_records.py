"""Rows of users, as the rooms beside share them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from kaido.company import names
from kaido.company.model import ROLES, User
from kaido.errors import InvalidInputError, NotFoundError, UnauthenticatedError
from kaido.runtime import clock
from kaido.store.tables import CompanyRow, UserRow, WebSessionRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def add(
    session: Session, company: str, name: str, role: str, *, password: str | None = None, subject: str | None = None
) -> UserRow:
    """A new user's row."""
    row = UserRow(
        id="u" + secrets.token_hex(4),
        company=company,
        name=name,
        password=password,
        subject=subject,
        role=role,
        preferences={},
        created=clock.now(),
        disabled=None,
        last_sign_in=None,
    )
    session.add(row)
    session.flush()
    return row


def end_sessions(session: Session, user: str) -> None:
    """Sign a user out everywhere."""
    session.execute(delete(WebSessionRow).where(WebSessionRow.user == user))


def named(session: Session, company: str, name: str) -> UserRow | None:
    """The user of that name, or None."""
    return session.scalars(select(UserRow).where(UserRow.company == company, UserRow.name == name)).one_or_none()


def meant(session: Session, company: str | None, name: str) -> UserRow | None:
    """Whom a name means as it was typed, perhaps without a company, which does where there is one alone."""
    if company is None:
        companies = session.scalars(select(CompanyRow.name).limit(2)).all()
        company = companies[0] if len(companies) == 1 else None
    plain = name.strip().lower()
    if company is None or not names.is_user(plain) or not names.COMPANY_NAME.fullmatch(company):
        return None
    return named(session, company, plain)


def known(session: Session, company: str, name: str) -> UserRow:
    """The user of that name.

    Raises:
        NotFoundError: there is none.
    """
    row = named(session, company, name)
    if row is None:
        others = session.scalars(select(UserRow.name).where(UserRow.company == company))
        raise NotFoundError.of("user", name, others, fix="See: kaido user list")
    return row


def by_id(session: Session, id: str) -> UserRow:  # noqa: A002  # it is what the field calls it
    """The user of that id.

    Raises:
        UnauthenticatedError: it was deleted while it was signed in.
    """
    row = session.get(UserRow, id)
    if row is None:
        raise UnauthenticatedError("the user is no more", fix="Ask an administrator for a new one")
    return row


def user_of(row: UserRow) -> User:
    """The user, without what proves it."""
    return User(
        id=row.id,
        company=row.company,
        name=row.name,
        role=row.role,
        by_oidc=row.subject is not None,
        preferences=dict(row.preferences),
        created=row.created,
        disabled=row.disabled,
        last_sign_in=row.last_sign_in,
    )


def check_role(role: str) -> None:
    """Check that there is such a role.

    Raises:
        InvalidInputError: there is none.
    """
    if role not in ROLES:
        raise InvalidInputError(f"no role '{role}'", fix=f"The roles are {', '.join(ROLES)}")
