"""``kaido trips``: what vehicles drove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kaido.cli import units as in_units
from kaido.cli.context import single
from kaido.cli.electric import ended, energy, listed, listing, percent

if TYPE_CHECKING:
    from kaido.cli.context import Session
    from kaido.services.markets import Reading


@single("trips")
@listing
@in_units.options
def trips(
    session: Session,
    vehicle: str | None,
    start: str | None,
    end: str | None,
    limit: int,
    market: str | None,
    units: str | None,
) -> None:
    """List trips, the newest first."""
    reading = in_units.reading(session, vehicle, market, units)
    found = listed(session, "/v1/trips", vehicle, start, end, limit)
    session.out.rows(
        found if session.out.as_json else [_row(one, reading) for one in found],
        ["id", "vehicle", "start", "duration", "distance", "battery", "regained", "consumption", "charge", "notes"],
        empty="no trips yet: a running platform derives them within a minute; elsewhere: kaido energy derive",
    )


def _row(one: dict[str, Any], reading: Reading) -> dict[str, Any]:
    metres, drawn = one["distance_m"], one["energy_out_wh"]
    net = None if drawn is None else drawn - (one["energy_in_wh"] or 0)
    return {
        "id": one["id"],
        "vehicle": one["vehicle"],
        "start": ended(one),
        "duration": f"{(one['duration_s'] or 0) / 60:.0f} min",
        "distance": None if metres is None else reading.shown("distance", metres),
        "battery": energy(drawn),
        "regained": energy(one["energy_in_wh"]),
        "consumption": None if net is None or not metres else reading.shown("consumption", 1_000 * net / metres),
        "charge": percent(one),
        "notes": one["notes"],
    }
