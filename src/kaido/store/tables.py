"""The SQL tables of the control plane. ``migrations/`` makes them; a test holds the two against each other."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, ForeignKeyConstraint, Index, Integer, String, Text
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


class TariffRow(Base):
    """What energy costs, as a company says it."""

    __tablename__ = "tariffs"

    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    document: Mapped[dict[str, Any]]
    created: Mapped[datetime]
    changed: Mapped[datetime]


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


class CommandRow(Base):
    """A command, to one vehicle or several."""

    __tablename__ = "commands"
    __table_args__ = (Index("ix_commands_created", "company", "created"),)

    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), primary_key=True)
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what was asked, by whom, of which vehicles: the same id means the same command."""
    what: Mapped[str] = mapped_column(String(512))
    """The actuator's path; or what else it is, for people."""
    value: Mapped[Any] = mapped_column(JsonText)
    request: Mapped[bytes]
    """A CommandRequest without id and times."""
    timeout_ms: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(String(128))
    issuer_id: Mapped[str] = mapped_column(String(16))
    where: Mapped[str | None] = mapped_column(Text)
    vehicles: Mapped[int]
    created: Mapped[datetime]
    approve_by: Mapped[datetime | None]
    """When it ends unless somebody else approves it; None where nobody has to."""
    approver: Mapped[str | None] = mapped_column(String(128))
    approved: Mapped[datetime | None]


class ExecutionRow(Base):
    """What becomes of a command at one vehicle."""

    __tablename__ = "executions"
    __table_args__ = (
        ForeignKeyConstraint(["company", "command"], ["commands.company", "commands.id"]),
        Index("ix_executions_due", "due"),
        Index("ix_executions_vehicle", "company", "vehicle", "created"),
        Index("ix_executions_issuer", "company", "issuer_id", "created"),
    )

    company: Mapped[str] = mapped_column(String(63), primary_key=True)
    command: Mapped[str] = mapped_column(String(128), primary_key=True)
    vehicle: Mapped[str] = mapped_column(String(128), primary_key=True)
    issuer_id: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(32))
    outcome: Mapped[str | None] = mapped_column(String(32))
    code: Mapped[int | None] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(Text)
    request: Mapped[bytes | None]
    """The CommandRequest exactly as it was first sent, and is sent again."""
    issued: Mapped[datetime | None]
    deadline: Mapped[datetime | None]
    due: Mapped[datetime | None]
    """When to look at it next; None once it has its outcome."""
    sends: Mapped[int]
    created: Mapped[datetime]
    ended: Mapped[datetime | None]


class TransitionRow(Base):
    """What happened to a command at a vehicle, and when. Rows are only ever added."""

    __tablename__ = "command_transitions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company", "command", "vehicle"], ["executions.company", "executions.command", "executions.vehicle"]
        ),
        Index("ix_command_transitions_execution", "company", "command", "vehicle"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    company: Mapped[str] = mapped_column(String(63))
    command: Mapped[str] = mapped_column(String(128))
    vehicle: Mapped[str] = mapped_column(String(128))
    moment: Mapped[datetime]
    what: Mapped[str] = mapped_column(String(32))
    who: Mapped[str] = mapped_column(String(128))
    code: Mapped[int | None] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(Text)


class CommandPolicyRow(Base):
    """A company's rules for sending commands."""

    __tablename__ = "command_policies"

    company: Mapped[str] = mapped_column(ForeignKey("companies.name"), primary_key=True)
    document: Mapped[dict[str, Any]]
    changed: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(128))
