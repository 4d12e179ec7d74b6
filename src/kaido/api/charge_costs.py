"""``/v1/charges/{id}/cost``: what a charging session cost."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from kaido.api import activities
from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.tariffs import CostOut
from kaido.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from kaido.lake import Lake
    from kaido.services.tariffs import Tariff

router = APIRouter(prefix="/charges", tags=["charges"])

SLOT_S = 300
"""How long a row of the table ``charge_curves`` is."""
Efficiency = Annotated[
    float, Query(ge=0.05, le=1, allow_inf_nan=False, description="Battery to wall, where the wall was not measured.")
]


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
    efficiency: Efficiency = 0.9,
    used_kwh: Annotated[
        float, Query(ge=0, le=1e9, allow_inf_nan=False, description="The house's use in the billing month before.")
    ] = 0.0,
    peak_kw: Annotated[float, Query(ge=0, le=1e6, allow_inf_nan=False, description="Its highest power in it.")] = 0.0,
) -> ChargeCostOut:
    """By a tariff, from its energy in slots of five minutes: what it added to the bill.

    The slots add up to the session's energy: what is not known of some is spread over the others.
    """
    from kaido.services import tables  # noqa: PLC0415  # DuckDB is heavy, most commands do without

    charge = activities.better("charges", rooms, caller, [activities.one("charges", rooms, caller, id)])[0]
    slots = tables.read(rooms.lake(caller.company), "charge_curves", id=id).to_pylist()
    kept = rooms.tariffs.get(caller.company, tariff).tariff
    taken = _taken(charge, slots, efficiency)
    if taken is None:
        raise ConflictError(f"nobody knows what charge '{id}' took, and when", why="neither wall nor battery said it")
    found = kept.cost(*taken, interval_s=SLOT_S, used_kwh=used_kwh, peak_kw=peak_kw)
    measured = charge["energy_wall_wh"] is not None
    return ChargeCostOut(
        **CostOut.of(found).model_dump(),
        charge=id,
        tariff=tariff,
        measured=measured,
        efficiency=None if measured else efficiency,
    )


def costs(lake: Lake, tariff: Tariff, charges: Sequence[dict[str, Any]], efficiency: float) -> list[float | None]:
    """What each of some charges cost by itself; None where nobody knows what it took, and when."""
    from kaido.services.asking import ask  # noqa: PLC0415  # DuckDB is heavy, most commands do without

    if not charges:
        return []
    asked = {"ids": [one["id"] for one in charges]}
    starts, ends = ([one[name] for one in charges] for name in ("start", "end"))
    curves = ask(lake, _CURVES, asked, tables=("charge_curves",), start=min(starts), end=max(ends))
    slots = defaultdict(list)
    for slot in curves.to_pylist():
        slots[slot["charge"]].append(slot)
    taken = [_taken(one, slots[one["id"]], efficiency) for one in charges]
    return [None if one is None else tariff.cost(*one, interval_s=SLOT_S).amount for one in taken]


def _taken(
    charge: dict[str, Any], slots: Sequence[dict[str, Any]], efficiency: float
) -> tuple[list[datetime], list[float]] | None:
    """When a charge took how many Wh from the wall; what is not known of some slots is spread over the others."""
    field, share = ("energy_battery_wh", efficiency) if charge["energy_wall_wh"] is None else ("energy_wall_wh", 1.0)
    all_wh = (charge[field] or 0.0) / share
    known_wh = [max(slot[field] or 0.0, 0.0) for slot in slots]
    if all_wh <= 0 or not any(known_wh):
        return None
    return [slot["time"] for slot in slots], [all_wh * one / sum(known_wh) for one in known_wh]


_CURVES = "SELECT * FROM charge_curves WHERE charge IN (SELECT unnest($ids)) ORDER BY charge, time"
