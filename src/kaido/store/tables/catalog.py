"""Signals, and how vehicles encode them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kaido.store.tables.base import Base, Counted


class SignalRow(Counted, Base):
    """A signal of a company's catalog (a COVESA VSS leaf)."""

    __tablename__ = "signals"

    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), primary_key=True)
    path: Mapped[str] = mapped_column(String(512), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    datatype: Mapped[str] = mapped_column(String(32))
    unit: Mapped[str | None] = mapped_column(String(64))
    description: Mapped[str | None] = mapped_column(Text)
    min: Mapped[float | None]
    max: Mapped[float | None]
    allowed: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    """The only values there are, where it is such a signal."""
    critical: Mapped[bool]
    """Whether a command to it needs a second person's approval."""


class ManifestRow(Counted, Base):
    """A version of a decoder manifest. Old versions stay: what was recorded under them must remain readable."""

    __tablename__ = "manifests"
    __table_args__ = (Index("ix_manifests_name", "company", "name"),)

    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), primary_key=True)
    sync_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    document: Mapped[dict[str, Any]]
    created: Mapped[datetime]
