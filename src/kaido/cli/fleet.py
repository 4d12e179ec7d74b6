"""``kaido fleet``: find vehicles by their last values and attributes."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from kaido.cli.context import single
from kaido.cli.output import MOST
from kaido.cli.twin import shown
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.cli.context import Session

PAGE = 1_000


@single("fleet")
@click.option("--where", default="", help='A condition: \'Vehicle.Speed > 100 and market in ("JP", "US")\'.')
@click.option("--select", metavar="SIGNAL", multiple=True, help="A signal to show; those of --where if none is given.")
@click.option(
    "--limit", type=click.IntRange(1, MOST), default=100, show_default=True, help="How many vehicles at most."
)
def fleet(session: Session, where: str, select: tuple[str, ...], limit: int) -> None:
    """Find vehicles by the last values of their signals and by id, vin, model, market, platform.

    Comparisons, and, or, not, arithmetic, in (…), is null, age(SIGNAL) in seconds. What a vehicle never sent compares
    false.
    """
    params = {"where": where, "select": list(select) or None, "limit": min(limit, PAGE)}
    found = list(islice(session.client.pages("/v1/fleet", params), limit))
    if session.out.as_json:
        session.out.rows(found, [])
        return
    paths = list(found[0]["values"]) if found else []
    session.out.rows(
        [{**vehicle, **{path: _cell(vehicle["values"][path]) for path in paths}} for vehicle in found],
        ["vehicle", "model", "market", *paths, "last_seen"],
        empty="no vehicle",
        verbatim=paths,
    )
    if len(found) == limit:
        session.out.say(f"the first {limit}; --limit shows more")


def _cell(value: dict[str, Any] | None) -> str | None:
    """A value with its unit and age: ``57.2 km/h, 3 s``."""
    if value is None:
        return None
    what = shown(value)
    number = f"{what:.6g}" if isinstance(what, float) else str(what)
    unit = f" {value['unit']}" if value["unit"] else ""
    return f"{number}{unit}, {clock.age(value['age_s'])}"
