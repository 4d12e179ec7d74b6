"""Who is connected, as the store has it: up to a second behind the gateways, and there when nothing else is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from kaido.control.roll import Stay
from kaido.runtime import clock
from kaido.store.tables import GatewayRow, PresenceRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

    from kaido.control.roll import Key
    from kaido.store import Store

FRESH = timedelta(seconds=20)
"""A gateway not heard of for so long, by the store, says nothing about who is connected now."""
KEPT = timedelta(days=2)
"""Gateways that are no more are forgotten, after all that they had is known to be offline."""
_AT_ONCE = 500


@dataclass(frozen=True)
class Contact:
    """A vehicle's connection, as the API shows it.

    Attributes:
        connected: whether it is connected; None where nobody can say (no platform runs, or control is away).
        since: when its newest connection began.
        seen: when it was last known to be connected.
    """

    connected: bool | None
    since: datetime
    seen: datetime


class PresenceRecords:
    """Presence in the store. All calls block."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def contacts(self, company: str, vehicles: Iterable[str]) -> dict[str, Contact]:
        """What is known of some vehicles' connections; those that never had one are missing."""
        found: dict[str, Contact] = {}
        wanted = list(vehicles)
        now = clock.now()
        with self._store.reading() as session:
            seen = {row.id: row.seen for row in session.scalars(select(GatewayRow))}
            for at in range(0, len(wanted), _AT_ONCE):
                query = select(PresenceRow.vehicle, PresenceRow.gateway, PresenceRow.since, PresenceRow.until).where(
                    PresenceRow.company == company, PresenceRow.vehicle.in_(wanted[at : at + _AT_ONCE])
                )
                found |= {
                    vehicle: _contact(since, until, seen.get(gateway), now)
                    for vehicle, gateway, since, until in session.execute(query)
                }
        return found

    def connected(self, company: str) -> int | None:
        """How many vehicles of a company are connected; None where no gateway was heard of, so nobody can say."""
        with self._store.reading() as session:
            heard = session.scalars(select(GatewayRow.id).where(GatewayRow.seen > clock.now() - FRESH)).all()
            holding = (PresenceRow.company == company, PresenceRow.until.is_(None), PresenceRow.gateway.in_(heard))
            count = select(func.count()).select_from(PresenceRow).where(*holding)
            return session.scalar(count) if heard else None

    def load(self) -> list[tuple[Key, Stay]]:
        """All vehicles' newest connections."""
        with self._store.reading() as session:
            columns = (PresenceRow.company, PresenceRow.vehicle, PresenceRow.gateway, PresenceRow.since)
            return [
                ((company, vehicle), Stay(gateway, since.timestamp(), until.timestamp() if until else None))
                for company, vehicle, gateway, since, until in session.execute(select(*columns, PresenceRow.until))
            ]

    def gateways(self) -> dict[str, float]:
        """When each gateway was last heard of, Unix seconds."""
        with self._store.reading() as session:
            return {row.id: row.seen.timestamp() for row in session.scalars(select(GatewayRow))}

    def save(self, stays: Mapping[Key, Stay]) -> None:
        """Note vehicles' newest connections."""
        rows = [
            {
                "company": company,
                "vehicle": vehicle,
                "gateway": stay.gateway,
                "since": _moment(stay.since),
                "until": None if stay.until is None else _moment(stay.until),
            }
            for (company, vehicle), stay in stays.items()
        ]
        if rows:
            with self._store.session() as session:
                _put(session, PresenceRow, rows)

    def save_gateways(self, heard: Mapping[str, float]) -> None:
        """Note when gateways were last heard of; forget those that are long gone."""
        with self._store.session() as session:
            if heard:
                _put(session, GatewayRow, [{"id": name, "seen": _moment(at)} for name, at in heard.items()])
            for row in session.scalars(select(GatewayRow).where(GatewayRow.seen < clock.now() - KEPT)):
                session.delete(row)


def _contact(since: datetime, until: datetime | None, gateway_seen: datetime | None, now: datetime) -> Contact:
    if until is not None:
        return Contact(connected=False, since=since, seen=until)
    if gateway_seen is not None and now - gateway_seen < FRESH:
        return Contact(connected=True, since=since, seen=now)
    return Contact(connected=None, since=since, seen=max(since, gateway_seen or since))


def _put(session: Session, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or replace those with the same key."""
    dialect: Any = {"sqlite": sqlite, "postgresql": postgresql}[session.get_bind().dialect.name]
    keys = [column.name for column in table.__table__.primary_key]
    statement = dialect.insert(table)
    others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), list(rows))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
