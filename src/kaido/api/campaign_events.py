"""``/v1/campaigns/{name}/events``: what vehicles collected for a campaign."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from kaido.api import times
from kaido.api.auth import Caller, Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.lake import query
from kaido.runtime import clock

router = APIRouter(prefix="/campaigns", tags=["campaigns"])

_SIGNALS = 20
_SQL = """
SELECT vehicle, event, campaign AS sync_id, min(time) AS "first", max(time) AS "last", count(*) AS samples,
       count(DISTINCT signal) AS signals, list_sort(list_distinct(list(signal)))[:{signals}] AS named
FROM signals
WHERE starts_with(campaign, '{name}@') AND time >= TIMESTAMPTZ '{start}' AND time < TIMESTAMPTZ '{end}' {vehicle}
GROUP BY vehicle, event, campaign ORDER BY "last" DESC, vehicle, event LIMIT {limit}
"""


class EventOut(BaseModel):
    """What a vehicle collected at one trigger, or in one period."""

    vehicle: str
    event: int | None
    sync_id: str = Field(description="What the vehicle held: the lake's column `campaign`.")
    first: datetime = Field(description="Of its samples.")
    last: datetime
    last_age_s: float
    samples: int
    signals: int = Field(description="How many signals have samples.")
    named: list[str] = Field(description=f"The first {_SIGNALS} of them.")


class EventsOut(BaseModel):
    """The newest events of a campaign."""

    items: list[EventOut]
    start: datetime = Field(description="Of the time that was looked at.")
    end: datetime


@router.get("/{name}/events", summary="What vehicles collected for a campaign")
async def events(
    name: str,
    caller: Reader,
    rooms: Rooms,
    vehicle: Annotated[str | None, Query(max_length=128, description="Only of this vehicle.")] = None,
    start: Annotated[str, Query(description="First moment: ISO 8601, `-2h`.")] = "-24h",
    end: Annotated[str | None, Query(description="The moment after the last; now if not given.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most.")] = 50,
) -> EventsOut:
    """Those whose newest sample is newest first."""
    first, last = times.span(start, end or "+1min")  # a vehicle's clock may be ahead
    assert first is not None
    assert last is not None
    async with rooms.turns.one():
        items = await run_in_threadpool(_events, rooms, caller, name, vehicle, first, last, limit)
    return EventsOut(items=items, start=first, end=last)


def _events(
    rooms: Rooms, caller: Caller, name: str, vehicle: str | None, start: datetime, end: datetime, limit: int
) -> list[EventOut]:
    rooms.campaigns.get(caller.company, name)  # says so where there is none; its name is plain from here on
    quoted = (vehicle or "").replace("'", "''")
    sql = _SQL.format(
        name=name,
        start=clock.iso(start),
        end=clock.iso(end),
        vehicle=f"AND vehicle = '{quoted}'" if vehicle else "",
        signals=_SIGNALS,
        limit=limit,
    )
    settings = rooms.settings
    rows = query.run(
        rooms.lake(caller.company), sql, seconds=settings.query_seconds, memory_mb=settings.query_memory_mb, limit=limit
    )
    now = clock.now()
    return [EventOut(**row, last_age_s=round((now - row["last"]).total_seconds(), 1)) for row in rows.to_pylist()]
