"""``kaido trip``: one trip, and its plot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from kaido.cli import plots
from kaido.cli import units as in_units
from kaido.cli.context import command
from kaido.errors import NotFoundError
from kaido.services.signals import path

if TYPE_CHECKING:
    from kaido.cli.context import Session

_POINTS = 2_000


@click.group("trip")
def trip() -> None:
    """One trip, and its plot."""


@command(trip, "show")
@click.argument("id")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw it: trip.png, .svg or .pdf.")
@in_units.options
def show(
    session: Session,
    id: str,  # noqa: A002  # it is what the field calls it
    plot: Path | None,
    market: str | None,
    units: str | None,
) -> None:
    """Show what is known of a trip."""
    if plot is not None:
        plots.check(plot)
    found = session.client.get(f"/v1/trips/{quote(id, safe='')}")
    if session.out.as_json:
        session.out.item(found)
    else:
        session.out.item(plots.with_units(found, in_units.reading(session, found["vehicle"], market, units)))
    if plot is not None:
        line = session.client.get(f"/v1/trips/{quote(id, safe='')}/route")["points"]
        plots.trip(plot, found, {name: _series(session, found, name) for name in ("speed", "power", "soc")}, line)
        session.out.say(f"wrote {plot}")


def _series(session: Session, found: dict[str, Any], role: str) -> list[tuple[str, float]]:
    """Times and values of a signal in a trip; power as voltage times current where it has no signal."""
    if role == "power" and not (power := _signal(session, found, "power")):
        return plots.product(_signal(session, found, "voltage"), _signal(session, found, "current"))
    return power if role == "power" else _signal(session, found, role)


def _signal(session: Session, found: dict[str, Any], role: str) -> list[tuple[str, float]]:
    params = {
        "vehicle": [found["vehicle"]],
        "signal": [path(role)],
        "start": found["start"],
        "end": found["end"],
        "points": _POINTS,
    }
    try:
        rows = session.client.get("/v1/signals", params)
    except NotFoundError:  # the vehicle has no such signal
        return []
    return [(row["time"], row["value"]) for row in rows if row["value"] is not None]
