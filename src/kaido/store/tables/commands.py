"""Commands, and what became of them at each vehicle."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kaido.store.tables.base import Base, JsonText


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
