"""What is on record of campaigns: who changed what, when and why, and every version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kaido.control.life import Action, State
from kaido.control.model import Base, Campaign, Change, Version
from kaido.control.spec import read_spec
from kaido.errors import NotFoundError
from kaido.runtime import clock
from kaido.store.tables import CampaignChangeRow, CampaignRow, CampaignVersionRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kaido.control.model import By
    from kaido.control.spec import CampaignSpec
    from kaido.store import Store

_ENDED = {State.STOPPED, State.EXPIRED}


class History:
    """Reads what is on record. All calls block; safe from many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def changes(
        self, company: str, name: str, *, limit: int = 100, before: int | None = None
    ) -> list[tuple[int, Change]]:
        """The changes of a campaign and of those that had its name before, the newest first, each with its number.

        Raises:
            NotFoundError: there never was one of this name.
        """
        rows = CampaignChangeRow
        query = select(rows).where(rows.company == company, rows.name == name).order_by(rows.id.desc())
        with self._store.reading() as session:
            found = session.scalars((query.where(rows.id < before) if before is not None else query).limit(limit)).all()
            if not found and before is None:
                _check_known(session, company, name)
        return [
            (one.id, Change(one.moment, one.who, Action(one.what), one.why, one.version, State(one.state), one.wave))
            for one in found
        ]

    def version(self, company: str, name: str, number: int) -> Version:
        """A version of a campaign, the newest or an old one.

        Raises:
            NotFoundError: there is none of this number.
        """
        with self._store.reading() as session:
            row = session.get(CampaignVersionRow, (company, name, number))
            if row is None:
                _check_known(session, company, name)
                raise NotFoundError(
                    f"the campaign '{name}' has no version {number}", fix=f"See: kaido campaign history {name}"
                )
        return Version(row.version, row.sync_id, row.created, read_spec(row.document))


def campaign(session: Session, row: CampaignRow) -> Campaign:
    """The campaign of a record."""
    spec = read_spec(row.document)
    base = None
    if row.base_version is not None:
        before = session.get_one(CampaignVersionRow, (row.company, row.name, row.base_version))
        base = Base(row.base_version, row.base_wave or 0, read_spec(before.document))
    return Campaign(
        row.company,
        row.sync_id,
        state_of(row, spec),
        row.created,
        spec,
        row.version,
        row.wave,
        row.wave_since,
        base,
        row.changed,
        row.why,
    )


def state_of(row: CampaignRow, spec: CampaignSpec) -> State:
    """Its state; whose time is over has expired, whether or not that is on record."""
    state = State(row.state)
    is_over = spec.expiry_ms is not None and spec.expiry_ms <= clock.now_ms()
    return State.EXPIRED if is_over and state not in _ENDED else state


def newest_version(session: Session, company: str, name: str) -> int:
    """The number of the newest version that ever had this name; 0 where there was none."""
    rows = CampaignVersionRow
    query = select(func.max(rows.version)).where(rows.company == company, rows.name == name)
    return session.scalars(query).one() or 0


def add_version(session: Session, row: CampaignRow, moment: datetime) -> None:
    """Keep the record's version."""
    session.add(
        CampaignVersionRow(
            company=row.company,
            name=row.name,
            version=row.version,
            sync_id=row.sync_id,
            document=row.document,
            created=moment,
        )
    )


def add_change(session: Session, row: CampaignRow, action: Action, by: By, moment: datetime) -> None:
    """Keep what changed, as the record is behind it."""
    session.add(
        CampaignChangeRow(
            company=row.company,
            name=row.name,
            moment=moment,
            who=by.who,
            what=action.value,
            why=by.why,
            version=row.version,
            state=row.state,
            wave=row.wave,
        )
    )


def _check_known(session: Session, company: str, name: str) -> None:
    if session.get(CampaignRow, (company, name)) is None:
        rows = CampaignVersionRow
        known = session.scalars(select(rows.name).where(rows.company == company).distinct())
        if name not in (names := list(known)):
            raise NotFoundError.of("campaign", name, names, fix="See: kaido campaign list")
