"""Vehicles: registering, changing, revoking."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kaido.company.model import Certificate, Vehicle
from kaido.company.registrations import ATTRIBUTES, Registration, check_attribute
from kaido.errors import ConflictError, InvalidInputError, NotFoundError
from kaido.runtime import clock
from kaido.store.tables import CertificateRow, VehicleRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from kaido.store import Store

_NEIGHBOURS = 2_000
"""How many ids are looked at for the nearest name in an error."""
_AT_ONCE = 500
"""Databases limit the parameters of a statement."""
_COLUMNS = [getattr(VehicleRow, field.name) for field in fields(Vehicle)]
"""Whole fleets are read by columns, which takes a third of the time of records."""


class Vehicles:
    """The registered vehicles."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def register(
        self,
        company: str,
        id: str,  # noqa: A002  # it is what the field calls it
        *,
        vin: str | None = None,
        platform: str | None = None,
        model: str | None = None,
        market: str | None = None,
        manifest: str | None = None,
    ) -> Vehicle:
        """Register one vehicle.

        Raises:
            InvalidInputError: the id or an attribute cannot be.
            ConflictError: the company has a vehicle of that id.
        """
        return self.register_all(company, [Registration(id, vin, platform, model, market, manifest)])[0]

    def register_all(self, company: str, registrations: Iterable[Registration]) -> list[Vehicle]:
        """Register many vehicles, all of them or none.

        Raises:
            InvalidInputError: an id is given twice.
            ConflictError: the company has a vehicle of one of the ids.
        """
        now = clock.now()
        wanted: dict[str, Registration] = {}
        for item in registrations:
            if item.id in wanted:
                raise InvalidInputError(item.located(f"the vehicle id '{item.id}' is given twice"))
            wanted[item.id] = item
        rows = [
            VehicleRow(
                company=company,
                id=item.id,
                registered=now,
                **{attribute: getattr(item, attribute) for attribute in ATTRIBUTES},
            )
            for item in wanted.values()
        ]
        with self._store.session() as session:
            taken = _existing(session, company, list(wanted))
            if taken:
                more = f" (and {len(taken) - 1} more of the list)" if len(taken) > 1 else ""
                raise ConflictError(
                    wanted[taken[0]].located(f"there is a vehicle '{taken[0]}' already{more}"),
                    fix=f"Change it with: kaido vehicle set {taken[0]}",
                )
            session.add_all(rows)
            session.flush()
            return [_vehicle(row) for row in rows]

    def get(self, company: str, id: str) -> Vehicle:  # noqa: A002  # it is what the field calls it
        """The vehicle of that id.

        Raises:
            NotFoundError: the company has none.
        """
        with self._store.reading() as session:
            return _vehicle(find(session, company, id))

    def some(self, vehicles: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Vehicle]:
        """Vehicles by company and id; those that are not registered are missing."""
        by_company: dict[str, list[str]] = defaultdict(list)
        for company, identifier in dict.fromkeys(vehicles):
            by_company[company].append(identifier)
        found: dict[tuple[str, str], Vehicle] = {}
        with self._store.reading() as session:
            for company, ids in by_company.items():
                for start in range(0, len(ids), _AT_ONCE):
                    some = ids[start : start + _AT_ONCE]
                    query = select(*_COLUMNS).where(VehicleRow.company == company, VehicleRow.id.in_(some))
                    found |= {(company, row.id): Vehicle(*row) for row in session.execute(query)}
        return found

    def update(self, company: str, id: str, **attributes: str | None) -> Vehicle:  # noqa: A002
        """Change attributes; None removes one.

        Raises:
            InvalidInputError: no such attribute, or it cannot have that value.
            NotFoundError: the company has no such vehicle.
        """
        for attribute, value in attributes.items():
            check_attribute(attribute, value)
        with self._store.session() as session:
            row = find(session, company, id, change=True)
            for attribute, value in attributes.items():
                setattr(row, attribute, value)
            session.flush()
            return _vehicle(row)

    def revoke(self, company: str, id: str) -> Vehicle:  # noqa: A002
        """Refuse the vehicle, and its certificates for good. Doing so twice changes nothing.

        Raises:
            NotFoundError: the company has no such vehicle.
        """
        now = clock.now()
        with self._store.session() as session:
            row = find(session, company, id, change=True)
            row.revoked = row.revoked or now
            for certificate in session.scalars(_certificates(company, id)):
                certificate.revoked = certificate.revoked or now
            session.flush()
            return _vehicle(row)

    def restore(self, company: str, id: str) -> Vehicle:  # noqa: A002
        """Take the vehicle again. Its old certificates stay revoked: enrol it anew.

        Raises:
            NotFoundError: the company has no such vehicle.
        """
        with self._store.session() as session:
            row = find(session, company, id, change=True)
            row.revoked = None
            session.flush()
            return _vehicle(row)

    def certificates(self, company: str, id: str) -> list[Certificate]:  # noqa: A002
        """The certificates that the platform issued to the vehicle, the longest lasting first."""
        with self._store.reading() as session:
            rows = session.scalars(_certificates(company, id).order_by(CertificateRow.not_after.desc()))
            return [
                Certificate(
                    serial=row.serial,
                    fingerprint=row.fingerprint,
                    not_after=row.not_after,
                    revoked=row.revoked,
                )
                for row in rows
            ]

    def count(self, company: str) -> int:
        """How many vehicles the company has registered."""
        with self._store.reading() as session:
            query = select(func.count()).select_from(VehicleRow).where(VehicleRow.company == company)
            return session.scalars(query).one()

    def unknown(self, company: str, ids: Iterable[str]) -> list[str]:
        """Those of some ids that no vehicle of the company has, each once, in their order."""
        wanted = list(dict.fromkeys(ids))
        with self._store.reading() as session:
            known = set(_existing(session, company, wanted))
        return [one for one in wanted if one not in known]

    def changed_since(self, revision: int) -> list[Vehicle]:
        """The vehicles, of all companies, that changed after a revision of the store."""
        with self._store.reading() as session:
            rows = session.execute(select(*_COLUMNS).where(VehicleRow.revision > revision))
            return [Vehicle(*row) for row in rows]

    def list(self, company: str, limit: int = 100, after: str | None = None) -> list[Vehicle]:
        """The company's vehicles by id, beginning behind the id ``after``."""
        query = select(VehicleRow).where(VehicleRow.company == company).order_by(VehicleRow.id).limit(limit)
        if after is not None:
            query = query.where(VehicleRow.id > after)
        with self._store.reading() as session:
            return [_vehicle(row) for row in session.scalars(query)]

    def kinds(self, company: str) -> Sequence[tuple[str, str | None, str | None]]:
        """Id, model and market of all of the company's vehicles, by id."""
        columns = (VehicleRow.id, VehicleRow.model, VehicleRow.market)
        query = select(*columns).where(VehicleRow.company == company).order_by(VehicleRow.id)
        with self._store.reading() as session:
            return [(one, model, market) for one, model, market in session.execute(query)]


