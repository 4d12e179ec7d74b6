"""Tokens on every route of the API, found by asking the application: a new route is tested without anyone remembering.

A route that is open, or that reads by POST, has to be named here; all others refuse.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from kaido.api import guard
from kaido.api.worker import _Server
from kaido.runtime import clock
from kaido.store.tables import TokenRow
from tests.api.conftest import Caller
from tests.security.company_b import B_HAS, SECRET, full, of_b
from tests.security.routes import Route, all_routes, body, form, query

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI

    from tests.api.conftest import World

__all__ = ["B_HAS", "SECRET", "full", "of_b"]  # tests/security/test_every_route_by_cookie.py asks the same

OPEN = {"GET /v1/health", "GET /openapi.json", "GET /docs"}
OPEN_PAGES = {
    "GET /",
    "GET /assets",
    "GET /login",
    "POST /login",
    "GET /login/oidc",
    "GET /login/oidc/callback",
    "GET /vehicles",
    "GET /vehicles/{vehicle}/trips/{id}",
}
READS_BY_POST = {
    "POST /v1/sql",
    "POST /v1/campaigns/check",
    "POST /v1/campaigns/read",
    "POST /v1/campaigns/estimate",
    "POST /v1/campaign-rehearsals/estimate",
    "POST /v1/vehicles/{id}/range",
    "POST /v1/plans",
    "POST /v1/tariffs/check",
    "POST /v1/tariffs/{name}/cost",
}
OPERATORS = {"GET /metrics", "POST /v1/companies"}
SIGN_IN = "POST /v1/session"
"""Takes a name and a password, and no token: tests/api/test_session_api.py, tests/console/test_borders.py."""
ABOUT_THE_CALLER = {"GET /v1/companies", "GET /v1/companies/{name}", "GET /v1/session", *OPERATORS}
"""Routes that act for no company that could be named."""

NOTHING_THERE = {403, 404, 503}
"""503 is the twin's: it is asked over NATS, which does not run here. tests/twin and tests/ingest ask it."""


def guarded(app: FastAPI) -> list[Route]:
    """The API's routes. Pages know sessions alone; tests/console/test_borders.py asks them the same."""
    api = [route for route in all_routes(app) if route.of_the_api]
    return [route for route in api if str(route) not in {*OPEN, SIGN_IN} and route.method != "WEBSOCKET"]


async def ask(app: FastAPI, caller: Caller, route: Route, path: str | None = None, **how: Any) -> Any:
    headers = {"Authorization": f"Bearer {caller.secret}"} if caller.secret else {}
    return await caller.http.request(
        route.method,
        path or route.filled("car-1"),
        headers=headers | how.pop("headers", {}),
        params=query(app, route) | how.pop("params", {}),
        json=body(app, route),
        **how,
    )


def age(world: World, secret: str) -> str:
    """Let a token have ended a second ago."""
    with world.services.store.session() as session:
        row = session.query(TokenRow).order_by(TokenRow.created.desc()).first()
        assert row is not None
        row.expires = clock.now()
    return secret


async def test_the_application_is_seen_as_a_whole(app: FastAPI) -> None:
    found = {str(route) for route in all_routes(app)}
    documented = {f"{m.upper()} {path}" for path, methods in app.openapi()["paths"].items() for m in methods}
    assert documented <= found
    assert {*OPEN, *OPEN_PAGES, *READS_BY_POST, *OPERATORS, "WEBSOCKET /v1/live"} <= found
    assert not any(path.startswith(("/login", "/logout", "/assets")) for path in app.openapi()["paths"])
    assert len(found) > 40


async def test_without_a_token_that_counts_nothing_is_told(app: FastAPI, world: World) -> None:
    tokens = world.services.tokens
    revoked = tokens.create("a", "revoked", ["read", "write", "admin"])
    tokens.revoke(next(one.id for one in tokens.list("a") if one.name == "revoked"))
    expired = tokens.create("a", "expired", ["read", "write", "admin"])
    age(world, expired)
    real = world.a.secret
    for secret in ("", "garbage", "kaido_" + "x" * 43, real[:-1], real + "x", real.upper(), revoked, expired):
        caller = Caller(world.nobody.http, secret)
        for route in guarded(app):
            response = await ask(app, caller, route)
            assert response.status_code == 401, f"{route} with {secret[:9]}: {response.text}"
            assert response.headers["www-authenticate"] == "Bearer", route
            assert response.json()["error"] == "unauthenticated", route


