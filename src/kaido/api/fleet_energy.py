"""``/v1/energy/consumption`` and ``/v1/energy/charging``: a whole fleet's driving and charging, group by group."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa
from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from kaido.api import activities, times
from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.batteries import Market, Model  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import After, Limit, Page
from kaido.errors import InvalidInputError
from kaido.services.grouping import ChargingBy, DrivingBy  # noqa: TC001  # as above

if TYPE_CHECKING:
    from kaido.api.services import Services

router = APIRouter(prefix="/energy", tags=["energy"])

_VEHICLES = pa.schema([(name, pa.string()) for name in ("vehicle", "model", "market")])


class Group(BaseModel):
    """What has a model, a market, an hour… in common."""

    group: str = Field(
        description="Its name: a model, a market, a date, an hour (0 to 23), the lower edge of a band of temperatures "
        "in °C, `all`; empty where it is not known."
    )
    vehicles: int


Some = TypeVar("Some", bound=Group)


class ConsumptionOut(Group):
    """What a group of trips took from batteries."""

    trips: int
    distance_m: float
    electric_m: float = Field(description="Of it, in trips without the engine; only these count for what follows.")
    net_wh: float = Field(description="Out of the battery, less into it.")
    consumption_wh_per_km: float | None = Field(description="Energy over distance.")
    p10: float | None = Field(description="Of vehicles, a tenth takes less, Wh/km; of those that drove 10 km or more.")
    p50: float | None = Field(description="Half of them take less.")
    p90: float | None = Field(description="A tenth takes more.")
    temperature_c: float | None = Field(description="Of the air outside, the mean over the distance.")


class ChargingOut(Group):
    """What a group of charges brought."""

    charges: int
    energy_wh: float = Field(description="Into the batteries.")
    ac_wh: float
    dc_wh: float
    wall_wh: float | None = Field(description="Before the charger, where cars measure it.")
    wall_battery_wh: float | None = Field(description="What arrived in batteries of that.")


@router.get("/consumption", name="fleet_consumption", summary="What driving takes, over a fleet")
async def consumption(
    caller: Reader,
    rooms: Rooms,
    by: Annotated[DrivingBy, Query(description="What trips of a group have in common; bands are 5 °C wide.")] = "fleet",
    model: Model = None,
    market: Market = None,
    start: activities.Start = None,
    end: activities.End = None,
    limit: Limit = 1000,
    after: After = None,
) -> Page[ConsumptionOut]:
    """By group, in pages; of trips that begin in the period."""
    from kaido.services import consumption as drives  # noqa: PLC0415  # DuckDB is heavy, most commands do without

    first, last = times.span(start, end)
    question = partial(drives.consumption, by=by, model=model, market=market, start=first, end=last)
    async with rooms.turns.one():
        vehicles = await run_in_threadpool(_vehicles, rooms, caller.company, by, model, market)
        rows = await run_in_threadpool(question, rooms.lake(caller.company), vehicles)
    items = [ConsumptionOut(group=row.pop("grouped"), **row) for row in rows.to_pylist()]
    return _page(Page[ConsumptionOut], items, limit, after)


@router.get("/charging", summary="What was charged, over a fleet")
async def charging(
    caller: Reader,
    rooms: Rooms,
    by: Annotated[ChargingBy, Query(description="What a group has in common.")] = "fleet",
    zone: Annotated[str, Query(max_length=64, description="IANA time zone in which hours and days are told.")] = "UTC",
    model: Model = None,
    market: Market = None,
    start: activities.Start = None,
    end: activities.End = None,
    limit: Limit = 1000,
    after: After = None,
) -> Page[ChargingOut]:
    """By group, in pages; of charges that begin in the period. Hours and days have what flowed in them."""
    from kaido.services import charging as charges  # noqa: PLC0415  # as above

    first, last = times.span(start, end)
    question = partial(charges.charging, by=by, zone=_zone(zone), model=model, market=market, start=first, end=last)
    async with rooms.turns.one():
        vehicles = await run_in_threadpool(_vehicles, rooms, caller.company, by, model, market)
        rows = await run_in_threadpool(question, rooms.lake(caller.company), vehicles)
    items = [ChargingOut(group=row.pop("grouped"), **row) for row in rows.to_pylist()]
    return _page(Page[ChargingOut], items, limit, after)


def _vehicles(rooms: Services, company: str, by: str, model: str | None, market: str | None) -> pa.Table:
    """Models and markets; none where they are not asked for."""
    asked = by in {"model", "market"} or model is not None or market is not None
    rows = rooms.vehicles.kinds(company) if asked else []
    columns = [pa.array([row[place] for row in rows], pa.string()) for place in range(len(_VEHICLES))]
    return pa.table(columns, schema=_VEHICLES)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInputError(
            f"'{name}' is no time zone", fix="Name one as the IANA does: Asia/Tokyo, UTC"
        ) from error


def _page(pages: type[Page[Some]], items: list[Some], limit: int, after: str | None) -> Page[Some]:
    """What follows the group ``after``: groups have an order of their own."""
    names = [one.group for one in items]
    first = names.index(after) + 1 if after in names else 0
    return pages.of(items[first : first + limit + 1], limit, lambda one: one.group)
