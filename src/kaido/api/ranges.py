"""``/v1/vehicles/{id}/range`` and ``/consumption``: how far a vehicle goes, and what it takes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from kaido.api import outlooks
from kaido.api.auth import Caller, Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.range_answers import ConsumptionOut, RangeOut
from kaido.services.energy import Route
from kaido.services.energy.route import MOST_STRETCHES

if TYPE_CHECKING:
    from kaido.api.services import Services

router = APIRouter(prefix="/vehicles", tags=["energy"])

_KMH_MPS = 1 / 3.6

Soc = Annotated[float | None, Query(ge=0, le=100, description="State of charge, percent; what the vehicle said last.")]
Temperature = Annotated[
    float | None, Query(ge=-60, le=70, description="Of the air outside, °C; what the vehicle said last.")
]
Reserve = Annotated[float, Query(ge=0, le=100, description="State of charge at which the range ends, percent.")]
Fuel = Annotated[
    float | None, Query(ge=0, le=1_000, description="In the tank of a hybrid, litres; what the vehicle said last.")
]


class Stretch(BaseModel):
    """A piece of road."""

    model_config = ConfigDict(extra="forbid")

    distance_km: float = Field(gt=0, le=5_000)
    speed_kmh: float = Field(gt=0, le=250, description="The mean speed on it.")
    climb_m: float = Field(0.0, ge=-9_000, le=9_000, description="How much higher it ends than it begins.")


class RouteWish(BaseModel):
    """A route ahead."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"route": [{"distance_km": 30, "speed_kmh": 90, "climb_m": 250}]}]},
    )

    route: list[Stretch] = Field(min_length=1, max_length=MOST_STRETCHES)


@router.get("/{id}/range", summary="How far a vehicle goes")
async def range_(
    id: str,  # noqa: A002  # it is what the field calls it
    caller: Reader,
    rooms: Rooms,
    soc: Soc = None,
    temperature: Temperature = None,
    reserve: Reserve = 0.0,
    fuel: Fuel = None,
) -> RangeOut:
    """As p10, p50 and p90, if it is driven as lately; and how far a hybrid's fuel goes besides."""
    return await _range(rooms, caller, id, soc, temperature, reserve, fuel, None)


@router.post("/{id}/range", summary="How far a vehicle goes on a route")
async def range_on_route(
    id: str,  # noqa: A002  # as above
    wish: RouteWish,
    caller: Reader,
    rooms: Rooms,
    soc: Soc = None,
    temperature: Temperature = None,
    reserve: Reserve = 0.0,
    fuel: Fuel = None,
) -> RangeOut:
    """With the energy the route takes, the state of charge at its end, and how likely it gets there."""
    route = Route.of([(1_000 * one.distance_km, one.speed_kmh * _KMH_MPS, one.climb_m) for one in wish.route])
    return await _range(rooms, caller, id, soc, temperature, reserve, fuel, route)


@router.get("/{id}/consumption", summary="What a vehicle takes")
async def consumption(id: str, caller: Reader, rooms: Rooms) -> ConsumptionOut:  # noqa: A002  # as above
    """Its energy model: what was learned from its trips, consumption over temperature, and what it goes into."""

    def answer() -> ConsumptionOut:
        outlook = outlooks.outlook(rooms, caller.company, id, {})
        times = [dt.datetime.fromtimestamp(outlook.trips.start_s[at], dt.UTC) for at in (0, -1) if len(outlook.trips)]
        since, until = times or (None, None)
        return ConsumptionOut.of(outlook, outlook.consumption(), since, until)

    async with rooms.turns.one():
        return await run_in_threadpool(answer)


async def _range(
    rooms: Services,
    caller: Caller,
    vehicle: str,
    soc: float | None,
    temperature: float | None,
    reserve: float,
    fuel: float | None,
    route: Route | None,
) -> RangeOut:
    everything = soc is not None and temperature is not None and fuel is not None
    said = {} if everything else await outlooks.said(rooms, caller.company, vehicle)

    def answer() -> RangeOut:
        outlook = outlooks.outlook(rooms, caller.company, vehicle, said)
        now, outside = outlook.soc(soc), outlook.temperature(temperature)
        found = outlook.range(soc=now, temperature=outside, reserve_percent=reserve, route=route)
        return RangeOut.of(outlook, found, now, outside, reserve, outlook.fuel(fuel))

    async with rooms.turns.one():
        return await run_in_threadpool(answer)