def find(session: Session, company: str, identifier: str, *, change: bool = False) -> VehicleRow:
    """The record of a vehicle.

    Args:
        session: a transaction.
        company: whose vehicle.
        identifier: its id.
        change: it will be changed: others who want to wait until this transaction ends.

    Raises:
        NotFoundError: the company has none of that id.
    """
    row = session.get(VehicleRow, (company, identifier), with_for_update=change)
    if row is None:
        known = select(VehicleRow.id).where(VehicleRow.company == company).limit(_NEIGHBOURS)
        raise NotFoundError.of(
            "vehicle",
            identifier,
            session.scalars(known),
            fix=f"Register it: kaido vehicle register {identifier}",
        )
    return row


def _existing(session: Session, company: str, ids: list[str]) -> list[str]:
    taken: list[str] = []
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        query = select(VehicleRow.id).where(VehicleRow.company == company, VehicleRow.id.in_(some))
        taken.extend(session.scalars(query))
    return taken


def _certificates(company: str, identifier: str) -> Select[CertificateRow]:
    return select(CertificateRow).where(CertificateRow.company == company, CertificateRow.vehicle == identifier)


def _vehicle(row: VehicleRow) -> Vehicle:
    return Vehicle(
        id=row.id,
        company=row.company,
        vin=row.vin,
        platform=row.platform,
        model=row.model,
        market=row.market,
        manifest=row.manifest,
        registered=row.registered,
        revoked=row.revoked,
    )
