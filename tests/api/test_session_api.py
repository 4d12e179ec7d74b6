"""Signing in and out over the API, and what a session is good for."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, text

from kaido.api.app import create_app
from kaido.api.services import Services
from kaido.runtime import clock
from kaido.runtime.settings import load
from kaido.store.tables import AuditRow, WebSessionRow
from tests.api.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.api.conftest import World


def rows(world: World) -> list[tuple[str | None, str, str, dict[str, Any]]]:
    with world.services.store.reading() as session:
        found = session.scalars(select(AuditRow).where(AuditRow.what.startswith("session-")).order_by(AuditRow.id))
        return [(row.company, row.who, row.what, row.details) for row in found]


def sessions(world: World) -> int:
    with world.services.store.reading() as session:
        return session.scalar(select(func.count()).select_from(WebSessionRow)) or 0


async def enter(world: World, name: str, password: str, company: str | None = "a") -> httpx.Response:
    world.nobody.http.cookies.clear()
    wish = {"company": company, "name": name, "password": password}
    headers = {"Content-Type": "application/json"}
    return await world.nobody.http.post("/v1/session", content=json.dumps(wish), headers=headers)


async def test_in_and_out(world: World) -> None:
    world.services.users.create("a", "hanako", "engineer", PASSWORD)
    response = await enter(world, " Hanako", PASSWORD)  # phones begin with a capital
    assert response.status_code == 200, response.text
    shown = response.json()
    assert (shown["company"], shown["name"], shown["role"]) == ("a", "hanako", "engineer")
    assert shown["scopes"] == ["read", "write"]
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("kaido_session=kaido_")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert response.headers["cache-control"] == "no-store"
    http = world.nobody.http  # it keeps the cookie, as a browser does
    assert (await http.get("/v1/session")).json() == shown
    made = await http.post("/v1/vehicles", json={"id": "car-1"}, headers={"Kaido-CSRF": shown["csrf"]})
    assert made.status_code == 201
    assert (await http.get("/v1/users")).json()["fix"] == "Ask an administrator for the role administrator"
    secret = http.cookies["kaido_session"]
    response = await http.delete("/v1/session", headers={"Kaido-CSRF": shown["csrf"]})
    assert response.status_code == 204
    assert not http.cookies
    assert sessions(world) == 0
    assert (await http.get("/v1/session", headers={"Cookie": f"kaido_session={secret}"})).status_code == 401
    assert [what for _, who, what, _ in rows(world) if who == "hanako"] == ["session-sign-in", "session-sign-out"]
    assert PASSWORD not in str(rows(world))


async def test_over_tls_the_cookie_is_for_tls_alone(world: World) -> None:
    world.services.users.create("a", "hanako", "viewer", PASSWORD)
    transport = httpx.ASGITransport(world.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://fleet.example") as http:
        wish = {"company": "a", "name": "hanako", "password": PASSWORD}
        own = {"Origin": "https://fleet.example"}
        response = await http.post("/v1/session", json=wish, headers=own)
        assert "Secure" in response.headers["set-cookie"].split("; ")
        for origin in ("https://evil.example", "null", "https://[", "https://fleet.example.evil.example"):
            refused = await http.post("/v1/session", json=wish, headers={"Origin": origin})
            assert refused.status_code == 403, origin


async def test_who_may_not_enter_learns_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not from the text, and not from the time: each costs one hash."""
    world.services.users.create("a", "hanako", "viewer", PASSWORD)
    world.services.proofs.with_subject("a", "https://id.example 1", "jiro", "viewer")
    verify, costs = PasswordHasher.verify, []

    def counted(self: PasswordHasher, *what: Any) -> Any:
        costs.append(1)
        return verify(self, *what)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    tries = [
        ("hanako", "a", "wrong" + PASSWORD),
        ("nobody", "a", PASSWORD),
        ("jiro", "a", PASSWORD),  # has no password: a provider says who it is
        ("hanako", "b", PASSWORD),
        ("hanako", "no-such", PASSWORD),
        ("hanako", None, PASSWORD),  # there are two companies, which it does not say
        ("a\0", "a\0", "\0"),
    ]
    texts = set()
    for name, company, password in tries:
        response = await enter(world, name, password, company)
        assert response.status_code == 401, name
        assert "set-cookie" not in response.headers
        texts.add(response.text)
    assert len(texts) == 1
    assert len(costs) == len(tries)
    recorded = rows(world)
    assert {what for _, _, what, _ in recorded} == {"session-sign-in-failed"}
    assert [(company, who, details["why"]) for company, who, _, details in recorded][:3] == [
        ("a", "hanako", "wrong password"),
        (None, "unknown", "no such user"),  # what was typed may be a password in the wrong place
        ("a", "jiro", "wrong password"),
    ]
    assert PASSWORD not in str(recorded)
    assert (await enter(world, "\ud800", PASSWORD)).status_code == 422  # no text at all


async def test_a_company_need_not_be_named_where_there_is_one(tmp_path: Path) -> None:
    app = create_app(load(data=tmp_path))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kaido") as http,
    ):
        services = Services.of(app)
        services.companies.create("acme")
        services.users.create("acme", "hanako", "viewer", PASSWORD)
        response = await http.post("/v1/session", json={"name": "hanako", "password": PASSWORD})
        assert response.json()["company"] == "acme"