async def test_without_a_session_a_page_leads_to_the_sign_in(app: FastAPI, full: World) -> None:
    """Also with a token: a page has no use for one."""
    asked = 0
    for route in all_routes(app):
        if route.of_the_api or str(route) in OPEN_PAGES:
            continue
        data = form(app, route)
        for path in {route.filled("car-1"), of_b(route)}:
            for headers in ({}, {"Authorization": f"Bearer {full.b.secret}"}, {"Cookie": "kaido_session=garbage"}):
                response = await full.nobody.http.request(route.method, path, headers=headers, data=data)
                assert response.status_code == 303, f"{route}: {response.status_code} {response.text}"
                assert response.headers["location"].split("?")[0] == "/login", route
                assert SECRET not in response.text
        asked += 1
    assert asked


async def test_open_routes_tell_no_secret(app: FastAPI, full: World) -> None:
    for route in all_routes(app):
        if str(route) in OPEN:
            response = await full.nobody.http.request(route.method, route.path)
            assert response.status_code == 200
            assert SECRET not in response.text


async def test_a_reader_changes_nothing(app: FastAPI, full: World) -> None:
    reader = full.caller("a", "read")
    for route in guarded(app):
        if route.method != "GET" and str(route) not in READS_BY_POST:
            response = await ask(app, reader, route)
            assert response.status_code == 403, f"{route}: {response.text}"


async def test_who_may_not_read_sees_nothing(app: FastAPI, full: World) -> None:
    writer = full.caller("a", "write", "admin")
    for route in guarded(app):
        if route.method == "GET" or str(route) in READS_BY_POST:
            response = await ask(app, writer, route)
            allowed = response.status_code == 200 and route.path in {"/v1/tokens", "/v1/users", "/v1/session"}
            allowed |= response.status_code == 404 and route.path == "/v1/users/{name}"  # who administers users
            assert response.status_code == 403 or allowed, f"{route}: {response.text}"


async def test_the_operator_s_routes_are_for_the_operator(app: FastAPI, full: World) -> None:
    for route in guarded(app):
        if str(route) in OPERATORS:
            assert (await ask(app, full.a, route)).status_code == 403, route


@pytest.mark.parametrize("where", [{"headers": {"Kaido-Company": "b"}}, {"params": {"company": "b"}}], ids=str)
async def test_no_token_acts_for_another_company(app: FastAPI, full: World, where: dict[str, Any]) -> None:
    for route in guarded(app):
        if str(route) not in ABOUT_THE_CALLER:
            response = await ask(app, full.a, route, of_b(route), **where)
            assert response.status_code == 403, f"{route}: {response.text}"
            assert SECRET not in response.text.replace(of_b(route), ""), route


async def test_what_another_company_has_is_not_there(app: FastAPI, full: World) -> None:
    """Named exactly, with every right in one's own company."""
    before = await everything_of_b(app, full)
    tried = 0
    for route in guarded(app):
        if not route.parameters:
            continue
        path = of_b(route)
        response = await ask(app, full.a, route, path)
        assert response.status_code in NOTHING_THERE, f"{route}: {response.status_code} {response.text}"
        told = response.text
        for asked in (path.rsplit("/", 2)[-1], path.rsplit("/", 2)[-2], *B_HAS.values()):
            told = told.replace(asked, "")
        assert SECRET not in told, f"{route}: {response.text}"
        tried += 1
    assert tried >= 13
    assert await everything_of_b(app, full) == before


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "../../secrets/b/ca.key",
        "..\\b",
        ".git",
        "%",
        "a\0b",
        "a\nb",
        "*",
        "$SYS",
        "#",
        "+",
        "b/../b",
        "x" * 5_000,
    ],
)
async def test_names_lead_nowhere(app: FastAPI, full: World, name: str) -> None:
    """In every place of a path, and as the company."""
    plain = {route.path for route in guarded(app) if not route.parameters}
    for route in guarded(app):
        if route.parameters:
            response = await ask(app, full.a, route, route.filled(quote(name, safe="")))
            if response.url.path in plain:
                continue  # the client itself took `..` and what is before it away: this is another route
            assert response.status_code in {*NOTHING_THERE, 405, 422}, (
                f"{route}: {response.status_code} {response.text}"
            )
        if str(route) not in ABOUT_THE_CALLER:
            response = await ask(app, full.operator, route, params={"company": name})
            assert response.status_code in {*NOTHING_THERE, 422}, f"{route}: {response.status_code} {response.text}"
            assert SECRET not in response.text, route


