"""``/fleet``: all vehicles on a map and in a list, by what they last said."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import Response  # noqa: TC002  # as above

from kaido.console.page import Asking, PageRoute, Viewer, name, render
from kaido.errors import NotFoundError

router = APIRouter(route_class=PageRoute)

STATUSES = (
    ("moving", "faster than 0.5 km/h within the last 2 minutes"),
    ("charging", "says that it charges"),
    ("parked", "was heard in the last 10 minutes, and stands"),
    ("offline", "was silent for 10 minutes, or never heard"),
)
"""As ``/v1/live/positions`` tells them, with what they mean."""
_BATTERY = "Vehicle.Powertrain.TractionBattery"
FIRST = (
    ("Speed", "Vehicle.Speed"),
    ("State of charge", f"{_BATTERY}.StateOfCharge.Current"),
    ("Range", "Vehicle.Powertrain.Range"),
    ("Power", f"{_BATTERY}.CurrentPower"),
    ("Battery", f"{_BATTERY}.Temperature.Average"),
    ("Odometer", "Vehicle.TraveledDistance"),
)
"""What a car's card shows, besides its place."""
PLACE = ("Vehicle.CurrentLocation.Latitude", "Vehicle.CurrentLocation.Longitude")


@router.get("/fleet")
async def page(
    request: Request, person: Viewer, api: Asking, where: Annotated[str, Query(max_length=20_000)] = ""
) -> Response:
    """The page; its script fills the map, the list and the counts from the live link."""
    del person
    return render(request, "fleet.html", title="Fleet", where=where, statuses=STATUSES, base=await api.get("/map"))


@router.get("/fleet/card/{id}")
async def card(id: str, request: Request, person: Viewer, api: Asking) -> Response:  # noqa: A002  # the parameter's name in URLs
    """What one car last said."""
    del person
    vehicle, values = await asyncio.gather(api.get(f"/vehicles/{name(id)}"), _values(api, id))
    shown = [(label, values[path]) for label, path in FIRST if path in values]
    place = [values[path] for path in PLACE if path in values and values[path]["value"] is not None]
    return render(
        request,
        "fleet_card.html",
        vehicle=vehicle,
        shown=shown,
        place=place if len(place) == len(PLACE) else None,
        total=len(values),
    )


async def _values(api: Asking, vehicle: str) -> dict[str, dict[str, object]]:
    try:
        twin = await api.get(f"/vehicles/{name(vehicle)}/twin")
    except NotFoundError:
        return {}
    return {value["signal"]: value for value in twin["values"]}
