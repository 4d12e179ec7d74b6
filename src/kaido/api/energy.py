"""``/v1/energy``: where a fleet's energy came from and went to."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from kaido.api import activities, times
from kaido.api.auth import Reader, Rooms, Writer  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import Page

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

router = APIRouter(prefix="/energy", tags=["energy"])


class BalanceOut(BaseModel):
    """A battery's energy balance over whole activities: in minus out, against the change of what it stores."""

    vehicle: str
    start: datetime
    end: datetime
    charged_wh: float
    recuperated_wh: float
    driven_wh: float
    idle_wh: float
    idle_known_share: float | None = Field(description="Of the idles, those whose energy was measured; else by charge.")
    change_wh: float | None = Field(description="Of the store.")
    store: str | None = Field(description="How that is known: `energy`, `state of charge`, or not at all.")
    capacity_wh: float | None = Field(description="Of 100 %, at the battery's terminals, from this period.")
    soc_start_percent: float | None
    soc_end_percent: float | None
    residual_wh: float | None = Field(description="In minus out minus change: losses in the battery, and errors.")
    tolerance_wh: float | None = Field(description="What is to be expected of that.")
    closes: bool | None = Field(description="Whether the residual is within the tolerance.")
    distance_m: float
    trips: int
    charges: int


class AccountOut(BaseModel):
    """What moved a vehicle."""

    vehicle: str
    powertrain: str = Field(description="As its signals show it.")
    distance_m: float | None
    electric_m: float | None = Field(description="Of trips without the engine.")
    grid_wh: float | None
    fuel_l: float | None
    fuel_wh: float | None = Field(description="Lower heating value.")
    generator_wh: float | None
    driving_wh: float | None = Field(description="Net of recuperation.")
    engine_s: float | None
    depleting_wh_per_m: float | None
    range_m: float | None = Field(description="Charge depleting, of a full battery.")
    utility_factor: float | None = Field(description="SAE J2841, multi-day individual, of that range.")
    utility_factor_driven: float | None = Field(description="The same of this vehicle's own days.")
    electric_share: float | None = Field(description="Of the distance, as it was driven.")
    battery_share: float | None = Field(
        description="Of a series hybrid's driving energy, what passed through the battery, likely."
    )
    battery_share_low: float | None = Field(description="At least so much, whatever braking gave back.")
    battery_share_high: float | None = Field(description="At most so much.")
    generator_efficiency: float | None = Field(description="From fuel to electricity.")


class Wish(BaseModel):
    """A stretch of history."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"start": "-1d", "end": "now"}]})

    start: str | None = Field(None, description="From then on: ISO 8601, `-7d`; all that there is if not given.")
    end: str | None = Field(None, description="Up to then.")
    vehicles: list[str] = Field(default_factory=list, max_length=1_000, description="Only these.")


class OutcomeOut(BaseModel):
    """What was derived."""

    version: int = Field(description="Of the lake's signals, up to which all is derived.")
    vehicles: int
    samples: int
    trips: int
    charges: int
    idles: int
    seconds: float
    left_out: int = Field(description="New samples that a wrong clock timed: before 2000, or more than a day ahead.")


@router.get("/balance", summary="Energy balances")
async def balance(caller: Reader, rooms: Rooms, asked: activities.Listing) -> Page[BalanceOut]:
    """By vehicle, in pages; of activities that begin in the period."""
    from kaido.services.balance import balances  # noqa: PLC0415  # DuckDB is heavy, most commands do without

    rows = await _rows(balances, rooms, caller, asked)
    return Page[BalanceOut].of([BalanceOut(**row) for row in rows], asked.limit, lambda one: one.vehicle)


@router.get("/powertrain", summary="What moved the vehicles")
async def powertrain(caller: Reader, rooms: Rooms, asked: activities.Listing) -> Page[AccountOut]:
    """Fuel, grid and generator by vehicle, in pages; of activities that begin in the period."""
    from kaido.services.powertrain import accounts  # noqa: PLC0415  # as above

    rows = await _rows(accounts, rooms, caller, asked)
    return Page[AccountOut].of([AccountOut(**row) for row in rows], asked.limit, lambda one: one.vehicle)


@router.post("/derive", summary="Derive a stretch of history once more")
async def derive(wish: Wish, caller: Writer, rooms: Rooms) -> OutcomeOut:
    """Trips, charges and idles of that time are derived from the samples again; ids stay. New samples need no wish."""
    from kaido.services.derive import How, derive_again  # noqa: PLC0415  # as above

    first, last = times.span(wish.start, wish.end)
    how = How(memory_mb=rooms.settings.services_memory_mb, threads=rooms.settings.services_threads)
    caller.notes.update(start=wish.start, end=wish.end, vehicles=len(wish.vehicles))
    async with rooms.turns.one():
        done = await run_in_threadpool(
            derive_again, rooms.lake(caller.company), how, start=first, end=last, vehicles=wish.vehicles
        )
    return OutcomeOut(**asdict(done))


async def _rows(
    question: Callable[..., pa.Table], rooms: Rooms, caller: Reader, asked: activities.Asked
) -> list[dict[str, Any]]:
    """One row more than the page has."""
    first, last = times.span(asked.start, asked.end)

    def answer() -> list[dict[str, Any]]:
        rows = question(
            rooms.lake(caller.company),
            vehicle=asked.vehicle,
            start=first,
            end=last,
            after=asked.after,
            limit=asked.limit + 1,
        )
        if not len(rows) and asked.vehicle is not None:
            rooms.vehicles.get(caller.company, asked.vehicle)  # says so where the name is a mistake
        found: list[dict[str, Any]] = rows.to_pylist()
        return found

    async with rooms.turns.one():
        return await run_in_threadpool(answer)
