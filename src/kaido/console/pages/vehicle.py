"""``/vehicles/{id}``: what a vehicle is, does and did."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import RedirectResponse, Response

from kaido.console import vehicle_parts
from kaido.console.ask import Api  # noqa: TC001  # as above
from kaido.console.page import Asking, PageRoute, Viewer, name, render

router = APIRouter(route_class=PageRoute)

MOST_SIGNALS = 24
RECENT = "-30d"
SPEED = "Vehicle.Speed"
CHARGING = "Vehicle.Powertrain.TractionBattery.Charging.IsCharging"
_BATTERY = "Vehicle.Powertrain.TractionBattery"
USUAL = (
    SPEED,
    f"{_BATTERY}.CurrentPower",
    f"{_BATTERY}.CurrentCurrent",
    f"{_BATTERY}.StateOfCharge.Current",
    f"{_BATTERY}.Temperature.Average",
    CHARGING,
    "Vehicle.IsMoving",
)
"""What is charted where nothing is chosen: those of them that the vehicle has, else the first."""
Chosen = Annotated[list[str] | None, Query(max_length=MOST_SIGNALS)]
Text = Annotated[str, Query(max_length=255)]


@router.get("/vehicles")
async def vehicles() -> Response:
    """The list is the fleet's."""
    return RedirectResponse("/fleet", 303)


@router.get("/vehicles/{id}")
async def page(
    request: Request,
    _: Viewer,
    api: Asking,
    id: str,  # noqa: A002  # it is what the field calls it
    signal: Chosen = None,
    tab: Text = "state",
    after: Text = "",
) -> Response:
    """The page; what is chosen in its URL beside these is read by its script."""
    ask = vehicle_parts.part(tab)
    detail, twin = await asyncio.gather(api.get(f"/vehicles/{name(id)}"), api.get(f"/vehicles/{name(id)}/twin"))
    values = {one["signal"]: one for one in twin["values"]}
    return render(
        request,
        "vehicle/page.html",
        title=id,
        vehicle=detail,
        doing=doing(detail, values),
        signals=await infos(api, signal or await usual(api, id, values)),
        parts=vehicle_parts.PARTS,
        tab=tab,
        **await ask(api, id, after),
    )


@router.get("/vehicles/{id}/parts/{tab}")
async def part(request: Request, person: Viewer, api: Asking, id: str, tab: str, after: Text = "") -> Response:  # noqa: A002  # as above
    """A part of the page alone."""
    del person
    found = await vehicle_parts.part(tab)(api, id, after)
    return render(request, f"vehicle/{tab}.html", vehicle={"id": id}, tab=tab, **found)


async def usual(api: Api, vehicle: str, values: dict[str, dict[str, Any]]) -> list[str]:
    """What is charted where nothing is chosen: by its last known state or, of an imported past, by the lake."""
    known = set(values)
    if not known:
        asked = {"vehicle": vehicle, "start": RECENT, "limit": 1_000}
        known = {one["path"] for one in (await api.get("/signals/recorded", asked))["items"]}
    return [path for path in USUAL if path in known] or [SPEED]


async def infos(api: Api, paths: list[str]) -> list[dict[str, Any]]:
    """Path, unit and type of signals, as the catalog has them; one that it does not have is a number without a unit."""

    async def info(path: str) -> dict[str, Any]:
        found = (await api.get("/catalog/signals", {"glob": path, "limit": 1}))["items"]
        one = found[0] if found and found[0]["path"] == path else {"unit": None, "datatype": "double"}
        return {"path": path, "unit": one["unit"], "datatype": one["datatype"]}

    return list(await asyncio.gather(*map(info, dict.fromkeys(paths))))


def doing(detail: dict[str, Any], values: dict[str, dict[str, Any]]) -> str:
    """``moving``, ``charging``, ``parked`` or ``offline``, by its connection and last values."""
    connection = detail["connection"]
    if connection is None or connection["connected"] is False:
        return "offline"
    if values.get(CHARGING, {}).get("value"):
        return "charging"
    return "moving" if (values.get(SPEED, {}).get("value") or 0) > 0 else "parked"
