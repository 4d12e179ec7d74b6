"""Every page of the console, with a thing that there is: what the tests of accessibility and the tour go through."""

from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING

import pyarrow as pa
from fastapi.routing import iter_route_contexts

from kaido.console.page import PageRoute
from kaido.errors import ConflictError
from kaido.flow import QUARANTINE_SCHEMA, UpKind
from kaido.lake import Lake
from kaido.runtime import clock
from tests.console.conftest import COMPANY

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tests.console.conftest import Site
    from tests.console.history import History

PARTS = {
    "/fleet/card/{id}",
    "/signals/list",
    "/signals/vehicles",
    "/vehicles/{id}/parts/{tab}",
    "/campaigns/{campaign}/row",
    "/campaigns/{campaign}/standing",
    "/campaigns/{campaign}/results",
    "/campaigns/-/rehearsals/{rehearsal}",
    "/commands/-/actuators",
    "/commands/-/vehicles",
    "/commands/-/preview",
    "/commands/-/preconditions",
    "/commands/{id}/outcome",
    "/operations/findings",
}
"""Answers that are put into a page, and are looked at there."""
LEAD_ON = {"/vehicles", "/vehicles/{vehicle}/trips/{id}"}
"""Addresses that lead to a page that is here."""
CAMPAIGN = "shown"


def page_routes(app: FastAPI) -> set[str]:
    """The paths of the application's pages."""
    found = set()
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, PageRoute) and "GET" in (context.methods or ()):
            found.add(str(context.path))
    return found


def places(site: Site, past: History) -> dict[str, str]:
    """An address by the route's path; of vehicles with a past, and of those that drive now.

    A campaign and a command are made for it.
    """
    api, car = site.client, past.cars[0].id
    command = _command(site)
    _campaign(site)
    trips = api.get("/v1/trips", {"vehicle": car, "limit": 2})["items"]
    charge = api.get("/v1/charges", {"vehicle": car, "limit": 1})["items"][0]
    speed = "Vehicle.Speed"
    return {
        "/login": "/login",
        "/fleet": "/fleet",
        "/signals": f"/signals?vehicle={site.cars[0]}&signal={speed}&start=-5m",
        "/vehicles/{id}": f"/vehicles/{site.cars[0]}",
        "/trips/{id}": f"/trips/{trips[0]['id']}",
        "/trips/compare": f"/trips/compare?a={trips[0]['id']}&b={trips[1]['id']}",
        "/charges/{id}": f"/charges/{charge['id']}",
        "/campaigns": "/campaigns",
        "/campaigns/-/new": "/campaigns/-/new",
        "/campaigns/{campaign}": f"/campaigns/{CAMPAIGN}",
        "/campaigns/{campaign}/edit": f"/campaigns/{CAMPAIGN}/edit",
        "/commands": "/commands",
        "/commands/-/new": "/commands/-/new",
        "/commands/-/policy": "/commands/-/policy",
        "/commands/{id}": f"/commands/{command}",
        "/energy": "/energy",
        "/energy/charging": "/energy/charging",
        "/energy/batteries": "/energy/batteries",
        "/energy/balance": "/energy/balance",
        "/energy/powertrain": "/energy/powertrain",
        "/operations": "/operations",
        "/operations/quarantine": "/operations/quarantine",
        "/operations/quarantine/{id}": f"/operations/quarantine/{_payload(site)}",
        "/operations/certificates": "/operations/certificates",
        "/audit": "/audit",
        "/account": "/account",
        "/users": "/users",
        "/users/{user}": "/users/viewer",
        "/tokens": "/tokens",
    }


def _campaign(site: Site) -> None:
    with contextlib.suppress(ConflictError):  # another test of this run has made it
        site.client.post("/v1/campaigns", {"name": CAMPAIGN, "signals": ["Vehicle.Speed"], "period": "10s"})


def _command(site: Site) -> str:
    """One that has an outcome."""
    wish = {
        "vehicle": site.cars[0],
        "signal": "Vehicle.Body.Lights.Hazard.IsSignaling",
        "value": True,
        "timeout": "60s",
        "reason": "to find it in the car park",
    }
    made: str = site.client.post("/v1/commands", wish)["id"]
    return made


def _payload(site: Site) -> str:
    """What nobody can read."""
    identifier = f"unreadable-{uuid.uuid4().hex[:8]}"
    row = {
        "id": identifier,
        "vehicle": site.cars[1],
        "kind": int(UpKind.SIGNALS),
        "arrival": clock.now(),
        "reason": "unknown_manifest: no decoder manifest 'leaf@2'",
        "payload": b"\xff\x00 cut off",
    }
    lake = Lake(site.platform.folder / "data" / "lake", COMPANY)
    lake.quarantine(pa.Table.from_pylist([row], QUARANTINE_SCHEMA), app_id=identifier, version=1)
    return identifier
