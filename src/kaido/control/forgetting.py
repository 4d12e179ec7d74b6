"""What is forgotten after a time, a portion at a time: commands with their record, lost vehicles, looks."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, select, tuple_
from sqlalchemy.orm import aliased

from kaido.errors import UnavailableError
from kaido.runtime import clock
from kaido.runtime.log import event
from kaido.store.tables import (
    POSITION_LOOK,
    AuditRow,
    CheckinRow,
    CommandRow,
    CompanyRow,
    ExecutionRow,
    PresenceRow,
    TransitionRow,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kaido.runtime.settings import Settings
    from kaido.store import Store

logger = logging.getLogger(__name__)

LOOK_SECONDS = 3_600.0
PORTION = 500
"""Rows of one transaction: nobody else waits long for it."""
PAUSE_SECONDS = 0.1


class Forgetting:
    """Forgets what is older than the settings say."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    async def run(self) -> None:
        """Work until it is cancelled."""
        while True:
            try:
                while count := await asyncio.to_thread(self.some, clock.now()):
                    event(logger, logging.DEBUG, "records are forgotten", count=count)
                    await asyncio.sleep(PAUSE_SECONDS)
            except UnavailableError as error:
                event(logger, logging.WARNING, "what is old is forgotten later", why=error)
            await asyncio.sleep(LOOK_SECONDS)

    def some(self, now: datetime) -> int:
        """Forget a portion; how many commands at vehicles, vehicles, and looks these were. Blocks."""
        count = 0
        with self._store.reading() as session:
            companies = list(session.scalars(select(CompanyRow.name)))
        if self._settings.command_days:
            before = now - timedelta(days=self._settings.command_days)
            count += sum(self._commands(company, before) for company in companies)
        if self._settings.contact_days:
            before = now - timedelta(days=self._settings.contact_days)
            count += sum(self._contacts(table, before) for table in (PresenceRow, CheckinRow))
        if self._settings.look_days:
            before = now - timedelta(days=self._settings.look_days)
            count += sum(self._looks(company, before) for company in companies)
        return count

    def _commands(self, company: str, before: datetime) -> int:
        """Of commands that have their outcome at every vehicle."""
        other = aliased(ExecutionRow)
        is_old = (CommandRow.company == company) & (CommandRow.created < before)
        is_over = ~exists().where(_is_of(other), other.due.is_not(None))
        query = (
            select(ExecutionRow.command, ExecutionRow.vehicle)
            .join(CommandRow, _is_of(ExecutionRow))
            .where(is_old, is_over)
        )
        with self._store.reading() as session:
            keys = [tuple(row) for row in session.execute(query.order_by(CommandRow.created).limit(PORTION))]
        if not keys:
            return 0
        with self._store.session() as session:
            for table in (TransitionRow, ExecutionRow):
                theirs = tuple_(table.command, table.vehicle).in_(keys)
                session.execute(delete(table).where(table.company == company, theirs))
            _drop_empty(session, company, sorted({command for command, _ in keys}))
        return len(keys)

    def _looks(self, company: str, before: datetime) -> int:
        is_old = (AuditRow.company == company) & (AuditRow.moment < before)
        query = select(AuditRow.id).where(is_old, AuditRow.what == POSITION_LOOK).limit(PORTION)
        with self._store.reading() as session:
            found = session.scalars(query).all()
        if found:
            with self._store.session() as session:
                session.execute(delete(AuditRow).where(AuditRow.id.in_(found)))
        return len(found)

    def _contacts(self, table: Any, before: datetime) -> int:
        moment = table.until if table is PresenceRow else table.moment
        with self._store.reading() as session:
            query = select(table.company, table.vehicle).where(moment < before).limit(PORTION)
            keys = [tuple(row) for row in session.execute(query)]
        if not keys:
            return 0
        with self._store.session() as session:
            session.execute(delete(table).where(tuple_(table.company, table.vehicle).in_(keys), moment < before))
        return len(keys)


def _is_of(execution: Any) -> Any:
    """Whether an execution is of the command."""
    return (execution.company == CommandRow.company) & (execution.command == CommandRow.id)


def _drop_empty(session: Session, company: str, commands: Sequence[str]) -> None:
    left = exists().where(_is_of(ExecutionRow))
    session.execute(delete(CommandRow).where(CommandRow.company == company, CommandRow.id.in_(commands), ~left))
