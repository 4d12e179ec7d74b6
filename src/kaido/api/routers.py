"""Every resource of the API and where it lies; one process that asks for little loads no more than it asks for."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING

from fastapi.routing import APIRoute

from kaido.api import page

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/v1"
ROUTERS: dict[str, tuple[str, ...]] = {
    "health": ("/health",),
    "companies": ("/companies",),
    "vehicles": ("/vehicles",),
    "enrolment": ("/vehicles/{id}/enrol",),
    "certificates": ("/certificates",),
    "twin": ("/vehicles/{id}/twin", "/vehicles/{id}/status"),
    "ranges": ("/vehicles/{id}/range", "/vehicles/{id}/consumption"),
    "fleet": ("/fleet",),
    "live": ("/live",),
    "positions": ("/live/positions",),
    "maps": ("/map",),
    "signals": ("/signals",),
    "series": ("/signals/series",),
    "recorded": ("/signals/recorded",),
    "sql": ("/sql",),
    "trips": ("/trips",),
    "charges": ("/charges",),
    "charge_costs": ("/charges/{id}/cost",),
    "idles": ("/idles",),
    "energy": ("/energy/balance", "/energy/powertrain", "/energy/derive"),
    "fleet_energy": ("/energy/consumption", "/energy/charging"),
    "batteries": ("/battery", "/vehicles/{id}/battery"),
    "catalog": ("/catalog",),
    "campaigns": ("/campaigns",),
    "campaign_checks": ("/campaigns/check",),
    "campaign_dry_runs": ("/campaigns/dry-run",),
    "campaign_estimates": ("/campaigns/estimate",),
    "campaign_events": ("/campaigns/{name}/events",),
    "campaign_rehearsals": ("/campaign-rehearsals",),
    "campaign_status": ("/campaigns/{name}/status", "/campaigns/{name}/vehicles"),
    "campaign_texts": ("/campaigns/read", "/campaign-language"),
    "vehicle_campaigns": ("/vehicles/{id}/campaigns",),
    "states": ("/state-templates",),
    "commands": ("/commands",),
    "command_checks": ("/command-policy/check",),
    "command_policy": ("/command-policy",),
    "plans": ("/plans",),
    "tariffs": ("/tariffs",),
    "markets": ("/markets",),
    "imports": ("/imports",),
    "quarantine": ("/quarantine",),
    "tokens": ("/tokens",),
    "users": ("/users",),
    "session": ("/session",),
    "own_sessions": ("/session/browsers",),
    "audit": ("/audit",),
    "status": ("/status", "/doctor"),
}
"""The modules whose ``router`` lies under ``/v1``, in the order in which /docs shows them; and where their paths
begin."""


def include_all(app: FastAPI) -> None:
    """Have the application answer every path."""
    for name in ROUTERS:
        _include_module(app, name)


def include(app: FastAPI, router: APIRouter, prefix: str = "") -> None:
    """Have the application answer the paths of a router; each operation has a name in the OpenAPI document."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            route.operation_id = route.operation_id or _operation_id(route)
    app.include_router(router, prefix=prefix)


class OnDemand:
    """ASGI middleware: a router comes with the first request for its paths.

    Loading them all takes longer than most commands of a command line that works on a bare folder.

    Args:
        app: what answers then.
        kaido: the application that gets the routers.
    """

    def __init__(self, app: ASGIApp, kaido: FastAPI) -> None:
        self.app = app
        self._kaido = kaido
        self._missing = {
            name: re.compile("|".join(f"{PREFIX}{re.sub('{[a-z]+}', '[^/]+', path)}(/.*)?" for path in paths))
            for name, paths in ROUTERS.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if path := scope.get("path"):
            wanted = [name for name, paths in self._missing.items() if paths.fullmatch(path)]
            if path in {page.DOCUMENT, page.PAGE}:
                wanted = list(self._missing)
            for name in wanted:
                del self._missing[name]
                router = _include_module(self._kaido, name)
                begun = getattr(self._kaido.state, "begun", None)
                if begun:  # else the application begins the router with itself
                    await begun.enter_async_context(router.lifespan_context(self._kaido))
        await self.app(scope, receive, send)


def _include_module(app: FastAPI, name: str) -> APIRouter:
    router: APIRouter = importlib.import_module(f"kaido.api.{name}").router
    include(app, router, PREFIX)
    return router


def _operation_id(route: APIRoute) -> str:
    tag = str(route.tags[0]) if route.tags else "kaido"
    return f"{tag}-{route.name}".replace("_", "-").strip("-")
