"""``/login/oidc``: to the company's OIDC provider and back, signed in; and out there too.

What the way back is held against (state, nonce, verifier) goes along in a cookie of ten minutes: nothing waits in
memory, and any process of the API can take the browser back. The ID token, by which the provider knows who signs out,
stays in a cookie as well, which goes along with a sign-out alone.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from html import escape
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import HTMLResponse, RedirectResponse, Response

from kaido.api import cookies, oidc_claims, page
from kaido.api.auth import Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.oidc_provider import Provider
from kaido.api.session import begin, record
from kaido.errors import ForbiddenError, KaidoError, NotFoundError, UnavailableError

if TYPE_CHECKING:
    from kaido.api.services import Services
    from kaido.company import User

router = APIRouter(prefix="/login/oidc", include_in_schema=False)

COOKIE = "kaido_oidc"
WAY_SECONDS = 600
LONGEST_PATH, LONGEST_HINT = 1_000, 3_500
"""A browser keeps 4,096 bytes of a cookie."""
HINT, HINT_PATH = "kaido_oidc_hint", "/logout"
NO_HINT = "-"
"""In the place of an ID token that is too long: then the provider asks who signs out."""


@router.get("")
async def leave(request: Request, rooms: Rooms, next: str = "") -> Response:  # noqa: A002  # the parameter's name in URLs
    """To the provider. ``next`` is where to go in the end: a path of this host."""
    way = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")} | {"next": local(next)}
    try:
        provider = _provider(request, rooms)
        rooms.attempts.take("", _client(request))
        async with rooms.at_provider.one():
            address = await run_in_threadpool(provider.address, way["state"], way["nonce"], way["verifier"])
    except KaidoError as error:
        return _refused(error)
    response = RedirectResponse(address, 303)
    response.set_cookie(
        COOKIE,
        base64.urlsafe_b64encode(json.dumps(way).encode()).decode(),
        max_age=WAY_SECONDS,
        path=router.prefix,
        httponly=True,
        samesite="lax",
        secure=cookies.is_secure(request),
    )
    return response


@router.get("/callback")
async def come_back(request: Request, rooms: Rooms, code: str = "", state: str = "", error: str = "") -> Response:
    """From the provider, with a code that only it can have given."""
    address = _client(request)
    try:
        provider = _provider(request, rooms)
        rooms.attempts.take("", address)
        way = _way(request, state)
        if error or not code:
            raise ForbiddenError("the OIDC provider did not let you in", why=error[:100], fix="Try again")
        async with rooms.at_provider.one():
            claims, token = await run_in_threadpool(provider.claims, code, way["nonce"], way["verifier"])
        user = await run_in_threadpool(_user, rooms, claims, address)
    except KaidoError as refusal:
        return _refused(refusal)
    for _ in ("leaving", "coming back"):
        rooms.attempts.give_back("", address)
    response = RedirectResponse(local(way["next"]), 303)
    try:
        await run_in_threadpool(_begin, request, response, rooms, user, address)
    except KaidoError as refusal:
        return _refused(refusal)
    response.delete_cookie(COOKIE, path=router.prefix)
    response.set_cookie(
        HINT,
        token if len(token) <= LONGEST_HINT else NO_HINT,
        max_age=int(rooms.settings.console_session_hours * 3_600),
        path=HINT_PATH,
        httponly=True,
        samesite="lax",
        secure=cookies.is_secure(request),
    )
    return response


async def farewell(request: Request, rooms: Services) -> str:
    """Where a browser that signs out goes to do so at the provider too, if it signed in there; else empty.

    Raises:
        UnavailableError: the provider does not answer.
    """
    hint = request.cookies.get(HINT, "")
    if not hint or not rooms.settings.oidc_issuer:
        return ""
    back = str(request.url.replace(path="/login", query="", fragment=""))
    async with rooms.at_provider.one():
        return await run_in_threadpool(_provider(request, rooms).farewell, hint.removeprefix(NO_HINT), back)


def forget(response: Response) -> None:
    """Who signs in or out otherwise is not whom the provider knew."""
    response.delete_cookie(HINT, path=HINT_PATH)


def local(path: str) -> str:
    """A path of this host; ``/`` where it would lead elsewhere, or nobody knows what a browser makes of it."""
    plain = path.isascii() and path.isprintable() and "\\" not in path
    short = len(path) <= LONGEST_PATH
    return path if plain and short and path.startswith("/") and not path.startswith("//") else "/"


def _provider(request: Request, rooms: Services) -> Provider:
    if not rooms.settings.oidc_issuer:
        raise NotFoundError(
            "no OIDC provider is set up here",
            fix="Sign in with a name and password; docs/operations.md says how to set one up",
        )
    return Provider(rooms.settings, str(request.url.replace(path=f"{router.prefix}/callback", query="", fragment="")))


def _client(request: Request) -> str:
    return request.client.host if request.client else ""


def _way(request: Request, state: str) -> dict[str, str]:
    """What this browser left with."""
    try:
        way = json.loads(base64.urlsafe_b64decode(request.cookies.get(COOKIE, "")))
        known = {name: str(way[name]) for name in ("state", "nonce", "verifier", "next")}
    except (ValueError, KeyError, TypeError):
        known = {"state": ""}
    if not known["state"] or not hmac.compare_digest(known["state"].encode(), state.encode()):
        raise ForbiddenError(
            "this is not the way back of a sign-in that began here",
            why="it began in another browser, took more than ten minutes, or was made up",
            fix="Begin anew",
        )
    return known


def _user(rooms: Services, claims: dict[str, Any], address: str) -> User:
    settings = rooms.settings
    name = oidc_claims.name(claims)
    try:
        role = oidc_claims.role(claims, settings.oidc_role_claim)
        return rooms.proofs.with_subject(settings.oidc_company, oidc_claims.subject(claims), name, role)
    except UnavailableError:
        raise
    except KaidoError as error:
        details = {"by": "oidc", "subject": oidc_claims.subject(claims), "address": address, "why": error.what}
        record(rooms, settings.oidc_company, name, "session-sign-in-failed", details)
        raise


def _begin(request: Request, response: Response, rooms: Services, user: User, address: str) -> None:
    begin(request, response, rooms, user)
    details = {"by": "oidc", "address": address, "user": user.id}
    record(rooms, user.company, user.name, "session-sign-in", details)  # a GET: the audit takes it for a question


def _refused(error: KaidoError) -> Response:
    why = f"<p>{escape(error.why)}.</p>" if error.why else ""
    fix = f"<p>{escape(error.fix)}.</p>" if error.fix else ""
    content = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Kaido: not signed in</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;"
        "margin:4rem auto;padding:0 1rem;color-scheme:light dark}</style>"
        f'<h1>Not signed in: {escape(error.what)}</h1>{why}{fix}<p><a href="/login">Back to the sign-in</a></p></html>'
    )
    response = HTMLResponse(content, error.status, headers=page.HEADERS)
    response.delete_cookie(COOKIE, path=router.prefix)
    return response
