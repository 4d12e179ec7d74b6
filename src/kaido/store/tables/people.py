"""Who may ask: tokens, users and their sessions; and what they did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from kaido.store.tables.base import Base


class TokenRow(Base):
    """An API token. Of the secret only its hash is kept."""

    __tablename__ = "tokens"
    __table_args__ = (Index("ix_tokens_name", "company", "name"),)

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(16), unique=True)
    """What the token is called where its secret must not be."""
    company: Mapped[str | None] = mapped_column(ForeignKey("companies.name"))
    name: Mapped[str] = mapped_column(String(128))
    scopes: Mapped[str] = mapped_column(String(128))
    """Words, separated by a space."""
    created: Mapped[datetime]
    expires: Mapped[datetime | None]
    revoked: Mapped[datetime | None]
    last_used: Mapped[datetime | None]
    """To within a minute."""


class UserRow(Base):
    """Somebody who signs in to the console."""

    __tablename__ = "users"
    __table_args__ = (
        Index("ix_users_name", "company", "name", unique=True),
        Index("ix_users_subject", "company", "subject", unique=True),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    """"u" and eight hexadecimal digits: no token's id begins so."""
    company: Mapped[str] = mapped_column(ForeignKey("companies.name"))
    name: Mapped[str] = mapped_column(String(128))
    password: Mapped[str | None] = mapped_column(String(256))
    """An argon2id hash with its parameters and salt; None where an OIDC provider says who it is."""
    subject: Mapped[str | None] = mapped_column(String(1024))
    """Issuer and subject at the OIDC provider, separated by a space: a name there may change hands, these do not."""
    role: Mapped[str] = mapped_column(String(32))
    preferences: Mapped[dict[str, Any]]
    created: Mapped[datetime]
    disabled: Mapped[datetime | None]
    last_sign_in: Mapped[datetime | None]


class WebSessionRow(Base):
    """A user who signed in, in one browser. Of the cookie's secret only its hash is kept."""

    __tablename__ = "web_sessions"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    """What a page has to send along with every change, and another site cannot know."""
    created: Mapped[datetime]
    last_used: Mapped[datetime]
    """To within a minute."""
    expires: Mapped[datetime]


POSITION_LOOK = "position.look"
"""What the audit calls a look at where a vehicle is."""


class AuditRow(Base):
    """Who changed what, or looked at positions, and when. Rows are only ever added; old looks are forgotten."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_company_moment", "company", "moment"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    company: Mapped[str | None] = mapped_column(String(63))
    who: Mapped[str] = mapped_column(String(128))
    what: Mapped[str] = mapped_column(String(128))
    moment: Mapped[datetime]
    details: Mapped[dict[str, Any]]
