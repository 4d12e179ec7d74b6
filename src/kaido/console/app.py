"""The console's routes on the API's application."""

from __future__ import annotations

import contextlib
from mimetypes import guess_type
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.staticfiles import StaticFiles

from kaido.console.ask import Api
from kaido.console.page import ASSETS, person, problem
from kaido.console.pages import ALL
from kaido.console.safety import Safety
from kaido.errors import KaidoError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Scope

FOREVER = "public, max-age=31536000, immutable"


class _Assets(StaticFiles):
    """Files whose names have their contents' hashes; those that the build packed go out packed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file; what is not there is not kept."""
        accepted = Headers(scope=scope).get("accept-encoding", "")
        packed = "gzip" in accepted and self.lookup_path(f"{path}.gz")[1] is not None
        response = await super().get_response(f"{path}.gz" if packed else path, scope)
        if response.status_code in {200, 304}:
            response.headers["Cache-Control"] = FOREVER
            response.headers["Vary"] = "Accept-Encoding"
            if packed:
                response.headers["Content-Encoding"] = "gzip"
                response.headers["Content-Type"] = guess_type(path)[0] or "application/octet-stream"
        return response


def install(app: FastAPI, tiles: str = "") -> None:
    """Serve the console from ``/`` on.

    Args:
        app: the API's.
        tiles: the setting KAIDO_CONSOLE_TILES: maps may ask its host.
    """
    app.mount(ASSETS, _Assets(packages=[("kaido.console", "assets")], check_dir=False), name="assets")
    for module in ALL:
        app.include_router(module.router, include_in_schema=False)
    app.add_api_route("/", _home, include_in_schema=False)
    app.exception_handlers[HTTPException] = _no_such_page(app.exception_handlers[HTTPException])
    app.add_middleware(Safety, tiles=tiles)


async def _home() -> RedirectResponse:
    return RedirectResponse("/fleet", 303)


def _no_such_page(otherwise: Callable[..., Any]) -> Callable[[Request, Exception], Awaitable[Response]]:
    """A browser that asks for a page that is not there gets one; everybody else the API's answer."""

    async def handle(request: Request, error: Exception) -> Response:
        missing = isinstance(error, HTTPException) and error.status_code == 404  # noqa: PLR2004
        reads_pages = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1")
        if missing and reads_pages:
            with contextlib.suppress(KaidoError):  # a stranger gets the page without the navigation
                await person(request, Api(request))
            return problem(request, NotFoundError("there is no such page", why=f"nothing is at {request.url.path}"))
        answer: Response = await otherwise(request, error)
        return answer

    return handle
