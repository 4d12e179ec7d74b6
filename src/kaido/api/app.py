"""The application: every router, and what stands around them."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi

from kaido import __version__
from kaido.api import cookies, errors, page, routers
from kaido.api.guard import Audit, BodyLimit
from kaido.api.services import Services
from kaido.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from kaido.runtime.settings import Settings

_ABOUT = """
Connect cars to their company's own cloud, lose nothing, ask the fleet.

A request carries a token, `Authorization: Bearer TOKEN`. It acts for the token's company; an operator's token
names one with the header `Kaido-Company`. A browser carries the cookie of its session instead (`POST /v1/session`), and
with every change the header `Kaido-CSRF`. Lists come in pages: `{"items": [...], "next": ...}`, and `after=` with
the value of `next` gives the next one. A failure is a problem document: `error` (a word for programs), `what`, `why`,
`fix` (the next step).
"""


def create_app(settings: Settings, *, embedded: bool = False) -> FastAPI:
    """The API.

    Args:
        settings: of this process.
        embedded: the application runs in its caller's process: without NATS, on the data folder alone. The caller
            needs no token, since it can read the folder anyway. What it does not ask for is not loaded.
    """
    app = FastAPI(
        title="Kaido",
        version=__version__,
        description=_ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=partial(_lifespan, embedded=embedded),
    )
    app.state.settings = settings
    errors.install(app)
    if embedded:
        app.add_middleware(routers.OnDemand, kaido=app)
    app.add_middleware(BodyLimit, upload_bytes=settings.api_upload_bytes)
    app.add_middleware(Audit, services=lambda: Services.of(app))
    app.add_middleware(errors.UnforeseenErrors, embedded=embedded, debug=settings.debug)
    page.install(app)
    if not embedded:
        # Heavy, and the command line has no use for it.
        from kaido.api import metrics, oidc, oidc_provider  # noqa: PLC0415
        from kaido.console import install  # noqa: PLC0415

        routers.include_all(app)
        routers.include(app, metrics.router)
        oidc_provider.check(settings)
        routers.include(app, oidc.router)
        install(app, settings.console_tiles)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI's own way to change it
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI, *, embedded: bool) -> AsyncGenerator[None]:
    settings: Settings = app.state.settings
    store = await run_in_threadpool(Store.open, settings.database)
    async with Services(settings, store, embedded=embedded) as services, AsyncExitStack() as begun:
        app.state.kaido = services
        app.state.begun = begun
        yield


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schema.setdefault("components", {})["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": cookies.NAME},
        }
        schema["security"] = [{"token": []}, {"session": []}]
        app.openapi_schema = schema
    return app.openapi_schema
