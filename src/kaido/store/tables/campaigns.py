"""Campaigns, and what vehicles hold of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kaido.store.tables.base import Base, Counted


class CampaignRow(Counted, Base):
    """A campaign as it is now; what it was is in its versions and changes."""

    __tablename__ = "campaigns"
    __table_args__ = (Index("ix_campaigns_sync_id", "company", "sync_id", unique=True),)

    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    sync_id: Mapped[str] = mapped_column(String(256))
    document: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(32))
    created: Mapped[datetime]
    version: Mapped[int]
    wave: Mapped[int]
    """From 0; of a campaign without waves it stays 0."""
    wave_since: Mapped[datetime]
    """Since when it runs in this wave."""
    base_version: Mapped[int | None]
    """What vehicles hold whose wave of this version has not come."""
    base_wave: Mapped[int | None]
    """The wave that the base had reached."""
    changed: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text)
    """The reason of the newest change of its state."""
    resolved: Mapped[datetime | None]
    """When its members were last found to be others than before."""


class CampaignVersionRow(Base):
    """A version of a campaign. Rows are only ever added; they stay when the campaign is deleted."""

    __tablename__ = "campaign_versions"

    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    sync_id: Mapped[str] = mapped_column(String(256))
    document: Mapped[dict[str, Any]]
    created: Mapped[datetime]


class CampaignChangeRow(Base):
    """Who changed a campaign, when, and why. Rows are only ever added."""

    __tablename__ = "campaign_changes"
    __table_args__ = (Index("ix_campaign_changes_name", "company", "name"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    company: Mapped[str] = mapped_column(ForeignKey("companies.name"))
    name: Mapped[str] = mapped_column(String(128))
    moment: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(128))
    what: Mapped[str] = mapped_column(String(32))
    why: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(32))
    wave: Mapped[int]


class CampaignMemberRow(Base):
    """A vehicle for which a condition of a campaign held when the twin was last asked."""

    __tablename__ = "campaign_members"

    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    condition: Mapped[str] = mapped_column(String(16), primary_key=True)
    vehicle: Mapped[str] = mapped_column(String(128), primary_key=True)


class CampaignConditionRow(Base):
    """A condition of a campaign of which the twin was asked at least once."""

    __tablename__ = "campaign_conditions"

    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    condition: Mapped[str] = mapped_column(String(16), primary_key=True)
    asked: Mapped[datetime]
    answered: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(Text)
    """Why the twin had no answer when it was last asked; empty where it had one."""


class CampaignUsageRow(Base):
    """What a vehicle sent for a campaign, counted by ingest as it arrived.

    A vehicle's payloads that could not be read at all are counted under the empty name: nobody knows whose they are.
    """

    __tablename__ = "campaign_usage"

    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    vehicle: Mapped[str] = mapped_column(String(128), primary_key=True)
    last: Mapped[datetime]
    bytes: Mapped[int] = mapped_column(BigInteger)
    events: Mapped[int] = mapped_column(BigInteger)
    quarantined: Mapped[int] = mapped_column(BigInteger)
    hour: Mapped[int]
    """Hours since 1970 that the next three are about."""
    hour_bytes: Mapped[int] = mapped_column(BigInteger)
    hour_events: Mapped[int] = mapped_column(BigInteger)
    hour_quarantined: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[int]
    """Days since 1970 that the next three are about."""
    day_bytes: Mapped[int] = mapped_column(BigInteger)
    day_events: Mapped[int] = mapped_column(BigInteger)
    day_quarantined: Mapped[int] = mapped_column(BigInteger)


class CheckinRow(Base):
    """What a vehicle held when it last checked in, and what control has sent since that it has not confirmed."""

    __tablename__ = "checkins"

    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), primary_key=True)
    vehicle: Mapped[str] = mapped_column(String(128), primary_key=True)
    moment: Mapped[datetime]
    document: Mapped[dict[str, Any]]
    """`held`: sync ids. `sent`: by kind [id, first and last time of sending in Unix seconds, how often], and why it
    could not be sent, where it could not."""


class StateTemplateRow(Counted, Base):
    """A state template."""

    __tablename__ = "state_templates"

    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    sync_id: Mapped[str] = mapped_column(String(256))
    document: Mapped[dict[str, Any]]
    created: Mapped[datetime]
    changed: Mapped[datetime]
