"""``/v1/charges``: what was charged."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from kaido.api import activities, charge_costs
from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import Page

router = APIRouter(prefix="/charges", tags=["charges"])


class ChargeOut(activities.Metered):
    """A charging session: from when power flows until it flows no more."""

    kind: str = Field(description="`AC` or `DC`.")
    connector: str = Field(description="As far as the car says it, else `unknown`.")
    latitude: float | None
    longitude: float | None
    energy_battery_wh: float | None = Field(description="Into the battery, as well as it is known.")
    charge_ah: float | None
    energy_wall_wh: float | None = Field(description="At the inlet, where the car measures it.")
    charging_s: float | None = Field(description="Of the time, while power flowed.")
    interruptions: int
    power_max_w: float | None
    power_mean_w: float | None = Field(description="While power flowed.")
    battery_temperature_c: float | None

    energy_battery_sd_wh: float | None = Field(
        None,
        description="How far the energy may be off (a standard deviation), by what is left of the offset and what a "
        "sensor's data sheet says; null where the charge was not counted.",
    )
    energy_measured_wh: float | None = Field(
        None, description="Into the battery, as it was measured and is in the table `charges`."
    )
    charge_measured_ah: float | None = Field(None, description="The charge as it was measured.")


class ListedCharge(ChargeOut):
    """A charging session in a list, with what it cost where that was asked for."""

    cost: float | None = Field(None, description="By the tariff, by itself; null where nobody knows what it took.")
    currency: str | None = Field(None, description="Of the cost.")


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
    asked: activities.Listing,
    tariff: Annotated[str | None, Query(description="Say what each cost, by the tariff of this name.")] = None,
    efficiency: charge_costs.Efficiency = 0.9,
) -> Page[ListedCharge]:
    """The newest first, in pages."""
    found = activities.page(Page[ListedCharge], ListedCharge, "charges", rooms, caller, asked)
    if tariff is None:
        return found
    kept = rooms.tariffs.get(caller.company, tariff).tariff
    charges = [one.model_dump() for one in found.items]
    costs = charge_costs.costs(rooms.lake(caller.company), kept, charges, efficiency)
    items = [
        one.model_copy(update={"cost": cost, "currency": kept.currency})
        for one, cost in zip(found.items, costs, strict=True)
    ]
    return found.model_copy(update={"items": items})


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
