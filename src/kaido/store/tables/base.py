"""The root of the tables, their types, and the counter of changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with its zone, in UTC on both sides. SQLite keeps no zone, so it is added on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        """Refuse a time without a zone: it could mean anything."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the time {value} has no zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        """Read as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    """JSON that stays as it was written: SQLite makes a rounded number of a JSON column's integer above 2^63."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str:  # noqa: ARG002  # SQLAlchemy's signature
        """Write."""
        return json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Any) -> Any:  # noqa: ARG002  # SQLAlchemy's signature
        """Read."""
        return None if value is None else json.loads(value)


class Base(DeclarativeBase):
    """The root of all tables."""

    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON}  # noqa: RUF012  # SQLAlchemy reads it so


class Counted:
    """A record whose changes raise ``Store.revision()``; ``revision`` is that of its newest change."""

    revision: Mapped[int] = mapped_column(BigInteger, index=True)


class ChangeRow(Base):
    """The change counter: one row, whose lock also puts the writers of counted records in order."""

    __tablename__ = "changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
