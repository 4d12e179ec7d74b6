"""``/trips/{id}`` and ``/trips/compare``: what a vehicle drove, on a map and on one clock; two trips side by side."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import RedirectResponse, Response

from kaido.console.charted import CURRENT, POWER, SOC, SPEED, Chosen, infos, recorded
from kaido.console.page import Asking, PageRoute, Viewer, name, render

router = APIRouter(route_class=PageRoute)

USUAL = (SPEED, POWER, CURRENT, SOC, "Vehicle.CurrentLocation.Altitude")
OTHERS = 50
"""Newest trips of the vehicle that are offered to compare with."""
Id = Annotated[str, Query(max_length=64)]
MEASURES: tuple[tuple[str, str, str], ...] = (
    ("Duration", "duration", "duration_s"),
    ("Moving", "duration", "moving_s"),
    ("Distance", "distance", "distance_m"),
    ("Consumption", "consumption", "consumption_whkm"),
    ("Energy out", "energy", "energy_out_wh"),
    ("Regenerated", "energy", "energy_in_wh"),
    ("Climate and the like", "energy", "auxiliary_wh"),
    ("State of charge at the start", "percent", "soc_start_percent"),
    ("State of charge at the end", "percent", "soc_end_percent"),
    ("Mean speed", "speed", "speed_mean_kmh"),
    ("Fastest", "speed", "speed_max_kmh"),
    ("Most power", "power", "power_max_w"),
    ("Up", "m", "elevation_gain_m"),
    ("Down", "m", "elevation_loss_m"),
    ("Outside", "temperature", "temperature_c"),
    ("Battery", "temperature", "battery_temperature_c"),
)
"""What is known of a trip: how it is called, what it measures, its field."""


@router.get("/vehicles/{vehicle}/trips/{id}")
async def of_vehicle(vehicle: str, id: str) -> Response:  # noqa: A002  # it is what the field calls it
    """A trip has a page of its own."""
    del vehicle
    return RedirectResponse(f"/trips/{name(id)}", 303)


@router.get("/trips/compare")
async def compare(
    request: Request,
    person: Viewer,
    api: Asking,
    a: Id,
    b: Id,
    by: Literal["time", "distance"] = "time",
    signal: Chosen = None,
) -> Response:
    """Two trips from their starts, by time or by distance."""
    del person
    one, other = await asyncio.gather(api.get(f"/trips/{name(a)}"), api.get(f"/trips/{name(b)}"))
    signals = await (infos(api, signal) if signal else recorded(api, one["vehicle"], USUAL, one["start"], one["end"]))
    trips = [_with_consumption(trip) for trip in (one, other)]
    return render(
        request,
        "trip/compare.html",
        title="Two trips",
        trips=trips,
        by=by,
        measures=MEASURES,
        signals=signals,
        base=await api.get("/map"),
    )


@router.get("/trips/{id}")
async def page(
    request: Request,
    person: Viewer,
    api: Asking,
    id: str,  # noqa: A002  # as above
    signal: Chosen = None,
) -> Response:
    """One trip."""
    del person
    trip = _with_consumption(await api.get(f"/trips/{name(id)}"))
    vehicle = trip["vehicle"]
    others, base = await asyncio.gather(api.get("/trips", {"vehicle": vehicle, "limit": OTHERS}), api.get("/map"))
    signals = await (infos(api, signal) if signal else recorded(api, vehicle, USUAL, trip["start"], trip["end"]))
    return render(
        request,
        "trip/page.html",
        title=f"Trip of {vehicle}",
        trip=trip,
        split=split(trip),
        measures=MEASURES,
        others=[one for one in others["items"] if one["id"] != id],
        signals=signals,
        base=base,
    )


def split(trip: dict[str, Any]) -> list[tuple[str, str, float]]:
    """Where the energy that left the battery went: name, class and Wh of each part; empty where nobody measured it.

    What came back by recuperation left the battery before, so it is a part of what went out; so is what climate and the
    like took, where the car says so.
    """
    out = trip["energy_out_wh"]
    if not out or out <= 0:
        return []
    back = min(max(trip["energy_in_wh"] or 0.0, 0.0), out)
    auxiliary = min(max(trip["auxiliary_wh"] or 0.0, 0.0), out - back)
    parts = (
        ("Driving, for good" if trip["auxiliary_wh"] is not None else "Used for good", "drive", out - back - auxiliary),
        ("Climate and the like", "auxiliary", auxiliary),
        ("Regenerated: back in the battery", "back", back),
    )
    return [part for part in parts if part[2] > 0]


def _with_consumption(trip: dict[str, Any]) -> dict[str, Any]:
    """With ``consumption_whkm``, net of recuperation."""
    out, distance = trip["energy_out_wh"], trip["distance_m"]
    net = out - (trip["energy_in_wh"] or 0.0) if out is not None else None
    return {**trip, "consumption_whkm": net / distance * 1_000 if net is not None and distance else None}
