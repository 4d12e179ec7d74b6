"""Which certificates of a company's vehicles end when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, select, tuple_
from sqlalchemy.orm import aliased

from kaido.company.model import Certificate
from kaido.store.tables import CertificateRow, VehicleRow

if TYPE_CHECKING:
    from datetime import datetime

    from kaido.store import Store


def expiring(
    store: Store,
    company: str,
    limit: int,
    *,
    until: datetime | None = None,
    after: tuple[datetime, str] | None = None,
) -> list[tuple[str, Certificate]]:
    """Vehicles and their newest certificates, the next to end first; no revoked ones.

    A vehicle with a newer certificate needs no other: its older ones may end.

    Args:
        store: where they are.
        company: whose.
        limit: at most so many.
        until: only those that end before; None is any.
        after: the end and serial of a certificate; only what follows it.
    """
    row, newer = CertificateRow, aliased(CertificateRow)
    succeeded = exists().where(
        newer.company == row.company,
        newer.vehicle == row.vehicle,
        newer.revoked.is_(None),
        tuple_(newer.not_after, newer.serial) > tuple_(row.not_after, row.serial),
    )
    query = (
        select(row)
        .join(VehicleRow, and_(VehicleRow.company == row.company, VehicleRow.id == row.vehicle))
        .where(row.company == company, row.revoked.is_(None), VehicleRow.revoked.is_(None), ~succeeded)
        .order_by(row.not_after, row.serial)
        .limit(limit)
    )
    if until is not None:
        query = query.where(row.not_after < until)
    if after is not None:
        query = query.where(tuple_(row.not_after, row.serial) > after)
    with store.reading() as session:
        return [
            (one.vehicle, Certificate(one.serial, one.fingerprint, one.not_after, one.revoked))
            for one in session.scalars(query)
        ]
