"""Trips and charges as they are shown: what the current sensor's offset added to them is taken out, and that is said.

The tables hold what was measured. What a sensor is off by follows from many trips and charges, later ones too, so it is
an answer on reading: rows that are stored would else depend on all that comes after them.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from kaido.services.asking import ask
from kaido.services.battery.sensor import Sensor
from kaido.services.offset import Counted, estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.lake import Lake
    from kaido.services.offset import Offset

BEFORE = dt.timedelta(days=31)
"""A month's offset rests on the trips and charges of it, and of this long before it."""
MOST_SHARE = 0.1
"""Of the charge in and out: an offset that would explain more of it explains nothing."""

Row = dict[str, Any]


def corrected(lake: Lake, name: str, rows: Sequence[Row]) -> list[Row]:
    """Rows of ``trips`` or ``charges`` with energies and charge less what their sensors are off by.

    Args:
        lake: whose.
        name: of the table.
        rows: as they are stored.

    Returns:
        The rows, as many, with more columns: ``energy_by`` (``current``: voltage times current; ``power``: the car's
        signal of power; None: not known), ``current_offset_a`` and ``current_offset_sd_a`` (of the car's sensor in that
        month, A; None where there is too little to tell), ``corrected`` (whether that was taken out: of the charge, and
        of energies by ``current``). Of charges ``energy_measured_wh`` and ``charge_measured_ah``, of trips
        ``energy_out_measured_wh`` and ``energy_in_measured_wh``, as they are stored; and of charges
        ``energy_battery_sd_wh``, how far their energy may be off (a standard deviation, Wh).

    Raises:
        TooLargeError: it needs more memory than a question may take.
    """
    if not rows:
        return []
    months = [_month(row["start"]) for row in rows]
    vehicles = sorted({row["vehicle"] for row in rows})
    found = ask(
        lake,
        "SELECT * FROM currents WHERE vehicle IN (SELECT unnest($vehicles)) ORDER BY vehicle, start",
        {"vehicles": vehicles},
        tables=("currents",),
        vehicle=vehicles[0] if len(vehicles) == 1 else None,
        start=min(months) - BEFORE,
        end=_next(max(months)),
    )
    by_vehicle = Counted.by_vehicle(found)
    shown_here = pc.is_in(found["id"], pa.array([row["id"] for row in rows]))
    counts = {row["id"]: row for row in found.filter(shown_here).to_pylist()}
    offsets: dict[tuple[str, dt.datetime], Offset | None] = {}
    made = []
    for row, month in zip(rows, months, strict=True):
        key = row["vehicle"], month
        if key not in offsets:
            counted = by_vehicle.get(row["vehicle"])
            within = ((month - BEFORE).timestamp(), _next(month).timestamp())
            offsets[key] = estimate(counted.between(*within)) if counted else None
        shown = _charge if name == "charges" else _trip
        made.append(row | shown(row, counts.get(row["id"]), offsets[key]))
    return made


def _charge(row: Row, count: Row | None, offset: Offset | None) -> Row:
    energy_wh, charge_ah = row["energy_battery_wh"], row["charge_ah"]
    taken_ah = _taken_ah(count, offset)
    share = 1 - taken_ah / charge_ah if taken_ah and charge_ah else 1.0
    by_current = count is not None and count["energy_by"] == "current"
    of_energy = share if by_current else 1.0
    better = {
        "energy_battery_wh": None if energy_wh is None else energy_wh * of_energy,
        "power_mean_w": None if row["power_mean_w"] is None else row["power_mean_w"] * of_energy,
        "charge_ah": None if charge_ah is None else charge_ah * share,
    }
    of = _how(count, offset, applied=share != 1)
    of |= {"energy_measured_wh": energy_wh, "charge_measured_ah": charge_ah}
    return better | of | {"energy_battery_sd_wh": _sd_wh(row | better, offset, of)}


def _trip(row: Row, count: Row | None, offset: Offset | None) -> Row:
    out_wh, in_wh = row["energy_out_wh"], row["energy_in_wh"]
    of = {"energy_out_measured_wh": out_wh, "energy_in_measured_wh": in_wh}
    taken_ah = _taken_ah(count, offset)
    if not taken_ah or count is None or count["energy_by"] != "current" or out_wh is None or in_wh is None:
        return of | _how(count, offset, applied=False)
    taken_wh = taken_ah * (out_wh + in_wh) / (count["charge_out_ah"] + count["charge_in_ah"])
    inwards = count["inflow_s"] / (row["end"] - row["start"]).total_seconds()
    better = {
        "energy_out_wh": max(out_wh + taken_wh * (1 - inwards), 0.0),
        "energy_in_wh": max(in_wh - taken_wh * inwards, 0.0),
    }
    return of | better | _how(count, offset, applied=True)


def _taken_ah(count: Row | None, offset: Offset | None) -> float:
    """What the offset added to the charge; 0 where it is not to be taken out."""
    if count is None or offset is None or not offset.applies or count["charge_in_ah"] is None:
        return 0.0
    taken = offset.value_a * (count["end"] - count["start"]).total_seconds() / 3_600
    return taken if abs(taken) <= MOST_SHARE * (count["charge_in_ah"] + count["charge_out_ah"]) else 0.0


def _how(count: Row | None, offset: Offset | None, *, applied: bool) -> Row:
    return {
        "energy_by": count["energy_by"] if count else None,
        "current_offset_a": offset.value_a if offset else None,
        "current_offset_sd_a": offset.sd_a if offset else None,
        "corrected": applied,
    }


def _sd_wh(row: Row, offset: Offset | None, how: Row) -> float | None:
    """Of the energy: by what is left of the offset, and by what a sensor's data sheet says of the rest."""
    if not row["energy_battery_wh"] or not row["charge_ah"]:
        return None
    sensor = Sensor()
    left_a = sensor.offset_a
    if offset is not None and how["energy_by"] == "current":
        left_a = offset.sd_a if how["corrected"] else min(math.hypot(offset.value_a, offset.sd_a), left_a)
    hours = (row["end"] - row["start"]).total_seconds() / 3_600
    return Sensor(offset_a=left_a).energy_sd_wh(row["energy_battery_wh"], row["charge_ah"], hours)


def _month(moment: dt.datetime) -> dt.datetime:
    moment = moment.astimezone(dt.UTC)
    return dt.datetime(moment.year, moment.month, 1, tzinfo=dt.UTC)


def _next(month: dt.datetime) -> dt.datetime:
    return dt.datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=dt.UTC)
