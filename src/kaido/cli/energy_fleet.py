"""``kaido energy consumption`` and ``kaido energy charging``: a whole fleet, group by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kaido.cli import units as in_units
from kaido.cli.context import single
from kaido.cli.electric import END, START, share
from kaido.cli.electric import energy as kwh
from kaido.services.grouping import BAND_C

if TYPE_CHECKING:
    from kaido.cli.context import Session
    from kaido.services.markets import Reading

_MODEL = click.option("--model", help="Only of this vehicle model.")
_IN = click.option("--in", "sold", metavar="CODE", help="Only vehicles of this market.")


@single("consumption")
@click.option(
    "--by",
    type=click.Choice(["fleet", "model", "market", "temperature", "day"]),
    default="fleet",
    show_default=True,
    help="What a group has in common.",
)
@_MODEL
@_IN
@START
@END
@in_units.options
def consumption(
    session: Session,
    by: str,
    model: str | None,
    sold: str | None,
    start: str | None,
    end: str | None,
    market: str | None,
    units: str | None,
) -> None:
    """Show what driving takes from the batteries of a fleet; trips with the engine are left out."""
    reading = in_units.reading(session, None, market, units)
    params = {"by": by, "model": model, "market": sold, "start": start, "end": end}
    found = list(session.client.pages("/v1/energy/consumption", params))
    rows = [
        {
            **one,
            "group": _temperatures(one["group"], reading) if by == "temperature" else one["group"] or "not known",
            "distance": reading.shown("distance", one["distance_m"]),
            "electric": reading.shown("distance", one["electric_m"]),
            "energy": kwh(one["net_wh"]),
            "consumption": reading.shown("consumption", one["consumption_wh_per_km"]),
            "median": reading.shown("consumption", one["p50"]),
            "of 80 % of vehicles": " to ".join(reading.shown("consumption", one[name]) for name in ("p10", "p90")),
        }
        for one in found
    ]
    columns = ["group", "vehicles", "trips", "distance", "electric", "energy", "consumption", "median"]
    session.out.rows(
        found if session.out.as_json else rows, [*columns, "of 80 % of vehicles"], empty="no trip began in this time"
    )


@single("charging")
@click.option(
    "--by",
    type=click.Choice(["fleet", "model", "market", "day", "hour"]),
    default="fleet",
    show_default=True,
    help="What a group has in common.",
)
@click.option("--zone", default="UTC", show_default=True, help="In which days and hours are told: Asia/Tokyo.")
@_MODEL
@_IN
@START
@END
def charging(
    session: Session, by: str, zone: str, model: str | None, sold: str | None, start: str | None, end: str | None
) -> None:
    """Show what a fleet charged."""
    params = {"by": by, "zone": zone, "model": model, "market": sold, "start": start, "end": end}
    found = list(session.client.pages("/v1/energy/charging", params))
    rows = [
        {
            **one,
            "group": f"{int(one['group']):02}:00" if by == "hour" else one["group"] or "not known",
            "energy": kwh(one["energy_wh"]),
            "AC": kwh(one["ac_wh"]),
            "DC": kwh(one["dc_wh"]),
            "DC share": share(one["dc_wh"] / one["energy_wh"] if one["energy_wh"] else None),
            "before the charger": kwh(one["wall_wh"]),
            "arrived of that": share(one["wall_battery_wh"] / one["wall_wh"] if one["wall_wh"] else None),
        }
        for one in found
    ]
    columns = ["group", "vehicles", "charges", "energy", "AC", "DC", "DC share", "before the charger"]
    session.out.rows(
        found if session.out.as_json else rows, [*columns, "arrived of that"], empty="no charge began in this time"
    )


def _temperatures(low: str, reading: Reading) -> str:
    """A band of temperatures by its lower edge."""
    if not low:
        return "not known"
    edges = (reading.unit("temperature").of(float(low) + more) for more in (0, BAND_C))
    return " to ".join(f"{edge:g}" for edge in edges) + f" {reading.unit('temperature').symbol}"
