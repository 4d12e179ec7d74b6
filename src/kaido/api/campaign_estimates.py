"""``/v1/campaigns/estimate``: how much a campaign would send, before there is one."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Self

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.campaigns import Wish  # noqa: TC001  # FastAPI reads annotations
from kaido.control import read_spec
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.api.services import Services
    from kaido.control import CampaignSpec
    from kaido.rehearsal import Estimate

router = APIRouter(prefix="/campaigns", tags=["campaigns"])

MOST_DAYS = 92
MOST_VEHICLES = 1_000
SHARE_OF_TIME = 0.5
"""Of what a query may take: the last batch may begin just before the end, and nobody waits longer than for a query."""


class IntervalOut(BaseModel):
    """A mean with its 90 % interval."""

    model_config = ConfigDict(from_attributes=True)

    mean: float
    low: float
    high: float | None = Field(description="Null where nothing bounds it.")


class SignalHistoryOut(BaseModel):
    """What the history has of a signal that the condition reads."""

    model_config = ConfigDict(from_attributes=True)

    signal: str
    vehicle_days: int = Field(description="Of those that were evaluated, how many have samples of it.")
    interval_ms: float | None = Field(description="From one sample to the next, in the middle.")
    wanted_ms: float | None = Field(description="What the campaign wants; null where it takes every sample.")
    coarse: bool = Field(description="Whether the condition needs more than the history has.")


class EstimateOut(BaseModel):
    """What a campaign would send a vehicle and day that has history. Null is: nothing can be said."""

    model_config = ConfigDict(from_attributes=True)

    vehicles: int = Field(description="That the campaign means and that could run it.")
    days: int = Field(description="Of history, UTC; the last one may not be over.")
    today_share: float | None = Field(description="How much of today is over, where it is among them, 0 to 1.")
    possible: int = Field(description="Vehicle-days in it.")
    with_history: int = Field(description="Of those the ones with samples of all that the condition needs.")
    partial: int = Field(description="Those with samples of some of it; left out.")
    evaluated: int = Field(description="Vehicle-days that the estimate rests on.")
    evaluated_vehicles: int
    events: IntervalOut | None
    samples: IntervalOut | None
    bytes: IntervalOut | None = Field(description="Payloads, compressed where the campaign says so.")
    plain_bytes: float | None = Field(description="Uncompressed.")
    compressed_bytes: float | None = Field(description="Compressed.")
    data_share: float | None = Field(description="The share of those days for which the signals had samples, 0 to 1.")
    signals: list[SignalHistoryOut] = Field(description="Those that the condition reads.")
    notes: list[str]

    @classmethod
    def of(cls, found: Estimate, notes: tuple[str, ...]) -> Self:
        """As the API shows it."""
        made = cls.model_validate(found)
        made.notes = [*notes, *made.notes]
        return made


@router.post("/estimate", summary="Estimate what a campaign would send")
async def estimate(
    wish: Wish,
    caller: Reader,
    rooms: Rooms,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="Whole days of history, UTC.")] = 7,
    until: Annotated[
        date | None,
        Query(description="The day after the last of them; if not given, they end with what there is of today."),
    ] = None,
    vehicle: Annotated[
        list[str], Query(max_length=MOST_VEHICLES, description="Of these vehicles; of its targets if not given.")
    ] = [],  # noqa: B006  # FastAPI copies it
) -> EstimateOut:
    """How often it would have triggered and how many bytes it would have sent, from the history in the lake.

    The campaign is evaluated as vehicles do it, vehicle-day by vehicle-day; of many, a part is drawn. The intervals
    hold what is known of days and vehicles like these.
    """
    return await estimated(read_spec(wish), caller.company, rooms, days, until, vehicle)


async def estimated(
    spec: CampaignSpec, company: str, rooms: Services, days: int, until: date | None, vehicles: list[str]
) -> EstimateOut:
    """The estimate, when its turn has come."""
    async with rooms.turns.one():
        return await run_in_threadpool(_estimate, spec, company, rooms, days, until, vehicles)


def _estimate(
    spec: CampaignSpec, company: str, rooms: Services, days: int, until: date | None, vehicles: list[str]
) -> EstimateOut:
    from kaido.rehearsal import estimate as estimated  # noqa: PLC0415  # the catalog is heavy; most commands do without
    from kaido.rehearsal import fleet_of  # noqa: PLC0415  # as above

    rooms.campaigns.fits(company, spec)  # says what is wrong with it
    now = clock.now()
    fleet = fleet_of(spec, company, rooms.catalog, rooms.vehicles, vehicles)
    found = estimated(
        fleet.runs,
        rooms.lake(company),
        until=_number(until) if until else _number(now.date()) + 1,
        days=days if until else days + 1,
        now=now,
        seconds=SHARE_OF_TIME * rooms.settings.query_seconds,
        question_seconds=SHARE_OF_TIME * rooms.settings.query_seconds,
    )
    return EstimateOut.of(found, fleet.notes)


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days
