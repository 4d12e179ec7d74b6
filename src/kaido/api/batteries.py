"""``/v1/vehicles/{id}/battery`` and ``/v1/battery``: how much batteries hold, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool

from kaido.api import times, twins
from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.battery_answers import BatteryOut, BatteryRow, CohortOut, DriveOut, SaidOut
from kaido.api.pages import After, Limit, Page
from kaido.errors import NotFoundError, UnavailableError
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.api.services import Services

router = APIRouter(tags=["battery"])

STATE_OF_HEALTH = "Vehicle.Powertrain.TractionBattery.StateOfHealth"

Chemistry = Annotated[
    str | None, Query(max_length=100, description="NMC, LFP, solid-state…; that of the vehicle's model otherwise.")
]
Model = Annotated[str | None, Query(max_length=255, description="Only of this vehicle model.")]
Market = Annotated[str | None, Query(max_length=255, description="Only of this market.")]
Name = Annotated[str | None, Query(max_length=1_000, description="The signal, where it is not VSS's own.")]


@router.get("/vehicles/{id}/battery", summary="How much a vehicle's battery holds")
async def battery(id: str, caller: Reader, rooms: Rooms, chemistry: Chemistry = None) -> BatteryOut:  # noqa: A002  # it is what the field calls it
    """From its charges of the last year: each estimate with method, sessions, 95 % interval and date."""
    from kaido.api import battery_reading  # noqa: PLC0415  # DuckDB and NumPy are heavy, most commands do without

    said = await _said(rooms, caller.company, id)
    async with rooms.turns.one():
        return await run_in_threadpool(battery_reading.battery, rooms, caller.company, id, chemistry, said)


@router.get("/vehicles/{id}/battery/drive", summary="What one drive says of a battery")
async def battery_by_drive(
    id: str,  # noqa: A002  # as above
    caller: Reader,
    rooms: Rooms,
    start: Annotated[str | None, Query(description="First moment: ISO 8601, `-2h`. All if not given.")] = None,
    end: Annotated[str | None, Query(description="The moment after the last.")] = None,
    sign: Annotated[
        Literal["auto", "in", "out"],
        Query(
            description="Which way a positive current flows: into the battery (VSS), out of it, or as the data show."
        ),
    ] = "in",
    voltage: Name = None,
    current: Name = None,
    soc: Name = None,
    chemistry: Chemistry = None,
) -> DriveOut:
    """From its voltage, current and state of charge between two moments alone, as they lie in the lake."""
    from kaido.api import battery_reading  # noqa: PLC0415  # as above

    names = {"voltage": voltage, "current": current, "soc": soc}
    span = times.span(start, end)
    async with rooms.turns.one():
        return await run_in_threadpool(battery_reading.drive, rooms, caller.company, id, span, sign, names, chemistry)


@router.get("/battery", summary="Every vehicle's battery")
async def batteries(
    caller: Reader,
    rooms: Rooms,
    model: Model = None,
    market: Market = None,
    order: Annotated[
        Literal["vehicle", "health"], Query(description="By id, or the most worn first; what nobody knows is last.")
    ] = "vehicle",
    limit: Limit = 100,
    after: After = None,
) -> Page[BatteryRow]:
    """Each vehicle's newest month. What is too little known has an interval and no value."""
    from kaido.api import battery_reading  # noqa: PLC0415  # as above

    async with rooms.turns.one():
        found = await run_in_threadpool(
            battery_reading.rows, rooms, caller.company, model, market, order=order, after=after or "", limit=limit + 1
        )
    return Page[BatteryRow].of(found, limit, lambda one: one.vehicle)


@router.get("/battery/cohorts", summary="Batteries beside their like")
async def battery_cohorts(
    caller: Reader, rooms: Rooms, model: Model = None, market: Market = None, limit: Limit = 100, after: After = None
) -> Page[CohortOut]:
    """By model, market and age: percentiles, the batteries that left their cohort, and what goes with a loss."""
    from kaido.api import battery_reading  # noqa: PLC0415  # as above

    async with rooms.turns.one():
        found = await run_in_threadpool(battery_reading.cohorts, rooms, caller.company, model, market)
    following = [one for one in found if one.id > (after or "")]
    return Page[CohortOut].of(following[: limit + 1], limit, lambda one: one.id)


async def _said(rooms: Services, company: str, vehicle: str) -> SaidOut | None:
    """The car's own state of health, where it says one."""
    try:
        rows = (await twins.vehicle(rooms, company, vehicle)).to_pylist()
    except (NotFoundError, UnavailableError):  # what the charges say stands without it
        return None
    for row in rows:
        if row["signal"] == STATE_OF_HEALTH and row["value"] is not None:
            age_s = (clock.now() - row["time"]).total_seconds()
            return SaidOut(value=row["value"], unit="%", time=row["time"], age_s=round(age_s, 1))
    return None
