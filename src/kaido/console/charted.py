"""Which signals a page charts, and what the catalog says of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.console.ask import Api

MOST_SIGNALS = 24
Chosen = Annotated[list[str] | None, Query(max_length=MOST_SIGNALS)]
"""A page's query parameter ``signal``: what is charted instead of the usual."""

SPEED = "Vehicle.Speed"
_BATTERY = "Vehicle.Powertrain.TractionBattery"
POWER, CURRENT = f"{_BATTERY}.CurrentPower", f"{_BATTERY}.CurrentCurrent"
SOC = f"{_BATTERY}.StateOfCharge.Current"
TEMPERATURE = f"{_BATTERY}.Temperature.Average"
CHARGING = f"{_BATTERY}.Charging.IsCharging"


async def infos(api: Api, paths: Sequence[str]) -> list[dict[str, Any]]:
    """Path, unit and type of signals, as the catalog has them; one that it does not have is a number without a unit."""

    async def info(path: str) -> dict[str, Any]:
        found = (await api.get("/catalog/signals", {"glob": path, "limit": 1}))["items"]
        one = found[0] if found and found[0]["path"] == path else {"unit": None, "datatype": "double"}
        return {"path": path, "unit": one["unit"], "datatype": one["datatype"]}

    return list(await asyncio.gather(*map(info, dict.fromkeys(paths))))


async def recorded(
    api: Api, vehicle: str, usual: Sequence[str], start: str, end: str | None = None
) -> list[dict[str, Any]]:
    """Those of the usual signals of which the vehicle has samples in that time; the first of them where it has none."""
    asked = {"vehicle": vehicle, "start": start, "end": end, "limit": 1_000}
    known = {one["path"] for one in (await api.get("/signals/recorded", asked))["items"]}
    return await infos(api, [path for path in usual if path in known] or usual[:1])
