"""``/charges/{id}``: what was charged, how fast, and what it cost."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import Response  # noqa: TC002  # as above

from kaido.console.ask import Api  # noqa: TC001  # as above
from kaido.console.charted import CURRENT, POWER, SOC, TEMPERATURE, Chosen, infos, recorded
from kaido.console.page import Asking, PageRoute, Viewer, name, render
from kaido.errors import KaidoError

router = APIRouter(route_class=PageRoute)

_CHARGING = "Vehicle.Powertrain.TractionBattery.Charging"
USUAL = (
    POWER,
    CURRENT,
    SOC,
    TEMPERATURE,
    f"{_CHARGING}.ChargeCurrent.Phase1",
    f"{_CHARGING}.ChargeCurrent.DC",
    f"{_CHARGING}.IsCharging",
)
OFFERED = 1_000
Name = Annotated[str, Query(max_length=255)]


@router.get("/charges/{id}")
async def page(
    request: Request,
    person: Viewer,
    api: Asking,
    id: str,  # noqa: A002  # it is what the field calls it
    signal: Chosen = None,
    tariff: Name = "",
) -> Response:
    """One charging session; its cost by the tariff in the URL, or by the usual one of the person's market."""
    charge = await api.get(f"/charges/{name(id)}")
    vehicle = charge["vehicle"]
    tariffs, base = await asyncio.gather(api.get("/tariffs", {"limit": OFFERED}), api.get("/map"))
    names = [one["name"] for one in tariffs["items"]]
    wanted = tariff or await _usual_tariff(api, vehicle, names)
    cost, no_cost = await _cost(api, id, wanted)
    signals = await (infos(api, signal) if signal else recorded(api, vehicle, USUAL, charge["start"], charge["end"]))
    del person
    return render(
        request,
        "charge/page.html",
        title=f"Charge of {vehicle}",
        charge=charge,
        tariffs=tariffs["items"],
        tariff=wanted,
        cost=cost,
        no_cost=no_cost,
        signals=signals,
        base=base,
    )


async def _usual_tariff(api: Api, vehicle: str, names: list[str]) -> str:
    """The company's own first; else the example of the vehicle's market; else none."""
    market = (await api.get(f"/vehicles/{name(vehicle)}"))["market"]
    markets = {one["code"]: one for one in (await api.get("/markets"))["items"]}
    own = [one for one in names if not one.startswith("example-")]
    return own[0] if own else markets.get(market, {}).get("tariff", "")


async def _cost(api: Api, charge: str, tariff: str) -> tuple[dict[str, Any] | None, KaidoError | None]:
    if not tariff:
        return None, None
    try:
        return await api.get(f"/charges/{name(charge)}/cost", {"tariff": tariff}), None
    except KaidoError as error:
        return None, error
