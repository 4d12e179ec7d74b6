"""What a fleet charged: how much, AC or DC, where the losses were, and at which hours."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from kaido.services.asking import ask

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import pyarrow as pa

    from kaido.lake import Lake
    from kaido.services.grouping import ChargingBy

_LONGEST = dt.timedelta(days=7)
"""No charge goes on for longer: where the slots of those that begin in a period end."""
_KEYS = {
    "fleet": "'all'",
    "model": "coalesce(v.model, '')",
    "market": "coalesce(v.market, '')",
    "day": "strftime(timezone($zone, c.at), '%Y-%m-%d')",
    "hour": "hour(timezone($zone, c.at))::VARCHAR",
}


def charging(
    lake: Lake,
    vehicles: pa.Table,
    by: ChargingBy,
    *,
    zone: ZoneInfo,
    model: str | None = None,
    market: str | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> pa.Table:
    """A row a group, by its name.

    Args:
        lake: whose.
        vehicles: vehicle, model and market of those that are registered.
        by: what a group has in common. Of hours and days, a charge's energy is where it flowed, in slots of five
            minutes; else it is its own.
        zone: in which days and hours are told.
        model: only of this vehicle model.
        market: only of this market.
        start: charges that begin then or later.
        end: charges that begin before.

    Returns:
        grouped (the name; empty where that is not known), vehicles, charges (that were under way), energy_wh (into the
        batteries), ac_wh and dc_wh of it, wall_wh (before the charger, where the car measures that) and wall_battery_wh
        (what arrived of that).
    """
    timed = by in {"day", "hour"}
    parts = _SLOTS if timed else _WHOLE
    sql = _GROUPS.format(key=_KEYS[by], parts=parts)
    parameters = {"model": model, "market": market, "end": end, "start": start}
    if timed:
        parameters["zone"] = zone.key
    return ask(
        lake,
        sql,
        parameters,
        tables=("charges", "charge_curves") if timed else ("charges",),
        start=start,
        end=end + _LONGEST if end else None,
        beside={"vehicles": vehicles},
    )


_WHOLE = """
    SELECT id, vehicle, kind, start AS at, energy_battery_wh, energy_wall_wh FROM charges
    WHERE ($start IS NULL OR start >= $start) AND ($end IS NULL OR start < $end)
"""
_SLOTS = """
    SELECT c.id, c.vehicle, c.kind, s.time AS at, s.energy_battery_wh, s.energy_wall_wh
    FROM charge_curves AS s JOIN charges AS c ON c.id = s.charge
    WHERE ($start IS NULL OR c.start >= $start) AND ($end IS NULL OR c.start < $end)
"""
_GROUPS = """
WITH parts AS ({parts})
SELECT {key} AS grouped, count(DISTINCT c.vehicle) AS vehicles, count(DISTINCT c.id) AS charges,
    coalesce(sum(c.energy_battery_wh), 0) AS energy_wh,
    coalesce(sum(c.energy_battery_wh) FILTER (c.kind = 'AC'), 0) AS ac_wh,
    coalesce(sum(c.energy_battery_wh) FILTER (c.kind = 'DC'), 0) AS dc_wh,
    sum(c.energy_wall_wh) AS wall_wh,
    sum(c.energy_battery_wh) FILTER (c.energy_wall_wh IS NOT NULL) AS wall_battery_wh
FROM parts AS c LEFT JOIN vehicles AS v ON v.vehicle = c.vehicle
WHERE ($model IS NULL OR v.model = $model) AND ($market IS NULL OR v.market = $market)
GROUP BY grouped ORDER BY try_cast(grouped AS INTEGER) NULLS FIRST, grouped
"""
