"""``/v1/vehicles/{id}/twin``: the last value of every signal of a vehicle."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # pydantic reads annotations

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from kaido.api import states, twins
from kaido.api.auth import Commander, Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.looks import are_positions, look
from kaido.errors import NotFoundError
from kaido.runtime import clock

router = APIRouter(prefix="/vehicles", tags=["twin"])


class SignalValue(twins.Value):
    """The last value of one signal."""

    signal: str
    arrival: datetime = Field(description="When the platform got it.")


class TwinOut(BaseModel):
    """A vehicle's last values, by signal."""

    vehicle: str
    values: list[SignalValue]


class Fetch(states.StateWish):
    """A wish for values as they are now."""

    templates: list[str] | None = Field(
        None, min_length=1, max_length=100, description="State templates by name; all that the vehicle holds otherwise."
    )


@router.get("/{id}/twin", summary="The last value of every signal")
async def twin(id: str, caller: Reader, rooms: Rooms) -> TwinOut:  # noqa: A002  # it is what the field calls it
    """Each with its unit and age. A vehicle that never sent anything has none."""
    try:
        rows = (await twins.vehicle(rooms, caller.company, id)).to_pylist()
    except NotFoundError:
        await run_in_threadpool(rooms.vehicles.get, caller.company, id)  # says so if it is not registered either
        rows = []
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


@router.post("/{id}/twin/fetch", status_code=201, summary="Ask a vehicle for its values")
def fetch(id: str, wish: Fetch, caller: Commander, rooms: Rooms) -> states.SentOut:  # noqa: A002  # as above
    """A command like any other: the vehicle sends all values that its state templates name, each with its own time."""
    return states.operate(rooms, caller, "fetch", wish, templates=wish.templates, vehicles=[id])
