"""What the lake and the twin have of a vehicle, as the energy model takes it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from kaido.services import tables
from kaido.services.battery.capacity import capacities
from kaido.services.battery.driving import driven
from kaido.services.battery.packs import pack
from kaido.services.battery.sessions import Sessions
from kaido.services.energy.forecast import Capacity
from kaido.services.energy.fuel import FUEL_LEVEL, FUEL_LEVEL_PATH
from kaido.services.energy.models import vehicle_of
from kaido.services.energy.outlook import Outlook
from kaido.services.signals import ROLES, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pyarrow as pa

    from kaido.lake import Lake
    from kaido.services.battery.estimate import Estimate

LEARNED_DAYS = 180
"""Trips and charges that were so long before a car's last trip say little of how it is now."""

_TWO_SIDED = 1.96
_PATHS = {role.path: role for role in (*ROLES, Role(FUEL_LEVEL, FUEL_LEVEL_PATH, 0, 1_000))}


def outlook(
    lake: Lake,
    vehicle: str,
    model: str | None,
    now: dt.datetime,
    *,
    data: Path | None = None,
    said: Mapping[str, tuple[float, float]] | None = None,
) -> Outlook:
    """A vehicle as it stands.

    Args:
        lake: of its company.
        vehicle: its id.
        model: as it is registered.
        now: tables are read up to here.
        data: the data folder, for the company's own vehicle models.
        said: what it said last, see ``said``.

    Raises:
        InvalidInputError: the company's vehicle models are wrong (says where).
        UnavailableError: tables cannot be read.
    """
    last = tables.read(lake, "trips", vehicle=vehicle, end=now, limit=1)["start"].to_pylist()
    since = (last[0] if last else now) - dt.timedelta(days=LEARNED_DAYS)
    trips, charges = (tables.read(lake, name, vehicle=vehicle, start=since, end=now) for name in ("trips", "charges"))
    measured = _capacity(trips, charges, model, data, lake.company)
    return Outlook.of(vehicle, vehicle_of(model, data, lake.company), trips, said or {}, measured)


def said(values: Iterable[tuple[str, float | None, dt.datetime]], now: dt.datetime) -> dict[str, tuple[float, float]]:
    """What a vehicle said last, by role: in the role's unit, and seconds ago; what is no measurement is left out.

    Args:
        values: signal's path, value and time of each.
        now: the moment to count from.
    """
    found = {}
    for path, value, time in values:
        role = _PATHS.get(path)
        if role is None or value is None or not role.low <= value <= role.high or value == role.sentinel:
            continue
        found[role.name] = (role.factor * value, (now - time).total_seconds())
    return found


def _capacity(
    trips: pa.Table, charges: pa.Table, model: str | None, data: Path | None, company: str
) -> Capacity | None:
    """By driving, since it is driving that it is for; else by charging; None where neither says enough."""
    chemistry = pack(model, data, company).chemistry
    found = _known(driven(trips, chemistry).energy)
    return found or _known(capacities(Sessions.read(charges), chemistry).energy)


def _known(estimate: Estimate) -> Capacity | None:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return None
    sd_wh = (estimate.high - estimate.low) / 2 / _TWO_SIDED
    return Capacity(estimate.value, sd_wh, f"{estimate.method} ({estimate.sessions} sessions)")
