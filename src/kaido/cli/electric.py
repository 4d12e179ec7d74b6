"""What the commands about trips, charges and energy have in common."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from kaido.cli.output import MOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.cli.context import Session

_PAGE = 1_000

VEHICLE = click.option("--vehicle", help="Only of this vehicle.")
START = click.option("--start", "--from", help="Those that begin then or later: 2026-01-31T12:00:00Z, -7d.")
END = click.option("--end", "--to", help="Those that begin before.")


def listing(function: Callable[..., None]) -> Callable[..., None]:
    """The options of a list."""
    limit = click.option(
        "--limit", type=click.IntRange(1, MOST), default=50, show_default=True, help="How many at most."
    )
    for option in (limit, END, START, VEHICLE):
        function = option(function)
    return function


def listed(
    session: Session, path: str, vehicle: str | None, start: str | None, end: str | None, limit: int, **more: str | None
) -> list[dict[str, Any]]:
    """The first items of a list."""
    params = {"vehicle": vehicle, "start": start, "end": end, "limit": min(limit, _PAGE), **more}
    return list(islice(session.client.pages(path, params), limit))


def energy(watt_hours: float | None) -> str | None:
    """For people, in kWh."""
    return None if watt_hours is None else f"{watt_hours / 1_000:.2f} kWh"


def share(part: float | None) -> str | None:
    """A share of one for people, in percent."""
    return None if part is None else f"{100 * part:.0f} %"


def percent(one: dict[str, Any]) -> str | None:
    """The state of charge at the beginning and the end."""
    first, last = one["soc_start_percent"], one["soc_end_percent"]
    return None if first is None or last is None else f"{first:g} → {last:g} %"


def ended(one: dict[str, Any]) -> str:
    """When it began, to the minute, UTC."""
    text: str = one["start"]
    return f"{text[:10]} {text[11:16]}Z"