async def test_a_stranger_s_large_body_is_not_taken(app: FastAPI, world: World) -> None:
    """FastAPI reads a body before it asks who sent it: so that is asked first."""
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(1_000):
            taken += 1
            yield bytes(1_000)

    for route in guarded(app):
        if route.method in {"GET", "DELETE"}:
            continue
        for content in (bytes(guard.UNPROVEN_BYTES + 1), endless()):
            response = await world.nobody.http.request(route.method, route.filled("car-1"), content=content)
            assert response.status_code == 401, f"{route}: {response.text}"
    assert taken == 0


async def test_whatever_its_content_type_says_a_body_in_memory_is_bounded(
    app: FastAPI, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "JSON_BYTES", 10_000)
    for route in guarded(app):
        if route.method in {"GET", "DELETE"} or route.path in guard.STREAMED:
            continue
        for kind in ("application/json", "text/plain", "application/octet-stream", ""):
            headers = {"Authorization": f"Bearer {world.a.secret}", "Content-Type": kind}
            response = await world.nobody.http.request(
                route.method, route.filled("car-1"), content=bytes(20_000), headers=headers
            )
            assert response.status_code == 413, f"{route}, {kind}: {response.text}"


async def test_sockets_ask_for_the_same(app: FastAPI, world: World) -> None:
    tokens = world.services.tokens
    revoked = tokens.create("a", "revoked", ["read"])
    tokens.revoke(next(one.id for one in tokens.list("a") if one.name == "revoked"))
    writer = world.caller("a", "write", "admin").secret
    wrong = [("", 401), ("garbage", 401), (revoked, 401), (age(world, tokens.create("a", "old", ["read"])), 401)]
    sockets = [route for route in all_routes(app) if route.method == "WEBSOCKET"]
    assert sockets
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = _Server(uvicorn.Config(app, lifespan="off", log_config=None))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        base = f"ws://127.0.0.1:{listener.getsockname()[1]}"
        for route in sockets:
            url = base + route.filled("car-1")
            for secret, status in [*wrong, (writer, 403)]:
                for how in ({"additional_headers": {"Authorization": f"Bearer {secret}"}}, {}):
                    with pytest.raises(InvalidStatus) as refused:
                        await connect(url if how else f"{url}?token={secret}", **how)  # type: ignore[arg-type]  # a dict
                    assert refused.value.response.status_code == status, route
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{url}?token={world.a.secret}&company=b")
            assert refused.value.response.status_code == 403, route
        server.should_exit = True
        await asyncio.wait_for(serving, 30)


async def everything_of_b(app: FastAPI, full: World) -> str:
    """What b sees of itself, but for what grows by looking."""
    seen = []
    for route in guarded(app):
        if route.method == "GET" and str(route) not in OPERATORS and not route.path.endswith(("/audit", "/status")):
            response = await ask(app, full.b, route, of_b(route), params={"limit": "100"})
            text = json.dumps(response.json(), sort_keys=True) if response.content else ""
            text = re.sub(r'"(start|end)": "[^"]*"', "", text)  # of the last day, say
            seen.append(f"{route} {response.status_code} {text if 'tokens' not in route.path else len(text)}")
    return "\n".join(seen)
