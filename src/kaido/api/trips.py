"""``/v1/trips``: what vehicles drove."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from kaido.api import activities
from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import Page
from kaido.services.route import TOLERANCE_M, route

router = APIRouter(prefix="/trips", tags=["trips"])


class TripOut(activities.Metered):
    """A trip: from switching on to switching off."""

    duration_s: float | None
    moving_s: float | None
    distance_m: float | None = Field(description="The better one of the two below.")
    distance_odometer_m: float | None
    distance_speed_m: float | None = Field(description="The speed's integral over time.")
    energy_out_wh: float | None = Field(description="Out of the battery, as well as it is known.")
    energy_in_wh: float | None = Field(description="Back into it.")
    auxiliary_wh: float | None = Field(description="Of it, for climate and the like, where the car says so.")
    speed_max_kmh: float | None
    speed_mean_kmh: float | None
    power_max_w: float | None = Field(description="The most that was drawn from the battery.")
    battery_temperature_c: float | None
    elevation_gain_m: float | None
    elevation_loss_m: float | None
    start_latitude: float | None
    start_longitude: float | None
    end_latitude: float | None
    end_longitude: float | None
    longest_gap_s: float | None = Field(description="The longest time without a sample.")
    fuel_l: float | None
    engine_s: float | None
    generator_wh: float | None
    energy_out_measured_wh: float | None = Field(None, description="As it was measured and is in the table `trips`.")
    energy_in_measured_wh: float | None = None


class Point(BaseModel):
    """A place."""

    latitude: float
    longitude: float


class RouteOut(BaseModel):
    """The line of a trip."""

    tolerance_m: float
    points: list[Point]


@router.get("", summary="List trips")
def list_(caller: Reader, rooms: Rooms, asked: activities.Listing) -> Page[TripOut]:
    """The newest first, in pages."""
    return activities.page(Page[TripOut], TripOut, "trips", rooms, caller, asked)


@router.get("/{id}", summary="Show a trip")
def show(id: str, caller: Reader, rooms: Rooms) -> TripOut:  # noqa: A002  # it is what the field calls it
    """What is known of it."""
    return TripOut(**activities.shown("trips", rooms, caller, id))


@router.get("/{id}/route", summary="The route of a trip")
async def route_(
    id: str,  # noqa: A002  # it is what the field calls it
    caller: Reader,
    rooms: Rooms,
    tolerance_m: Annotated[float, Query(ge=0, le=10_000, description="How far the line may be off.")] = TOLERANCE_M,
) -> RouteOut:
    """Its positions, simplified for drawing."""
    async with rooms.turns.one():
        trip = await run_in_threadpool(activities.shown, "trips", rooms, caller, id)
        lake = rooms.lake(caller.company)
        line = await run_in_threadpool(
            route, lake, trip["vehicle"], trip["start"], trip["end"], tolerance_m=tolerance_m
        )
    points = [Point(latitude=latitude, longitude=longitude) for latitude, longitude in line]
    return RouteOut(tolerance_m=tolerance_m, points=points)
