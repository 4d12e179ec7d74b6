"""``/v1/fleet``: vehicles by their last values and attributes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from kaido.api import twins
from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.looks import are_positions, asks_positions, look
from kaido.api.pages import After, Limit, Page
from kaido.runtime import clock
from kaido.twin.fleet import MAX_ROWS

router = APIRouter(prefix="/fleet", tags=["fleet"])

_ATTRIBUTES = ("vehicle", "vin", "model", "market", "platform", "last_seen")


class FleetVehicle(BaseModel):
    """A vehicle that was found."""

    vehicle: str
    vin: str | None
    model: str | None
    market: str | None
    platform: str | None
    last_seen: datetime | None = Field(description="When anything last came from it.")
    values: dict[str, twins.Value | None] = Field(description="By signal; null where it has none.")


@router.get("", summary="Find vehicles")
async def fleet(
    caller: Reader,
    rooms: Rooms,
    where: Annotated[
        str, Query(description='A condition: `Vehicle.Speed > 100 and market in ("JP", "US")`. All if empty.')
    ] = "",
    select: Annotated[
        list[str] | None, Query(max_length=100, description="Signals to show; those of `where` if none is given.")
    ] = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[FleetVehicle]:
    """By id, in pages. What a vehicle never sent compares false; `is_null(…)` and `age(…)` ask for that."""
    table = await twins.fleet(rooms, caller.company, where, select=select or [], limit=limit + 1, after=after or "")
    units = await twins.units(rooms, caller.company)
    now = clock.now()
    paths = [name for name in table.column_names if name not in _ATTRIBUTES and not name.endswith(("@text", "@time"))]
    if are_positions(paths) or asks_positions(where):
        await run_in_threadpool(look, rooms, caller, {"view": "fleet", "where": where, "select": select})
    found = [
        FleetVehicle(
            **{name: row[name] for name in _ATTRIBUTES},
            values={path: _value(row, path, units.get(path), now) for path in paths},
        )
        for row in table.to_pylist()
    ]
    return Page[FleetVehicle].of(found, limit, lambda one: one.vehicle)


class FleetIds(BaseModel):
    """The vehicles that were found, by id alone."""

    items: list[str]
    next: str | None = Field(None, description="Ask with `after=` this for what follows; null where nothing does.")


@router.get("/ids", summary="Find vehicles, their ids alone")
async def ids(
    caller: Reader,
    rooms: Rooms,
    where: Annotated[str, Query(description="A condition, as for `/v1/fleet`. All if empty.")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS - 1, description="How many at most.")] = MAX_ROWS - 1,
    after: After = None,
) -> FleetIds:
    """By id. What maps and lists of a whole fleet ask for again and again: which vehicles belong to them now."""
    table = await twins.fleet(rooms, caller.company, where, select=[], limit=limit + 1, after=after or "")
    if asks_positions(where):
        await run_in_threadpool(look, rooms, caller, {"view": "fleet", "where": where})
    found = table["vehicle"].to_pylist()
    return FleetIds(items=found[:limit], next=found[limit - 1] if len(found) > limit else None)


def _value(row: dict[str, Any], path: str, unit: str | None, now: datetime) -> twins.Value | None:
    time = row[f"{path}@time"]
    return None if time is None else twins.Value.of(row[path], row[f"{path}@text"], unit, time, now)
