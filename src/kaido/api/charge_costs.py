"""``/v1/charges/{id}/cost``: what a charging session cost."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from kaido.api import activities
from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.tariffs import CostOut
from kaido.errors import ConflictError

router = APIRouter(prefix="/charges", tags=["charges"])

SLOT_S = 300
"""How long a row of the table ``charge_curves`` is."""


class ChargeCostOut(CostOut):
    """What a charging session cost."""

    charge: str
    tariff: str
    measured: bool = Field(
        description="Whether the wall's energy was measured; else it is the battery's by efficiency."
    )
    efficiency: float | None = Field(description="By which it was calculated; null where it was measured.")


@router.get("/{id}/cost", summary="Say what a charging session cost")
def cost(
    id: str,  # noqa: A002  # it is what the field calls it
    caller: Reader,
    rooms: Rooms,
    tariff: Annotated[str, Query(description="A tariff by its name.")],
    efficiency: Annotated[
        float,
        Query(ge=0.05, le=1, allow_inf_nan=False, description="Battery to wall, where the wall was not measured."),
    ] = 0.9,
    used_kwh: Annotated[
        float, Query(ge=0, le=1e9, allow_inf_nan=False, description="The house's use in the billing month before.")
    ] = 0.0,
    peak_kw: Annotated[float, Query(ge=0, le=1e6, allow_inf_nan=False, description="Its highest power in it.")] = 0.0,
) -> ChargeCostOut:
    """By a tariff, from its energy in slots of five minutes: what it added to the bill.

    The slots add up to the session's energy: what is not known of some is spread over the others.
    """
    from kaido.services import tables  # noqa: PLC0415  # DuckDB is heavy, most commands do without

    charge = activities.one("charges", rooms, caller, id)
    rows = tables.read(rooms.lake(caller.company), "charge_curves", id=id).to_pylist()
    measured = charge["energy_wall_wh"] is not None
    field, share = ("energy_wall_wh", 1.0) if measured else ("energy_battery_wh", efficiency)
    all_wh = (charge[field] or 0.0) / share
    known_wh = [max(row[field] or 0.0, 0.0) for row in rows]
    if all_wh <= 0 or not any(known_wh):
        raise ConflictError(f"nobody knows what charge '{id}' took, and when", why="neither wall nor battery said it")
    energy = [all_wh * one / sum(known_wh) for one in known_wh]
    kept = rooms.tariffs.get(caller.company, tariff).tariff
    found = kept.cost([row["time"] for row in rows], energy, interval_s=SLOT_S, used_kwh=used_kwh, peak_kw=peak_kw)
    return ChargeCostOut(
        **CostOut.of(found).model_dump(),
        charge=id,
        tariff=tariff,
        measured=measured,
        efficiency=None if measured else efficiency,
    )
