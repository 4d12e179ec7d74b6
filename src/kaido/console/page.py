"""What every page has in common: who looks, templates, errors as pages, and what a browser may load."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Depends
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import HTMLResponse, RedirectResponse, Response

from kaido import __version__
from kaido.console import shown
from kaido.console.ask import Api
from kaido.console.person import Person
from kaido.errors import KaidoError, UnauthenticatedError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from importlib.resources.abc import Traversable

ASSETS = "/assets"
NAVIGATION = (
    ("Fleet", "/fleet"),
    ("Signals", "/signals"),
    ("Campaigns", "/campaigns"),
    ("Commands", "/commands"),
    ("Energy", "/energy"),
    ("Operations", "/operations"),
)


async def api(request: Request) -> Api:
    """The API, asked as whoever looks at the page."""
    return Api(request)


async def person(request: Request, api: Annotated[Api, Depends(api)]) -> Person:
    """Who looks at the page; without a session the route leads to the sign-in."""
    found = Person.of(await api.get("/session"))
    request.state.person = found
    return found


Asking = Annotated[Api, Depends(api)]
Viewer = Annotated[Person, Depends(person)]


class PageRoute(APIRoute):
    """A route whose failures are pages: the sign-in where nobody is signed in, else what, why and what to do."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own way to stand around a route."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except UnauthenticatedError:
                return _to_sign_in(request)
            except KaidoError as error:
                return problem(request, error)

        return handled


def render(request: Request, template: str, /, status: int = 200, **values: Any) -> HTMLResponse:
    """A page. A request of htmx for a part of it names a block in ``HX-Target``: templates look at ``part``."""
    who: Person | None = getattr(request.state, "person", None)
    context = {
        "request": request,
        "person": who,
        "part": request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true",
        "show": shown.Shown(who),
        **values,
    }
    return HTMLResponse(_environment().get_template(template).render(context), status)


def problem(request: Request, error: KaidoError) -> Response:
    """A failure as a page, or as a part of one where htmx asked."""
    return render(request, "problem.html", error.status, error=error, title=error.what)


def assets() -> Traversable:
    """The folder of scripts and styles that the build made."""
    return files("kaido.console") / "assets"


@cache
def manifest() -> dict[str, dict[str, Any]]:
    """What the build made, by name.

    Raises:
        UnavailableError: it was not run.
    """
    found = assets() / "manifest.json"
    if not found.is_file():
        raise UnavailableError("the console's scripts are not there", fix="In a checkout, make them: make setup")
    known: dict[str, dict[str, Any]] = json.loads(found.read_text())
    return known


def asset(name: str) -> str:
    """The address of a script or style; it has its content's hash, so a browser may keep it for good."""
    return f"{ASSETS}/{manifest()[name]['file']}"


def preloads(name: str) -> list[str]:
    """The addresses of the chunks that a page's script begins with."""
    return [f"{ASSETS}/{file}" for file in manifest()[name]["imports"]]


def link(path: str, **query: Any) -> str:
    """A URL of the console; parameters that are empty are left out, lists are repeated."""
    given = {name: value for name, value in query.items() if value not in (None, "", [])}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def name(value: object) -> str:
    """A name as a part of a path. Names begin with a letter or digit: pages that belong to none are below ``-``."""
    return quote(str(value), safe="")


def moved(request: Request) -> Response:
    """To the page that was here before ``-`` came between, as it was asked."""
    parent, _, last = request.url.path.rpartition("/")
    return RedirectResponse(str(request.url.replace(path=f"{parent}/-/{last}")), 308)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("kaido.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "asset": asset,
        "preloads": preloads,
        "link": link,
        "name": name,
        "navigation": NAVIGATION,
        "version": __version__,
    }
    return made


def _to_sign_in(request: Request) -> Response:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    there = link("/login", next=here if request.method == "GET" and here != "/" else None)
    if request.headers.get("HX-Request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": there})
    return RedirectResponse(there, 303)
