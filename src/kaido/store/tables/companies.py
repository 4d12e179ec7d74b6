"""Companies, their vehicles, and what proves who these are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kaido.store.tables.base import Base, Counted


class CompanyRow(Counted, Base):
    """A company."""

    __tablename__ = "companies"

    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    created: Mapped[datetime]


class AuthorityRow(Counted, Base):
    """A certificate authority whose certificates say "a vehicle of this company"."""

    __tablename__ = "authorities"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the public key (SubjectPublicKeyInfo): one key vouches for one company only."""
    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), index=True)
    certificate: Mapped[str] = mapped_column(Text)
    """PEM."""
    has_key: Mapped[bool]
    """Whether the platform holds the private key and can enrol vehicles."""
    created: Mapped[datetime]


class VehicleRow(Counted, Base):
    """A registered vehicle."""

    __tablename__ = "vehicles"
    __table_args__ = (Index("ix_vehicles_vin", "company", "vin"),)

    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), primary_key=True)
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    vin: Mapped[str | None] = mapped_column(String(64))
    platform: Mapped[str | None] = mapped_column(String(128))
    model: Mapped[str | None] = mapped_column(String(128))
    market: Mapped[str | None] = mapped_column(String(128))
    manifest: Mapped[str | None] = mapped_column(String(128))
    registered: Mapped[datetime]
    revoked: Mapped[datetime | None]


class CertificateRow(Counted, Base):
    """A certificate that the platform issued, or one of another issuer that was revoked."""

    __tablename__ = "certificates"
    __table_args__ = (
        ForeignKeyConstraint(["company", "vehicle"], ["vehicles.company", "vehicles.id"]),
        Index("ix_certificates_vehicle", "company", "vehicle"),
    )

    company: Mapped[str] = mapped_column(String(63), primary_key=True)
    serial: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Lower-case hexadecimal without leading zeros."""
    vehicle: Mapped[str] = mapped_column(String(128))
    fingerprint: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the DER certificate."""
    not_after: Mapped[datetime]
    revoked: Mapped[datetime | None]
