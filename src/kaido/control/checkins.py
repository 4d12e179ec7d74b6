"""What vehicles hold and what they were sent, kept in the store: a restart of control forgets nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Text, cast, select
from sqlalchemy.dialects import postgresql, sqlite

from kaido.control.answers import Sent, Vehicle
from kaido.flow_names import DownKind
from kaido.store.tables import CheckinRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy.orm import Session

    from kaido.control.answers import Key
    from kaido.store import Store

MOST_IDS = 200
LONGEST_ID = 300
"""A vehicle may hold and say more; so much of it is kept."""
_ROWS = 500
_TEXT = cast(CheckinRow.document, Text)


class Checkins:
    """Keeps checkins. All calls block; safe from many threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> list[tuple[Key, Vehicle]]:
        """The vehicles of all companies, those heard of longest ago first."""
        columns = (CheckinRow.company, CheckinRow.vehicle, CheckinRow.moment, _TEXT)
        with self._store.reading() as session:
            rows = session.execute(select(*columns).order_by(CheckinRow.moment)).all()
        known = _Documents()
        return [((company, vehicle), _vehicle(moment, known[text])) for company, vehicle, moment, text in rows]

    def of(self, company: str) -> dict[str, Vehicle]:
        """The vehicles of a company that ever checked in, by id."""
        columns = (CheckinRow.vehicle, CheckinRow.moment, _TEXT)
        with self._store.reading() as session:
            rows = session.execute(select(*columns).where(CheckinRow.company == company)).all()
        known = _Documents()
        return {vehicle: _vehicle(moment, known[text]) for vehicle, moment, text in rows}

    def one(self, company: str, vehicle: str) -> Vehicle | None:
        """A vehicle, if it ever checked in."""
        with self._store.reading() as session:
            query = select(CheckinRow.moment, _TEXT).where(CheckinRow.company == company, CheckinRow.vehicle == vehicle)
            row = session.execute(query).one_or_none()
        return None if row is None else _vehicle(row[0], _Documents()[row[1]])

    def held(self, vehicles: Collection[Key]) -> dict[Key, frozenset[str]]:
        """What some vehicles held when they last checked in; those that never did are missing."""
        by_company: dict[str, list[str]] = defaultdict(list)
        for company, vehicle in dict.fromkeys(vehicles):
            by_company[company].append(vehicle)
        found: dict[Key, frozenset[str]] = {}
        known = _Documents()
        with self._store.reading() as session:
            for company, ids in by_company.items():
                for start in range(0, len(ids), _ROWS):
                    query = select(CheckinRow.vehicle, _TEXT).where(
                        CheckinRow.company == company, CheckinRow.vehicle.in_(ids[start : start + _ROWS])
                    )
                    found |= {(company, vehicle): known[text].held for vehicle, text in session.execute(query)}
        return found

    def save(self, vehicles: Sequence[tuple[Key, Vehicle]]) -> None:
        """Keep vehicles as they are now; where another process has a newer checkin of one, that stays."""
        rows = [_row(key, vehicle) for key, vehicle in vehicles]
        with self._store.session() as session:
            for start in range(0, len(rows), _ROWS):
                _upsert(session, rows[start : start + _ROWS])


class _Document(NamedTuple):
    held: frozenset[str]
    sent: dict[str, list[Any]]


class _Documents(dict[str, _Document]):
    """What is in a document, by its text: in a fleet thousands say the same."""

    def __missing__(self, text: str) -> _Document:
        content = json.loads(text)
        found = self[text] = _Document(frozenset(content["held"]), content["sent"])
        return found


def _vehicle(moment: datetime, document: _Document) -> Vehicle:
    sent = {DownKind(int(kind)): Sent(*one) for kind, one in document.sent.items()}
    return Vehicle(document.held, moment.timestamp(), sent)


def _row(key: Key, vehicle: Vehicle) -> dict[str, Any]:
    held = [one[:LONGEST_ID] for one in sorted(vehicle.held)[:MOST_IDS]]
    sent = {
        str(int(kind)): [
            one.id,
            round(one.first, 3),
            round(one.at, 3),
            one.times,
            *([one.problem] if one.problem else []),
        ]
        for kind, one in list(vehicle.sent.items())
    }
    return {
        "company": key[0],
        "vehicle": key[1],
        "moment": datetime.fromtimestamp(vehicle.seen, UTC),
        "document": {"held": held, "sent": sent},
    }


def _upsert(session: Session, rows: Iterable[dict[str, Any]]) -> None:
    dialect: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(CheckinRow)
    new = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["company", "vehicle"],
            set_={"moment": new.moment, "document": new.document},
            where=CheckinRow.moment <= new.moment,
        ),
        list(rows),
    )
