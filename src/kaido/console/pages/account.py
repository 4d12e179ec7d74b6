"""``/account``: who one is, how one likes to read, one's password, and where one is signed in."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from zoneinfo import available_timezones

from fastapi import APIRouter, Form, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import RedirectResponse, Response

from kaido.company import ROLES
from kaido.console.changing import Changing, Word  # noqa: TC001  # FastAPI reads annotations
from kaido.console.page import Asking, PageRoute, Viewer, link, render
from kaido.console.person import Person  # noqa: TC001  # FastAPI reads annotations
from kaido.errors import InvalidInputError, KaidoError, UnauthenticatedError

router = APIRouter(route_class=PageRoute)

THEMES = {"auto": "As the system is", "light": "Light", "dark": "Dark"}
MAY = {
    "read": "see everything of the company",
    "write": "change vehicles, catalog, campaigns and imports",
    "command": "command vehicles",
    "admin": "administer users and tokens, revoke vehicles, set the policy for commands",
}
"""The scopes, for people."""
DONE = {
    "preferences": "Your preferences are kept.",
    "password": "Your password is changed, and you are signed out everywhere else.",
    "browsers": "You are signed out everywhere else.",
}
Password = Annotated[str, Form(max_length=1_000)]


@router.get("/account")
async def page(
    request: Request, person: Viewer, api: Asking, done: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """The page."""
    return await _page(request, person, api, done=DONE.get(done, ""))


@router.post("/account/preferences")
async def prefer(
    request: Request, person: Viewer, api: Changing, market: Word = "", zone: Word = "", theme: Word = ""
) -> Response:
    """Keep how one likes to read."""
    wish = {"market": market or None, "zone": zone.strip() or None, "theme": theme or None}
    try:
        await api.send("PATCH", "/session", json={"preferences": wish})
    except InvalidInputError as error:
        return await _page(request, person, api, error=error)
    return _done("preferences")


@router.post("/account/password")
async def change_password(
    request: Request, person: Viewer, api: Changing, old: Password, new: Password, again: Password
) -> Response:
    """Change one's password; the answer of the API brings another session, which the browser takes over."""
    try:
        if new != again:
            raise InvalidInputError("the two new passwords are not the same", fix="Write the new one twice")
        answer = await api.send("PATCH", "/session", json={"password": {"old": old, "new": new}})
    except UnauthenticatedError as error:
        return await _page(request, person, api, error=error, status=422)
    except KaidoError as error:
        return await _page(request, person, api, error=error)
    response = _done("password")
    for cookie in answer.headers.get_list("set-cookie"):
        response.headers.append("Set-Cookie", cookie)
    return response


@router.post("/account/browsers")
async def sign_out_elsewhere(person: Viewer, api: Changing) -> Response:
    """Sign out in all other browsers."""
    del person
    await api.delete("/session/browsers")
    return _done("browsers")


async def _page(
    request: Request,
    person: Person,
    api: Asking,
    *,
    error: KaidoError | None = None,
    done: str = "",
    status: int | None = None,
) -> Response:
    session, browsers, markets = await asyncio.gather(
        api.get("/session"), api.get("/session/browsers"), api.get("/markets")
    )
    return render(
        request,
        "account/account.html",
        (status or error.status) if error else 200,
        title="Your account",
        session=session,
        browsers=browsers["items"],
        markets=markets["items"],
        zones=_zones(markets["items"]),
        themes=THEMES,
        may=[(text, scope in person.scopes) for scope, text in MAY.items()],
        roles=ROLES,
        error=error,
        done=done,
    )


def _zones(markets: list[dict[str, Any]]) -> list[str]:
    """The markets' zones, then the world's."""
    first = ["UTC", *(zone for one in markets for zone in one["zones"])]
    return list(dict.fromkeys([*first, *sorted(zone for zone in available_timezones() if "/" in zone)]))


def _done(what: str) -> Response:
    return RedirectResponse(link("/account", done=what), 303)
