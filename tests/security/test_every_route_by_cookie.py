"""The cookie of a session on every route of the API: only where its own pages ask, and never across the border.

The routes are those of tests/security/test_every_route.py: a new one is tried without anyone remembering.
"""

from __future__ import annotations

import asyncio
import json
import socket
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from sqlalchemy import select
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from kaido.api.cookies import READING
from kaido.api.worker import _Server
from kaido.company import ROLES
from kaido.runtime import clock
from kaido.store.tables import WebSessionRow
from tests.api.conftest import PASSWORD, Browser
from tests.security.company_b import B_HAS, SECRET, full, of_b
from tests.security.routes import Route, all_routes, body, query
from tests.security.test_every_route import NOTHING_THERE, everything_of_b, guarded

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tests.api.conftest import World

__all__ = ["full"]

ONE_S_OWN_SESSION = "/v1/session"


async def ask(app: FastAPI, browser: Browser, route: Route, path: str | None = None, **how: Any) -> Any:
    path = (path or route.filled("car-1")).removeprefix("/v1")
    if route.path == "/metrics":
        return await browser.http.get("/metrics", headers={"Cookie": f"kaido_session={browser.secret}"})
    return await browser.raw(route.method, path, params=query(app, route), json=body(app, route), **how)


def changing(app: FastAPI) -> list[Route]:
    return [route for route in guarded(app) if route.method not in READING]


async def test_without_the_page_s_proof_nothing_changes(app: FastAPI, full: World) -> None:
    """CSRF: another site's form brings the cookie along, and nothing else that counts."""
    admin = full.browser("a", "hanako", "administrator")
    other = full.browser("a", "jiro", "administrator")
    before = full.services.store.revision()
    wrong: list[dict[str, str]] = [
        {"Kaido-CSRF": admin.csrf.swapcase()},
        {"Kaido-CSRF": other.csrf},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://kaido.evil.example", "Content-Type": "text/plain"},
    ]
    tried = 0
    for number, route in enumerate(changing(app)):
        for headers in ({"Kaido-CSRF": ""}, wrong[number % len(wrong)]):
            response = await ask(app, admin, route, headers=headers)
            assert response.status_code == 403, f"{route} with {headers}: {response.status_code} {response.text}"
            assert "Kaido-CSRF" in response.text or "it comes from" in response.text, response.text
        tried += 1
    assert tried > 30
    assert full.services.store.revision() == before
    assert [one.name for one in full.services.users.list("a")] == ["hanako", "jiro"]


async def test_a_session_of_a_finds_nothing_of_b(app: FastAPI, full: World) -> None:
    """An administrator's, and the exact names of what b has."""
    before = await everything_of_b(app, full)
    admin = full.browser("a", "hanako", "administrator")
    tried = 0
    for route in guarded(app):
        if route.parameters:
            path = of_b(route)
            response = await ask(app, admin, route, path)
            assert response.status_code in NOTHING_THERE, f"{route}: {response.status_code} {response.text}"
            told = response.text
            for asked in (path.rsplit("/", 2)[-1], path.rsplit("/", 2)[-2], *B_HAS.values()):
                told = told.replace(asked, "")
            assert SECRET not in told, f"{route}: {response.text}"
            tried += 1
        elif not route.path.startswith(ONE_S_OWN_SESSION):
            response = await ask(app, admin, route, headers={"Kaido-Company": "b"})
            assert SECRET not in response.text, route
    assert tried > 13
    assert await everything_of_b(app, full) == before


async def test_the_role_decides(app: FastAPI, full: World) -> None:
    """What a viewer may not, an administrator may; what only the platform's operator may, no user may."""
    viewer, admin = (full.browser("a", role, role) for role in ("viewer", "administrator"))
    for route in guarded(app):
        operation = app.openapi()["paths"][route.path].get(route.method.lower(), {})
        if route.path.startswith(ONE_S_OWN_SESSION):
            continue
        response = await ask(app, viewer, route)
        if response.status_code == 403 and "lacks the scope" in response.text:
            assert any(role in response.json()["fix"] for role in ROLES), operation
            response = await ask(app, admin, route)
            assert "lacks the scope" not in response.text, f"{route}: {response.text}"
        if str(route) in {"GET /metrics", "POST /v1/companies"}:
            assert response.status_code == 403, route


