"""``kaido charge cost``: what a charging session cost."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from kaido.cli.context import single
from kaido.cli.tariff import money

if TYPE_CHECKING:
    from kaido.cli.context import Session


@single("cost")
@click.argument("id")
@click.option("--tariff", required=True, metavar="NAME", help="See: kaido tariff list")
@click.option("--efficiency", type=click.FloatRange(0.05, 1), help="Where the wall was not measured.  [default: 0.9]")
@click.option("--used", "used_kwh", type=click.FloatRange(min=0), help="kWh of the billing month before.")
@click.option("--peak", "peak_kw", type=click.FloatRange(min=0), help="Highest kW of that month before.")
def cost(session: Session, id: str, **options: str | float | None) -> None:  # noqa: A002  # it is what the field calls it
    """Say what a charging session cost, by a tariff."""
    params = {name: value for name, value in options.items() if value is not None}
    found = session.client.get(f"/v1/charges/{quote(id, safe='')}/cost", params)
    if session.out.as_json:
        session.out.item(found)
        return
    lines = {"cost": money(found["amount"], found["currency"])}
    lines |= {f"  {part}": money(amount, found["currency"]) for part, amount in found["parts"].items()}
    known = "measured" if found["measured"] else f"from the battery's at {found['efficiency']:.0%}"
    lines["energy"] = f"{found['energy_wh'] / 1_000:.2f} kWh from the wall, {known}"
    if found["carbon_g"] is not None:
        lines["carbon"] = f"{found['carbon_g'] / 1_000:.2f} kg"
    session.out.item(lines)
