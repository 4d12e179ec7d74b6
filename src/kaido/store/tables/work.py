"""What processes know of each other and of their work: gateways, connections, imports; and tariffs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from kaido.store.tables.base import Base


class GatewayRow(Base):
    """A gateway process, and when it was last heard of."""

    __tablename__ = "gateways"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seen: Mapped[datetime]


class PresenceRow(Base):
    """When a vehicle last connected, and when that connection ended; None while it lasts."""

    __tablename__ = "presence"

    company: Mapped[str] = mapped_column(String(63), primary_key=True)
    vehicle: Mapped[str] = mapped_column(String(128), primary_key=True)
    gateway: Mapped[str] = mapped_column(String(32))
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class ImportRow(Base):
    """An import of a recording: where it is, and what it found."""

    __tablename__ = "imports"

    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), primary_key=True)
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    vehicle: Mapped[str] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(32))
    document: Mapped[dict[str, Any]]
    created: Mapped[datetime]
    updated: Mapped[datetime]


class TariffRow(Base):
    """What energy costs, as a company says it."""

    __tablename__ = "tariffs"

    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    document: Mapped[dict[str, Any]]
    created: Mapped[datetime]
    changed: Mapped[datetime]
