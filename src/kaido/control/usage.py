"""What vehicles sent for campaigns: counted by ingest as it arrives, held against limits by control.

One record a campaign and vehicle: totals, and what falls in the present hour and day (UTC). Counts are of payloads that
are in the lake (or in quarantine); those of the last seconds before an ingest process was killed are missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kaido.runtime import clock
from kaido.store.tables import CampaignRow, CampaignUsageRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from kaido.control.rollout import Limits
    from kaido.store import Store

COUNTED = ("bytes", "events", "quarantined")
WINDOW_S = {"hour": 3_600, "day": 86_400}
_ROWS = 500
"""Rows of one statement."""


class Used(NamedTuple):
    """What a vehicle sent for a campaign (its name; empty where nobody knows), since the last time it was counted."""

    name: str
    vehicle: str
    bytes: int
    events: int
    quarantined: int


@dataclass(frozen=True)
class Total:
    """All that vehicles sent for a campaign.

    Attributes:
        last: when something last came in.
        day_bytes: of them, in the present day (UTC); so are ``day_events``.
    """

    vehicles: int
    bytes: int
    events: int
    quarantined: int
    last: datetime | None
    day_bytes: int
    day_events: int


@dataclass(frozen=True)
class Excess:
    """A vehicle beyond a limit, or nearest to one."""

    vehicle: str
    what: str
    counted: int
    limit: int


class Usage:
    """The counts of all companies. All calls block; safe from many threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, company: str, used: Sequence[Used], moment: datetime) -> None:
        """Add counts; those of names that no campaign has are left out."""
        with self._store.session() as session:
            known = set(session.scalars(select(CampaignRow.name).where(CampaignRow.company == company))) | {""}
            rows = [_row(company, one, moment) for one in used if one.name in known]
            for start in range(0, len(rows), _ROWS):
                _upsert(session, rows[start : start + _ROWS])

    def total(self, company: str, name: str) -> Total:
        """All that vehicles sent for a campaign since it was created."""
        rows = CampaignUsageRow
        is_today = rows.day == _window("day", clock.now())
        today = (case((is_today, getattr(rows, f"day_{what}")), else_=0) for what in ("bytes", "events"))
        sums = (func.coalesce(func.sum(one), 0) for one in (*(getattr(rows, what) for what in COUNTED), *today))
        query = select(func.count(), func.max(rows.last), *sums).where(rows.company == company, rows.name == name)
        with self._store.reading() as session:
            vehicles, last, size, events, quarantined, day_bytes, day_events = session.execute(query).one()
        return Total(vehicles, int(size), int(events), int(quarantined), last, int(day_bytes), int(day_events))

    def nearest(self, company: str, name: str, limits: Limits, moment: datetime) -> list[Excess]:
        """By limit, the vehicle that sent most in the hour or day of ``moment``; none where nothing was sent."""
        rows, found = CampaignUsageRow, []
        with self._store.reading() as session:
            for what in COUNTED:
                limit = getattr(limits, what)
                counted = func.sum(getattr(rows, f"{limits.per}_{what}"))
                names = [name, ""] if what == "quarantined" else [name]
                query = (
                    select(rows.vehicle, counted)
                    .where(rows.company == company, rows.name.in_(names))
                    .where(getattr(rows, limits.per) == _window(limits.per, moment))
                    .group_by(rows.vehicle)
                    .order_by(counted.desc(), rows.vehicle)
                    .limit(1)
                )
                if limit is not None and (most := session.execute(query).first()) is not None:
                    found.append(Excess(most[0], what, int(most[1]), limit))
        return found

    def beyond(self, company: str, name: str, limits: Limits, moment: datetime) -> list[Excess]:
        """The vehicles that sent more than they may in the hour or day of ``moment``, by id."""
        found: list[Excess] = []
        with self._store.reading() as session:
            for what in COUNTED:
                limit = getattr(limits, what)
                if limit is None:
                    continue
                names = [name, ""] if what == "quarantined" else [name]
                found += [
                    Excess(vehicle, what, int(counted), limit)
                    for vehicle, counted in session.execute(_over(company, names, what, limit, limits.per, moment))
                ]
        return sorted(found, key=lambda one: one.vehicle)


def begin_anew(session: Session, company: str, name: str) -> None:
    """Let the present hour and day begin with nothing; totals stay."""
    rows = CampaignUsageRow
    where = (rows.company == company, or_(rows.name == name, rows.name == ""))
    session.execute(update(rows).where(*where).values(hour=0, day=0))


def forget(session: Session, company: str, name: str) -> None:
    """Drop a campaign's counts."""
    session.execute(delete(CampaignUsageRow).where(CampaignUsageRow.company == company, CampaignUsageRow.name == name))


def _over(company: str, names: Iterable[str], what: str, limit: int, per: str, moment: datetime) -> Select[str, int]:
    rows = CampaignUsageRow
    counted = func.sum(getattr(rows, f"{per}_{what}"))
    return (
        select(rows.vehicle, counted)
        .where(rows.company == company, rows.name.in_(list(names)), getattr(rows, per) == _window(per, moment))
        .group_by(rows.vehicle)
        .having(counted > limit)
    )


def _window(per: str, moment: datetime) -> int:
    return int(moment.timestamp()) // WINDOW_S[per]


def _row(company: str, used: Used, moment: datetime) -> dict[str, object]:
    counts = {what: getattr(used, what) for what in COUNTED}
    windows = {f"{per}_{what}": count for per in WINDOW_S for what, count in counts.items()}
    numbers = {per: _window(per, moment) for per in WINDOW_S}
    return {"company": company, "name": used.name, "vehicle": used.vehicle, "last": moment} | counts | windows | numbers


def _upsert(session: Session, rows: list[dict[str, object]]) -> None:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    insert = dialect.insert(CampaignUsageRow)
    new, old = insert.excluded, CampaignUsageRow
    changes: dict[str, object] = {what: getattr(old, what) + new[what] for what in COUNTED}
    changes["last"] = new["last"]
    for per in WINDOW_S:
        changes[per] = new[per]
        for what in COUNTED:
            name = f"{per}_{what}"
            changes[name] = new[name] + case((getattr(old, per) == new[per], getattr(old, name)), else_=0)
    session.execute(insert.on_conflict_do_update(index_elements=["company", "name", "vehicle"], set_=changes), rows)
