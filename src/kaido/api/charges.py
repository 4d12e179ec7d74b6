"""``/v1/charges``: what was charged."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from kaido.api import activities
from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import After, Limit, Page

router = APIRouter(prefix="/charges", tags=["charges"])


class ChargeOut(activities.Activity):
    """A charging session: from when power flows until it flows no more."""

    kind: str = Field(description="`AC` or `DC`.")
    connector: str = Field(description="As far as the car says it, else `unknown`.")
    latitude: float | None
    longitude: float | None
    energy_battery_wh: float | None = Field(description="Into the battery.")
    charge_ah: float | None
    energy_wall_wh: float | None = Field(description="At the inlet, where the car measures it.")
    charging_s: float | None = Field(description="Of the time, while power flowed.")
    interruptions: int
    power_max_w: float | None
    power_mean_w: float | None = Field(description="While power flowed.")
    battery_temperature_c: float | None


class Slot(BaseModel):
    """Five minutes of a charge."""

    time: datetime = Field(description="When they begin.")
    energy_battery_wh: float | None
    energy_wall_wh: float | None
    soc_percent: float | None = Field(description="At their end.")
    power_w: float | None = Field(description="The mean.")


class Curve(BaseModel):
    """A charge over time."""

    charge: str
    slots: list[Slot]


@router.get("", summary="List charging sessions")
def list_(
    caller: Reader,
    rooms: Rooms,
    vehicle: activities.Vehicle = None,
    start: activities.Start = None,
    end: activities.End = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[ChargeOut]:
    """The newest first, in pages."""
    return activities.page(Page[ChargeOut], ChargeOut, "charges", rooms, caller, vehicle, start, end, limit, after)


@router.get("/{id}", summary="Show a charging session")
def show(id: str, caller: Reader, rooms: Rooms) -> ChargeOut:  # noqa: A002  # it is what the field calls it
    """What is known of it."""
    return ChargeOut(**activities.shown("charges", rooms, caller, id))


@router.get("/{id}/curve", summary="A charging session over time")
def curve(id: str, caller: Reader, rooms: Rooms) -> Curve:  # noqa: A002  # it is what the field calls it
    """Power, energy and state of charge, in slots of five minutes."""
    from kaido.services import tables  # noqa: PLC0415  # DuckDB is heavy, most commands do without

    activities.one("charges", rooms, caller, id)
    rows = tables.read(rooms.lake(caller.company), "charge_curves", id=id).to_pylist()
    return Curve(charge=id, slots=[Slot(**row) for row in reversed(rows)])
