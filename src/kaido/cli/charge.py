"""``kaido charge``: one charging session, and its plot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from kaido.cli import plots
from kaido.cli import units as in_units
from kaido.cli.charge_cost import cost
from kaido.cli.context import command

if TYPE_CHECKING:
    from kaido.cli.context import Session


@click.group("charge")
def charge() -> None:
    """One charging session, and its plot."""


charge.add_command(cost)


@command(charge, "show")
@click.argument("id")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw it: charge.png, .svg or .pdf.")
@in_units.options
def show(
    session: Session,
    id: str,  # noqa: A002  # it is what the field calls it
    plot: Path | None,
    market: str | None,
    units: str | None,
) -> None:
    """Show what is known of a charging session, and its curve."""
    if plot is not None:
        plots.check(plot)
    found = session.client.get(f"/v1/charges/{quote(id, safe='')}")
    slots = session.client.get(f"/v1/charges/{quote(id, safe='')}/curve")["slots"]
    if session.out.as_json:
        session.out.item({**found, "curve": slots})
    else:
        session.out.item(plots.with_units(found, in_units.reading(session, found["vehicle"], market, units)))
    if plot is not None:
        plots.charge(plot, found, slots)
        session.out.say(f"wrote {plot}")
