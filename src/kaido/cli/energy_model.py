"""``kaido energy model``: what a vehicle takes, and how that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from kaido.cli import units as in_units
from kaido.cli.context import single

if TYPE_CHECKING:
    from kaido.cli.context import Session


@single("model")
@click.argument("id")
@in_units.options
def model(session: Session, id: str, market: str | None, units: str | None) -> None:  # noqa: A002  # the field's word
    """Show a vehicle's energy model: what was learned from its trips, and what consumption goes into."""
    found = session.client.get(f"/v1/vehicles/{quote(id, safe='')}/consumption")
    if session.out.as_json:
        session.out.item(found)
        return
    behind = found["model"]
    reading = in_units.reading(session, id, market, units)
    session.out.item(
        {
            "vehicle": found["vehicle"],
            "model": behind["name"],
            "learned": f"from {behind['trips']} trips, {behind['trips_left_out']} left out",
            "since": found["since"],
            "until": found["until"],
            "driving": found["driving"],
            "single trips": f"differ by {found['scatter_percent']:g} % (standard deviation)",
        }
        | ({"note": "; ".join(behind["notes"])} if behind["notes"] else {})
    )
    click.echo()
    session.out.rows(
        [
            {"outside": reading.shown("temperature", row["temperature_c"])}
            | {name: reading.additive.shown(value) for name, value in row["wh_per_km"].items()}
            for row in found["consumption"]
        ],
        ["outside", "p10", "p50", "p90"],
    )
    click.echo()
    session.out.rows(
        [
            {"went into": name, "consumption": reading.additive.shown(value)}
            for name, value in found["went_into_wh_per_km"].items()
        ],
        ["went into", "consumption"],
    )
    click.echo()
    session.out.rows(
        [
            {
                "factor": one["name"],
                "value": f"{one['value']:.2f} x",
                "95 %": f"{one['low']:.2f} to {one['high']:.2f} x",
                "before any trip": f"{one['before'][0]:.2f} to {one['before'][1]:.2f} x",
            }
            for one in found["factors"]
        ],
        ["factor", "value", "95 %", "before any trip"],
    )