async def test_a_cookie_that_does_not_count_tells_nothing(app: FastAPI, world: World) -> None:
    rooms = world.services
    kinds = {}
    for number, kind in enumerate(("good", "ended", "expired", "idle", "disabled", "deleted", "new password")):
        kinds[kind] = world.browser("a", f"user-{number}", "administrator")
    rooms.web_sessions.end(kinds["ended"].secret)
    ids = {user.name: user.id for user in rooms.users.list("a")}
    with rooms.store.session() as session:
        for name, column in (("user-2", "expires"), ("user-3", "last_used")):
            row = session.scalars(select(WebSessionRow).where(WebSessionRow.user == ids[name])).one()
            setattr(row, column, clock.now() - timedelta(hours=1))
    rooms.users.change("a", "user-4", disabled=True)
    rooms.users.delete("a", "user-5")
    rooms.users.change("a", "user-6", password="tanabata-paper-wish-7")
    good = kinds.pop("good")
    kinds["garbage"] = Browser(good.http, "garbage", good.csrf)
    kinds["cut"] = Browser(good.http, good.secret[:-1], good.csrf)
    kinds["a token's"] = Browser(good.http, world.a.secret, good.csrf)
    await good.ask("GET", "/vehicles")
    for number, route in enumerate(guarded(app)):
        kind = list(kinds)[number % len(kinds)]
        response = await ask(app, kinds[kind], route)
        assert response.status_code == 401, f"{route} with {kind}: {response.status_code} {response.text}"
    for kind, browser in kinds.items():
        assert (await browser.raw("GET", "/vehicles")).status_code == 401, kind
    as_token = await good.http.get("/v1/vehicles", headers={"Authorization": f"Bearer {good.secret}"})
    assert as_token.status_code == 401
    assert len(rooms.users.list("a")) == 6


async def link_to(url: str, secret: str, origin: str | None) -> ClientConnection:
    headers = {"Cookie": f"kaido_session={secret}"} | ({"Origin": origin} if origin else {})
    return await connect(url, additional_headers=headers, open_timeout=60)


async def test_sockets_open_to_our_own_pages_alone(app: FastAPI, world: World) -> None:
    """A socket has no CSRF header: what the browser says of its origin has to do. It ends with the session."""
    viewer = world.browser("a", "hanako", "viewer")
    sockets = [route for route in all_routes(app) if route.method == "WEBSOCKET"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = _Server(uvicorn.Config(app, lifespan="off", log_config=None))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        own = f"http://{host}"
        for route in sockets:
            for secret, origin, status in (
                (viewer.secret, None, 403),
                (viewer.secret, "http://evil.example", 403),
                (viewer.secret, "null", 403),
                ("garbage", own, 401),
            ):
                with pytest.raises(InvalidStatus) as refused:
                    await link_to(f"ws://{host}{route.filled('car-1')}", secret, origin)
                assert refused.value.response.status_code == status, route
                assert json.loads(refused.value.response.body or b"")["why" if status == 403 else "what"]
            async with await link_to(f"ws://{host}{route.filled('car-1')}", viewer.secret, own) as link:
                assert link.protocol.handshake_exc is None
        server.should_exit = True
        await asyncio.wait_for(serving, 60)


async def test_a_password_is_nowhere(full: World) -> None:
    """Not in the database, the audit, a list."""
    admin = full.browser("a", "hanako", "administrator")
    await admin.raw("POST", "/users", json={"name": "jiro", "role": "viewer", "password": PASSWORD})
    content = b"".join(file.read_bytes() for file in full.services.settings.data.glob("kaido.db*"))
    assert b"hanako" in content
    assert PASSWORD.encode() not in content
    assert admin.secret.encode() not in content
    for path in ("/users", "/audit", "/session"):
        assert PASSWORD not in (await admin.raw("GET", path)).text
