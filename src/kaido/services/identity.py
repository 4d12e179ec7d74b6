"""Ids that stay: an activity that is derived anew takes the id of the stored one that it overlaps most."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pyarrow as pa

from kaido.services import memory
from kaido.services.signals import KINDS

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


def named(activities: pa.Table, windows: pa.Table, stored: pa.Table) -> pa.Table:
    """Car, number, vehicle and id of each activity.

    An id goes to one activity only: of several that overlap, to that which overlaps most. What overlaps none of its
    kind is named by a hash of vehicle, kind and start.

    Args:
        activities: car, number, kind, t, t_end of the new ones.
        windows: car and vehicle.
        stored: vehicle, kind, id, low, high of those that they replace.
    """
    with memory.reader() as connection:
        for name, table in (("activities", activities), ("windows", windows), ("stored", stored)):
            connection.register(name, table)
        kinds = " ".join(f"WHEN {number} THEN '{kind}'" for number, kind in enumerate(KINDS))
        rows = connection.sql(_NAMED.format(kinds=kinds)).to_arrow_table()
    ids = rows["id"].to_pylist()
    taken = {one for one in ids if one is not None}
    columns = (rows[name].to_pylist() for name in ("vehicle", "kind", "t"))
    for place, (vehicle, kind, start) in enumerate(zip(*columns, strict=True)):
        if ids[place] is None:
            ids[place] = _fresh(vehicle, kind, start, taken)
            taken.add(ids[place])
    return rows.drop_columns(["id", "t"]).append_column("id", pa.array(ids, pa.string()))


def _fresh(vehicle: str, kind: str, start: int, taken: AbstractSet[str]) -> str:
    """A name by its beginning; another one where an activity that began then has moved and kept that name."""
    for again in range(1_000):
        text = f"{vehicle}/{kind}/{start}" + (f"/{again}" if again else "")
        name = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
        if name not in taken:
            return name
    raise AssertionError(f"a thousand activities of {vehicle} with one name")


_NAMED = """
WITH fresh AS (
    SELECT a.car, a.number, w.vehicle, CASE a.kind {kinds} END AS kind, a.t, a.t_end
    FROM activities AS a JOIN windows AS w ON w.car = a.car
), pairs AS (
    SELECT f.car, f.number, s.id, least(f.t_end, s.high) - greatest(f.t, s.low) AS overlap
    FROM fresh AS f JOIN stored AS s ON s.car = f.car AND s.kind = f.kind AND s.low < f.t_end AND f.t < s.high
), best AS (
    SELECT car, number, id,
        row_number() OVER (PARTITION BY car, number ORDER BY overlap DESC, id) AS of_fresh,
        row_number() OVER (PARTITION BY id ORDER BY overlap DESC, car, number) AS of_stored
    FROM pairs
)
SELECT f.car, f.number, f.vehicle, f.kind, f.t, b.id
FROM fresh AS f LEFT JOIN best AS b ON b.car = f.car AND b.number = f.number AND b.of_fresh = 1 AND b.of_stored = 1
ORDER BY f.car, f.number
"""
