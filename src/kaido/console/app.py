"""The console's routes on the API's application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.staticfiles import StaticFiles

from kaido.console.page import ASSETS
from kaido.console.pages import ALL
from kaido.console.safety import Safety

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.responses import Response
    from starlette.types import Scope

FOREVER = "public, max-age=31536000, immutable"


class _Assets(StaticFiles):
    """Files whose names have their contents' hashes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file; what is not there is not kept."""
        response = await super().get_response(path, scope)
        if response.status_code == 200:  # noqa: PLR2004
            response.headers["Cache-Control"] = FOREVER
        return response


def install(app: FastAPI) -> None:
    """Serve the console from ``/`` on."""
    app.mount(ASSETS, _Assets(packages=[("kaido.console", "assets")], check_dir=False), name="assets")
    for module in ALL:
        app.include_router(module.router, include_in_schema=False)
    app.add_api_route("/", _home, include_in_schema=False)
    app.add_middleware(Safety)


async def _home() -> RedirectResponse:
    return RedirectResponse("/fleet", 303)