async def test_guessing_is_slow(world: World) -> None:
    user = world.services.users.create("a", "hanako", "viewer", PASSWORD)
    for _ in range(10):
        world.services.attempts.take(user.id, "192.0.2.7")
    response = await enter(world, "hanako", PASSWORD)  # even with the right one
    assert response.status_code == 429
    assert 1 <= int(response.headers["retry-after"]) <= 30
    assert response.json()["error"] == "too_many"
    assert (await enter(world, "jiro", PASSWORD)).status_code == 401, "another user is not concerned"
    for _ in range(31):
        world.services.attempts._addresses.take("127.0.0.1")
    assert (await enter(world, "jiro", PASSWORD)).status_code == 429, "but the address is"
    assert len([row for row in rows(world) if row[2] == "session-sign-in-failed"]) == 1, "floods fill no audit"


async def test_success_spends_no_attempt(world: World) -> None:
    user = world.services.users.create("a", "hanako", "viewer", PASSWORD)
    for _ in range(9):
        world.services.attempts.take(user.id, "192.0.2.7")
    for _ in range(2):
        assert (await enter(world, "hanako", PASSWORD)).status_code == 200


async def test_a_new_password_ends_every_session_and_begins_one(world: World) -> None:
    one = world.browser("a", "hanako", "viewer")
    other, _ = world.services.web_sessions.begin(world.services.users.get("a", "hanako").id)
    wrong = {"password": {"old": "x" + PASSWORD, "new": "tanabata-paper-wish-7"}}
    assert (await one.ask("PATCH", "/session", json=wrong, status=403))["why"] == "the old one is wrong"
    weak = {"password": {"old": PASSWORD, "new": "hanako123456"}}
    assert (await one.ask("PATCH", "/session", json=weak, status=422))["why"] == "it is the user's name"
    right = {"password": {"old": PASSWORD, "new": "tanabata-paper-wish-7"}}
    response = await one.raw("PATCH", "/session", json=right)
    assert response.status_code == 200
    world.nobody.http.cookies.clear()
    await one.ask("GET", "/session", status=401)
    one.secret, one.csrf = response.cookies["kaido_session"], response.json()["csrf"]
    await one.ask("GET", "/session")
    one.secret = other
    await one.ask("GET", "/session", status=401)
    assert (await enter(world, "hanako", PASSWORD)).status_code == 401
    assert (await enter(world, "hanako", "tanabata-paper-wish-7")).status_code == 200
    assert "tanabata" not in str(rows(world))


async def test_no_error_says_a_password(world: World) -> None:
    browser = world.browser("a", "hanako", "viewer")
    for wish in ({"password": {"old": "zebra", "new": ["zebra"]}}, {"password": "zebra"}):
        assert "zebra" not in (await browser.raw("PATCH", "/session", json=wish)).text
    for password in ("zebra" * 300, ["zebra"], {"zebra": 1}):
        response = await world.nobody.http.post("/v1/session", json={"name": "x", "password": password})
        assert response.status_code == 422
        assert "zebra" not in response.text


async def test_preferences(world: World) -> None:
    browser = world.browser("a", "hanako", "viewer")
    chosen = {"market": "JP", "zone": "Asia/Tokyo", "theme": "dark"}
    shown = await browser.ask("PATCH", "/session", json={"preferences": chosen})
    assert shown["preferences"] == chosen
    shown = await browser.ask("PATCH", "/session", json={"preferences": {"zone": None}})
    assert shown["preferences"] == {**chosen, "zone": None}
    assert (await browser.ask("GET", "/session"))["preferences"] == shown["preferences"]
    for wrong in ({"market": "Atlantis"}, {"zone": "Mars/Olympus"}, {"zone": "../etc"}, {"theme": "red"}, {"x": "y"}):
        await browser.ask("PATCH", "/session", json={"preferences": wrong}, status=422)


async def test_a_token_may_ask_who_it_is_and_has_no_session(world: World) -> None:
    shown = await world.a.ask("GET", "/session")
    assert (shown["name"], shown["company"], shown["role"], shown["csrf"]) == ("all-a", "a", None, None)
    problem = await world.a.ask("DELETE", "/session", status=403)
    assert problem["what"] == "the token 'all-a' has no session"


@pytest.mark.parametrize("column", ["expires", "last_used"])
async def test_a_session_ends_by_itself_and_is_forgotten(world: World, column: str) -> None:
    browser = world.browser("a", "hanako", "viewer")
    with world.services.store.session() as session:
        row = session.scalars(select(WebSessionRow)).one()
        setattr(row, column, clock.now() - timedelta(minutes=61))
    problem = await browser.ask("GET", "/session", status=401)
    assert problem["what"] == "your session has ended"
    assert sessions(world) == 0


@pytest.fixture
async def lost_audit(world: World) -> AsyncIterator[None]:
    world.services.users.create("a", "hanako", "viewer", PASSWORD)
    with world.services.store.session() as session:
        session.execute(text("ALTER TABLE audit RENAME TO lost"))
    yield
    with world.services.store.session() as session:
        session.execute(text("ALTER TABLE lost RENAME TO audit"))


@pytest.mark.usefixtures("lost_audit")
async def test_nobody_enters_unrecorded(world: World) -> None:
    response = await enter(world, "hanako", PASSWORD)
    assert response.status_code == 503
    assert "set-cookie" not in response.headers
