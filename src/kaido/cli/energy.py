"""``kaido energy``: where the energy came from and went to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kaido.cli import units as in_units
from kaido.cli.context import command
from kaido.cli.electric import energy as kwh
from kaido.cli.electric import listed, listing, share
from kaido.cli.energy_fleet import charging, consumption
from kaido.cli.energy_model import model

if TYPE_CHECKING:
    from kaido.cli.context import Session
    from kaido.services.markets import Reading


@click.group("energy")
def energy() -> None:
    """Where the energy came from and went to, and what a vehicle takes."""


for _one in (model, consumption, charging):
    energy.add_command(_one)


@command(energy, "balance")
@listing
@in_units.options
def balance(
    session: Session,
    vehicle: str | None,
    start: str | None,
    end: str | None,
    limit: int,
    market: str | None,
    units: str | None,
) -> None:
    """Show each battery's energy balance: in minus out, against the change of what it stores."""
    reading = in_units.reading(session, vehicle, market, units)
    found = listed(session, "/v1/energy/balance", vehicle, start, end, limit)
    session.out.rows(
        found if session.out.as_json else [_balance(one, reading) for one in found],
        ["vehicle", "distance", "charged", "regained", "driven", "standing", "change", "residual", "closes"],
    )


@command(energy, "powertrain")
@listing
@in_units.options
def powertrain(
    session: Session,
    vehicle: str | None,
    start: str | None,
    end: str | None,
    limit: int,
    market: str | None,
    units: str | None,
) -> None:
    """Show what moved each vehicle: grid, fuel and generator, and a plug-in hybrid's utility factor (SAE J2841)."""
    reading = in_units.reading(session, vehicle, market, units)
    found = listed(session, "/v1/energy/powertrain", vehicle, start, end, limit)
    columns = ["vehicle", "powertrain", "distance", "grid", "fuel", "generator", "driving", "electric"]
    columns += ["utility_factor", "of_its_days", "through_battery", "fuel_to_electric"]
    session.out.rows(found if session.out.as_json else [_account(one, reading) for one in found], columns)


@command(energy, "derive")
@click.option("--start", "--from", help="From then on: 2026-01-31T12:00:00Z, -7d. All that there is if not given.")
@click.option("--end", "--to", help="Up to then.")
@click.option("--vehicle", "vehicles", multiple=True, help="Only this vehicle; may be given several times.")
def derive(session: Session, start: str | None, end: str | None, vehicles: tuple[str, ...]) -> None:
    """Derive trips, charges and idles of a stretch of history once more; their ids stay.

    What is new is derived by itself while the platform runs. This is for a folder without one, and for history.
    """
    done = session.client.post("/v1/energy/derive", {"start": start, "end": end, "vehicles": list(vehicles)})
    text = (
        f"{done['trips']:,} trips, {done['charges']:,} charges and {done['idles']:,} idles of {done['vehicles']:,} "
        f"vehicles, from {done['samples']:,} samples in {done['seconds']:.1f} s"
    )
    session.out.done(text, done)


def _balance(one: dict[str, Any], reading: Reading) -> dict[str, Any]:
    residual, tolerance = kwh(one["residual_wh"]), kwh(one["tolerance_wh"])
    return {
        "vehicle": one["vehicle"],
        "distance": reading.shown("distance", one["distance_m"]),
        "charged": kwh(one["charged_wh"]),
        "regained": kwh(one["recuperated_wh"]),
        "driven": kwh(one["driven_wh"]),
        "standing": kwh(one["idle_wh"]),
        "change": kwh(one["change_wh"]),
        "residual": None if residual is None else f"{residual} (± {tolerance})",
        "closes": one["closes"],
    }


def _account(one: dict[str, Any], reading: Reading) -> dict[str, Any]:
    return {
        "vehicle": one["vehicle"],
        "powertrain": one["powertrain"],
        "distance": reading.shown("distance", one["distance_m"]),
        "grid": kwh(one["grid_wh"]),
        "fuel": None if one["fuel_l"] is None else f"{one['fuel_l']:.1f} l",
        "generator": kwh(one["generator_wh"]),
        "driving": kwh(one["driving_wh"]),
        "electric": share(one["electric_share"]),
        "utility_factor": share(one["utility_factor"]),
        "of_its_days": share(one["utility_factor_driven"]),
        "through_battery": _between(one["battery_share"], one["battery_share_low"], one["battery_share_high"]),
        "fuel_to_electric": share(one["generator_efficiency"]),
    }


def _between(part: float | None, low: float | None, high: float | None) -> str | None:
    if low is None or high is None:
        return None
    bounds = f"{100 * low:.0f} to {100 * high:.0f} %"
    return bounds if part is None else f"{share(part)} ({bounds})"
