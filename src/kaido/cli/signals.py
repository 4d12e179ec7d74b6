"""``kaido signals``: signals over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kaido.cli.context import single
from kaido.cli.tables import show, table_options

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.cli.context import Session


@single("signals")
@click.argument("vehicle")
@click.argument("signal", nargs=-1, required=True)
@click.option("--vehicle", "others", multiple=True, help="Of this vehicle too; may be given several times.")
@click.option("--start", help="First moment: 2026-01-31T12:00:00Z, -2h, now. All if not given.")
@click.option("--end", help="The moment after the last.")
@click.option("--points", type=click.IntRange(2), help="About as many samples a signal; the extremes are kept.")
@table_options
def signals(
    session: Session,
    vehicle: str,
    signal: tuple[str, ...],
    others: tuple[str, ...],
    start: str | None,
    end: str | None,
    points: int | None,
    limit: int,
    form: str | None,
    csv: bool,
    output: Path | None,
) -> None:
    """Show what VEHICLE measured: SIGNAL is a path or a pattern like 'Vehicle.Chassis.*', VEHICLE one like 'car-*'."""
    params = {
        "vehicle": [vehicle, *others],
        "signal": list(signal),
        "start": start,
        "end": end,
        "points": points,
        "limit": limit,
    }
    show(session, "/v1/signals", form=form, csv=csv, output=output, params=params)
