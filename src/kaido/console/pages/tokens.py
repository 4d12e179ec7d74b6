"""``/tokens``: what programs call the API with."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import RedirectResponse, Response

from kaido.company import SCOPES
from kaido.console.changing import Changing, Word  # noqa: TC001  # FastAPI reads annotations
from kaido.console.endings import with_days_left
from kaido.console.page import Asking, PageRoute, Viewer, link, name, render
from kaido.console.pages.account import MAY
from kaido.console.person import Person  # noqa: TC001  # FastAPI reads annotations
from kaido.errors import KaidoError, UnauthenticatedError
from kaido.runtime import clock

router = APIRouter(route_class=PageRoute)

IN_A_PAGE = 100
LASTS = {30: "30 days", 90: "90 days", 365: "1 year", 0: "for ever"}
DONE = {"revoked": "The token is revoked; who still uses it is refused."}
Text = Annotated[str, Query(max_length=200)]


@router.get("/tokens")
async def page(request: Request, person: Viewer, api: Asking, after: Text = "", done: Text = "") -> Response:
    """The list, and the form for another one."""
    return await _page(request, person, api, after=after, done=DONE.get(done, ""))


@router.post("/tokens")
async def create(
    request: Request,
    person: Viewer,
    api: Changing,
    token: Word,
    days: Annotated[int, Form(ge=0, le=36_500)],
    scope: Annotated[list[str] | None, Form(max_length=len(SCOPES))] = None,
) -> Response:
    """Make a token; the secret is in this answer and nowhere else."""
    expires = clock.iso(clock.now() + timedelta(days=days)) if days else None
    try:
        made = await api.post("/tokens", {"name": token.strip(), "scopes": scope or [], "expires": expires})
    except UnauthenticatedError:
        raise
    except KaidoError as error:
        return await _page(request, person, api, error=error, given=(token, scope or [], days))
    return await _page(request, person, api, secret=(made["name"], made["secret"]), status=201)


@router.post("/tokens/{token}/revoke")
async def revoke(person: Viewer, api: Changing, token: str) -> Response:
    """End a token, by its id."""
    del person
    await api.delete(f"/tokens/{name(token)}")
    return RedirectResponse(link("/tokens", done="revoked"), 303)


async def _page(
    request: Request,
    person: Person,
    api: Asking,
    *,
    after: str = "",
    done: str = "",
    error: KaidoError | None = None,
    given: tuple[str, list[str], int] = ("", ["read"], 90),
    secret: tuple[str, str] | None = None,
    status: int = 200,
) -> Response:
    lacks = person.lacks("admin")
    found = {"items": [], "next": None} if lacks else await api.get("/tokens", {"after": after, "limit": IN_A_PAGE})
    return render(
        request,
        "account/tokens.html",
        error.status if error else status,
        title="Tokens",
        tokens=with_days_left(found["items"], "expires"),
        more=link("/tokens", after=found["next"]) if found["next"] else "",
        after=after,
        may=MAY,
        lasts=LASTS,
        lacks=lacks,
        done=done,
        error=error,
        given=given,
        secret=secret,
    )
