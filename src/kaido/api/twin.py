"""``/v1/vehicles/{id}/twin``: the last value of every signal of a vehicle."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from kaido.api import states, twins
from kaido.api.auth import Commander, Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.looks import are_positions, look
from kaido.api.position_state import CHARGING, SPEED, STATUSES, status_of
from kaido.errors import NotFoundError
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.api.services import Services

router = APIRouter(prefix="/vehicles", tags=["twin"])


class SignalValue(twins.Value):
    """The last value of one signal."""

    signal: str
    arrival: datetime = Field(description="When the platform got it.")


class TwinOut(BaseModel):
    """A vehicle's last values, by signal."""

    vehicle: str
    values: list[SignalValue]


class StatusOut(BaseModel):
    """What a vehicle does."""

    vehicle: str
    status: str = Field(description="`offline`, `parked`, `moving` or `charging`, as `/v1/live/positions` tells it.")
    last_seen: datetime | None = Field(description="When anything last came from it.")


class Fetch(states.StateWish):
    """A wish for values as they are now."""

    templates: list[str] | None = Field(
        None, min_length=1, max_length=100, description="State templates by name; all that the vehicle holds otherwise."
    )


@router.get("/{id}/twin", summary="The last value of every signal")
async def twin(id: str, caller: Reader, rooms: Rooms) -> TwinOut:  # noqa: A002  # it is what the field calls it
    """Each with its unit and age. A vehicle that never sent anything has none."""
    rows = await _rows(rooms, caller.company, id)
    if are_positions(row["signal"] for row in rows):
        await run_in_threadpool(look, rooms, caller, {"view": "twin", "vehicle": id})
    units = await twins.units(rooms, caller.company)
    now = clock.now()
    values = []
    for row in rows:
        path = row["signal"]
        value = twins.Value.of(row["value"], row["text"], units.get(path), row["time"], now)
        values.append(SignalValue(signal=path, arrival=row["arrival"], **value.model_dump()))
    return TwinOut(vehicle=id, values=values)


@router.get("/{id}/status", summary="What a vehicle does")
async def status(id: str, caller: Reader, rooms: Rooms) -> StatusOut:  # noqa: A002  # as above
    """By its last values; where it is, that does not say."""
    rows = await _rows(rooms, caller.company, id)
    known = {row["signal"]: row for row in rows}
    nothing = {"value": None, "time": None}
    speed, charging = known.get(SPEED, nothing), known.get(CHARGING, nothing)
    seen = max((row["arrival"] for row in rows), default=None)
    number = status_of(
        _number(speed["value"]), _us(speed["time"]), _number(charging["value"]), _us(seen), _us(clock.now())
    )
    return StatusOut(vehicle=id, status=STATUSES[number], last_seen=seen)


@router.post("/{id}/twin/fetch", status_code=201, summary="Ask a vehicle for its values")
def fetch(id: str, wish: Fetch, caller: Commander, rooms: Rooms) -> states.SentOut:  # noqa: A002  # as above
    """A command like any other: the vehicle sends all values that its state templates name, each with its own time."""
    return states.operate(rooms, caller, "fetch", wish, templates=wish.templates, vehicles=[id])


async def _rows(rooms: Services, company: str, vehicle: str) -> list[dict[str, Any]]:
    """What the twin knows of a vehicle, a row a signal."""
    try:
        rows: list[dict[str, Any]] = (await twins.vehicle(rooms, company, vehicle)).to_pylist()
    except NotFoundError:
        await run_in_threadpool(rooms.vehicles.get, company, vehicle)  # says so if it is not registered either
        return []
    return rows


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _us(moment: datetime | None) -> int:
    return 0 if moment is None else round(moment.timestamp() * 1e6)
