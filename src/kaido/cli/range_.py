"""``kaido range``: how far a vehicle goes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from kaido.cli import units as in_units
from kaido.cli.context import single
from kaido.errors import InvalidInputError
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.cli.context import Session
    from kaido.services.markets import Reading, Unit

_ROUTE_COLUMNS = ("distance_km", "speed_kmh", "climb_m")


@single("range")
@click.argument("id")
@click.option("--soc", type=click.FloatRange(0, 100), help="State of charge, percent.  [default: what it said last]")
@click.option("--temperature", type=click.FloatRange(-60, 70), help="Outside, °C.  [default: what it said last]")
@click.option("--reserve", type=click.FloatRange(0, 100), default=0.0, help="Percent at which the range ends.")
@click.option("--fuel", type=click.FloatRange(0, 1_000), help="Litres in the tank.  [default: what it said last]")
@click.option(
    "--route", type=click.Path(path_type=Path), help="A CSV file of stretches: distance_km,speed_kmh,climb_m."
)
@in_units.options
def range_(
    session: Session,
    id: str,  # noqa: A002  # it is what the field calls it
    soc: float | None,
    temperature: float | None,
    reserve: float,
    fuel: float | None,
    route: Path | None,
    market: str | None,
    units: str | None,
) -> None:
    """Show how far a vehicle goes: one in ten times less than p10, half of the times less than p50."""
    path = f"/v1/vehicles/{quote(id, safe='')}/range"
    params = {"soc": soc, "temperature": temperature, "reserve": reserve, "fuel": fuel}
    given = {name: value for name, value in params.items() if value is not None}
    if route is None:
        found = session.client.get(path, given)
    else:
        found = session.client.post(path, {"route": _stretches(route)}, params=given)
    if session.out.as_json:
        session.out.item(found)
        return
    session.out.item(_shown(found, in_units.reading(session, id, market, units)))


def _shown(found: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """For people: every number with its unit, and its age where it has one."""
    capacity, model, way = found["capacity"], found["model"], found["route"]
    between = f"{capacity['low_wh'] / 1_000:.1f} to {capacity['high_wh'] / 1_000:.1f}"
    shown = {
        "vehicle": found["vehicle"],
        "range": _in(reading.distance, {name: 1_000 * value for name, value in found["range_km"].items()}),
        "consumption": _in(reading.consumption[0], found["consumption_wh_per_km"]),
        "energy": _kwh(found["energy_wh"]) + f", down to {found['reserve_percent']:g} % state of charge",
        "state of charge": _reading(found["soc"], "%"),
        "temperature": _reading(
            found["temperature"] | {"value": round(reading.temperature.of(found["temperature"]["value"]), 1)},
            reading.temperature.symbol,
        ),
        "capacity": f"{capacity['wh'] / 1_000:.1f} kWh ({between}); {capacity['method']}",
        "driving": found["driving"],
        "model": f"{model['name']}, learned from {model['trips']} trips, {model['trips_left_out']} left out",
    }
    if way is not None:
        shown |= {
            "route": f"{reading.shown('distance', 1_000 * way['distance_km'])} takes {_kwh(way['energy_wh'])}",
            "arrival": _quantiles(way["arrival_soc_percent"], "% state of charge"),
            "arrives": f"{100 * way['arrives']:.0f} % of the times",
        }
    if found["fuel"] is not None:
        shown["fuel"] = _fuel(found["fuel"], reading)
    if model["notes"]:
        shown["note"] = "; ".join(model["notes"])
    return shown


def _fuel(fuel: dict[str, Any], reading: Reading) -> str:
    tank = _reading(fuel["in_tank"], "l")
    if fuel["range_km"] is None:
        return f"{tank}: how far it goes is not known, {fuel['trips']} trips were driven by fuel alone"
    besides = _in(reading.distance, {name: 1_000 * value for name, value in fuel["range_km"].items()})
    return f"{tank}: {besides} besides, by {fuel['trips']} trips"


def _in(unit: Unit, found: dict[str, float]) -> str:
    """Quantiles in a unit; the p10 of what is reciprocal is still the one of ten that is least."""
    values = {name: unit.of(value) for name, value in found.items()}
    if unit.reciprocal:
        values["p10"], values["p90"] = values["p90"], values["p10"]
    return _quantiles(values, unit.symbol)


def _kwh(found: dict[str, float]) -> str:
    return _quantiles({name: value / 1_000 for name, value in found.items()}, "kWh")


def _quantiles(found: dict[str, float], unit: str) -> str:
    return f"{found['p50']:,.4g} {unit} (p10 {found['p10']:,.4g}, p90 {found['p90']:,.4g})"


def _reading(found: dict[str, Any], unit: str) -> str:
    said = {
        "vehicle": f"{clock.age(found['age_s'] or 0)} ago",
        "given": "as given",
        "trips": "mean of its last trips",
        "assumed": "assumed",
    }
    return f"{found['value']:g} {unit}, {said[found['source']]}"


def _stretches(file: Path) -> list[dict[str, float]]:
    """The rows of a route's file; what makes no sense in them is the API's to say."""
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            if list(reader.fieldnames or [])[:2] != list(_ROUTE_COLUMNS[:2]):
                raise InvalidInputError(f"the route {file}", why=f"its first line is not {','.join(_ROUTE_COLUMNS)}")
            return [_stretch(file, reader.line_num, row) for row in reader]
    except OSError as error:
        raise InvalidInputError(f"the route {file} cannot be read", why=error.strerror or str(error)) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(f"the route {file} is no CSV", why=str(error)) from error


def _stretch(file: Path, line: int, row: dict[str, str | None]) -> dict[str, float]:
    try:
        return {name: float(row.get(name) or 0) for name in _ROUTE_COLUMNS}
    except ValueError as error:
        raise InvalidInputError(f"line {line} of the route {file}", why=str(error)) from error
