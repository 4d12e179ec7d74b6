"""Answers of the API about energy as rows of a page, with what is drawn in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaido.console.scales import Scale
from kaido.services.grouping import BAND_C

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.services.markets import Reading

HOURS = 24
NOT_KNOWN = "not known"


@dataclass(frozen=True)
class Interval:
    """A value between two ends, on a scale; None where there is none. Ends that are open are the scale's."""

    scale: Scale
    low: float | None
    value: float | None
    high: float | None


@dataclass(frozen=True)
class Group:
    """A group's numbers, and its consumption over vehicles in the person's unit.

    Attributes:
        key: as the API names it.
        name: for people.
    """

    key: str
    name: str
    numbers: dict[str, Any]
    interval: Interval


def consumption_rows(items: Sequence[dict[str, Any]], by: str, reading: Reading) -> list[Group]:
    """Groups of trips, all on one scale."""
    unit = reading.unit("consumption")
    told = [
        [None if one[name] is None else unit.of(one[name]) for name in ("p10", "p50", "p90", "consumption_wh_per_km")]
        for one in items
    ]
    scale = Scale.over((value for ends in told for value in ends), zero=True)
    return [
        Group(
            key=one["group"],
            name=_band(one["group"], reading) if by == "temperature" else one["group"] or NOT_KNOWN,
            numbers=one,
            interval=_interval(scale, *ends[:3]),
        )
        for one, ends in zip(items, told, strict=True)
    ]


def battery_rows(items: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], Scale]:
    """Batteries, each with its health as an interval; all on one scale, which always has 100 %."""
    names = ("health_percent_low", "health_percent", "health_percent_high")
    scale = Scale.over([100.0, *(one[name] for one in items for name in names)])
    return [{**one, "interval": _interval(scale, *(one[name] for name in names))} for one in items], scale


def cohort_rows(items: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """Cohorts with their percentiles drawn, on one scale a unit; and the effects of use, by model."""
    units = {one["unit"] for one in items}
    scales = {
        unit: Scale.over(
            value
            for one in items
            if one["unit"] == unit
            for value in (*one["percentiles"].values(), *(odd["value"] for odd in one["odd"]))
        )
        for unit in units
    }
    rows = [{**one, "scale": scales[one["unit"]]} for one in items]
    return rows, {one["model"]: [effect | {"in": one["unit"]} for effect in one["effects"]] for one in items}


def hours(items: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The hours of a day as columns of AC and DC, from the top of the drawing; None where nothing flowed."""
    by_hour = {int(one["group"]): one for one in items}
    most = max((one["energy_wh"] for one in items), default=0.0)
    if most <= 0:
        return None
    scale = Scale.over([0.0, most / 1_000])
    columns = []
    for hour in range(HOURS):
        one = by_hour.get(hour, {"ac_wh": 0.0, "dc_wh": 0.0, "charges": 0})
        ac, dc = (max(one[name], 0.0) / 1_000 / scale.high for name in ("ac_wh", "dc_wh"))
        columns.append({"hour": hour, "ac": ac, "dc": dc, **one})
    return {"columns": columns, "scale": scale}


def residual_scale(items: Sequence[dict[str, Any]]) -> Scale:
    """For residuals and tolerances, kWh; the same to both sides of zero."""
    known = [
        abs(one[name]) / 1_000 for one in items for name in ("residual_wh", "tolerance_wh") if one[name] is not None
    ]
    most = max(known, default=1.0)
    return Scale.over([-most, most])


def residual_rows(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Balances with the residual between its tolerances, kWh."""
    scale = residual_scale(items)
    rows = []
    for one in items:
        residual, tolerance = (
            None if one[name] is None else one[name] / 1_000 for name in ("residual_wh", "tolerance_wh")
        )
        ends = (None, None) if tolerance is None else (-tolerance, tolerance)
        rows.append({**one, "interval": Interval(scale, ends[0], residual, ends[1])})
    return rows


def _interval(scale: Scale, low: float | None, value: float | None, high: float | None) -> Interval:
    """In order: in km/kWh, who takes more has the smaller number."""
    if low is not None and high is not None and low > high:
        low, high = high, low
    return Interval(scale, low, value, high)


def _band(low: str, reading: Reading) -> str:
    """A band of temperatures by its lower edge."""
    if not low:
        return NOT_KNOWN
    unit = reading.unit("temperature")
    edges = [f"{unit.of(float(low) + more):g}" for more in (0, BAND_C)]
    return f"{edges[0]} to {edges[1]} {unit.symbol}"
