"""``kaido charges``: what was charged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kaido.cli.context import single
from kaido.cli.electric import ended, energy, listed, listing, percent
from kaido.cli.tariff import money

if TYPE_CHECKING:
    from kaido.cli.context import Session


_COLUMNS = ("id", "vehicle", "start", "charging", "kind", "battery", "wall", "charge", "mean", "most")


@single("charges")
@listing
@click.option("--tariff", metavar="NAME", help="Say what each cost. See: kaido tariff list")
def charges(
    session: Session, vehicle: str | None, start: str | None, end: str | None, limit: int, tariff: str | None
) -> None:
    """List charging sessions, the newest first."""
    found = listed(session, "/v1/charges", vehicle, start, end, limit, tariff=tariff)
    session.out.rows(
        found if session.out.as_json else [_row(one) for one in found],
        [*_COLUMNS, *(["cost"] if tariff else []), "notes"],
        empty="no charges yet: a running platform derives them within a minute; elsewhere: kaido energy derive",
    )


def _row(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": one["id"],
        "vehicle": one["vehicle"],
        "start": ended(one),
        "charging": f"{(one['charging_s'] or 0) / 60:.0f} min",
        "kind": one["kind"] if one["connector"] == "unknown" else f"{one['kind']} {one['connector']}",
        "battery": energy(one["energy_battery_wh"]),
        "wall": energy(one["energy_wall_wh"]),
        "charge": percent(one),
        "mean": _power(one["power_mean_w"]),
        "most": _power(one["power_max_w"]),
        "cost": None if one["cost"] is None else money(one["cost"], one["currency"]),
        "notes": one["notes"],
    }


def _power(watts: float | None) -> str | None:
    return None if watts is None else f"{watts / 1_000:.1f} kW"
