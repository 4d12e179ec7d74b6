"""``/vehicles/{id}``: what a vehicle is, does and did."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import RedirectResponse, Response

from kaido.console import vehicle_parts
from kaido.console.ask import Api  # noqa: TC001  # as above
from kaido.console.charted import CHARGING, CURRENT, POWER, SOC, SPEED, TEMPERATURE, Chosen, infos, recorded
from kaido.console.page import Asking, PageRoute, Viewer, name, render

router = APIRouter(route_class=PageRoute)

RECENT = "-30d"
USUAL = (SPEED, POWER, CURRENT, SOC, TEMPERATURE, CHARGING, "Vehicle.IsMoving")
"""What is charted where nothing is chosen: those of them that the vehicle has, else the first."""
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
    path = f"/vehicles/{name(id)}"
    detail, twin, status = await asyncio.gather(*map(api.get, (path, f"{path}/twin", f"{path}/status")))
    values = {one["signal"]: one for one in twin["values"]}
    return render(
        request,
        "vehicle/page.html",
        title=id,
        vehicle=detail,
        doing=status["status"],
        signals=await _signals(api, id, signal, values),
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


async def _signals(
    api: Api, vehicle: str, chosen: list[str] | None, values: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """What is charted: what is chosen, else the usual by its last known state or, of an imported past, by the lake."""
    if chosen or values:
        return await infos(api, chosen or [path for path in USUAL if path in values] or USUAL[:1])
    return await recorded(api, vehicle, USUAL, RECENT)
