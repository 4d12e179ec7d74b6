"""Made-up lives of cars, sample by sample; and derived tables as they can be compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kaido.flow import SAMPLE_SCHEMA
from kaido.services import tables
from kaido.services.signals import path

if TYPE_CHECKING:
    from kaido.lake import Lake

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


class Life:
    """What one car sends; times are minutes after noon.

    Args:
        vehicle: its id.
    """

    def __init__(self, vehicle: str = "car") -> None:
        self.vehicle = vehicle
        self._rows: list[dict[str, Any]] = []

    def say(self, minute: float, **values: float | str) -> Life:
        """Values of roles at a time: odometer in km, energy in kWh, as signals have them."""
        for role, value in values.items():
            kind = {"text": value} if isinstance(value, str) else {"value": float(value)}
            time = NOON + timedelta(minutes=minute)
            self._rows.append({"vehicle": self.vehicle, "signal": path(role), "time": time, **kind})
        return self

    def drive(self, begin: float, end: float, *, kmh: float = 60.0, kw: float = 12.0, odometer: float = 100.0) -> Life:
        """A steady drive, heard every two seconds, from standing to standing."""
        steps = round((end - begin) * 30)
        for step in range(steps + 1):
            minute = begin + step / 30
            driven = odometer + kmh * step / 30 / 60
            moving = 0 < step < steps
            self.say(minute, speed=kmh if moving else 0.0, power=-1e3 * kw, odometer=round(driven, 2))
        return self

    def rows(self) -> pa.Table:
        """All of it, as SAMPLE_SCHEMA."""
        return pa.Table.from_pylist(self._rows, SAMPLE_SCHEMA)


def minutes(row: dict[str, Any]) -> tuple[float, float]:
    """Start and end of a derived row, minutes after noon."""
    first, last = (round((row[name] - NOON).total_seconds() / 60, 2) for name in ("start", "end"))
    return first, last


def derived(lake: Lake, name: str) -> list[dict[str, Any]]:
    """All rows of a table, by vehicle and time."""
    time = tables.TIMES[name]
    rows: list[dict[str, Any]] = (
        tables.read(lake, name).sort_by([("vehicle", "ascending"), (time, "ascending")]).to_pylist()
    )
    return rows


def everything(lake: Lake, *, ids: bool = True) -> dict[str, list[dict[str, Any]]]:
    """All derived tables, numbers to nine digits: the order in which doubles are added is nobody's."""
    return {name: [_comparable(row, ids=ids) for row in derived(lake, name)] for name in tables.TIMES if name in _OURS}


_OURS = ("trips", "charges", "charge_curves", "idles", "currents", "activities")


def _comparable(row: dict[str, Any], *, ids: bool) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if ids or name not in {"id", "charge"}}
    return {name: float(f"{value:.9g}") if isinstance(value, float) else value for name, value in kept.items()}
