"""Signing in at an OIDC provider, from the console's link to a session and back, against a real one."""

from __future__ import annotations

import base64
import json
import re
import sys
from contextlib import asynccontextmanager
from html import escape, unescape
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from kaido.api import oidc_claims, oidc_provider
from kaido.api.app import create_app
from kaido.api.oidc import local
from kaido.api.services import Services
from kaido.company import ROLES, names
from kaido.errors import ForbiddenError, InvalidInputError, UnavailableError
from kaido.runtime.settings import load
from kaido.store.tables import AuditRow
from tests.oidc.conftest import CLIENT, HOST, Person

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Browser:
    """One browser at both places: the console, and the provider."""

    def __init__(self, kaido: httpx.AsyncClient, services: Services, person: Person) -> None:
        self.kaido = kaido
        self.services = services
        self.person = person

    async def leave(self, next_: str = "") -> str:
        response = await self.kaido.get("/login/oidc", params={"next": next_})
        assert response.status_code == 303, response.text
        return response.headers["location"]

    async def enter(self, account: str, next_: str = "") -> httpx.Response:
        self.person.http.cookies.clear()  # the provider forgets who was here
        back = await self.person.enter(await self.leave(next_), account)
        return await self.kaido.get(back)

    async def sign_out(self, csrf: str = "") -> httpx.Response:
        token = csrf or (await self.kaido.get("/v1/session")).json()["csrf"]
        return await self.kaido.post("/logout", data={"csrf": token})

    async def signs_in_silently(self) -> bool:
        """Whether the provider lets this browser in without asking who it is."""
        there = httpx.URL(await self.leave()).copy_set_param("prompt", "none")
        return "code" in (await self.person.http.get(there)).headers["location"]

    def carried(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(base64.urlsafe_b64decode(self.kaido.cookies["kaido_oidc"]))
        return found

    def carry(self, **changed: str) -> None:
        content = base64.urlsafe_b64encode(json.dumps(self.carried() | changed).encode()).decode()
        self.kaido.cookies.delete("kaido_oidc")
        self.kaido.cookies.set("kaido_oidc", content, domain="kaido.local", path="/login/oidc")

    def audit(self) -> list[tuple[str, str, dict[str, Any]]]:
        with self.services.store.reading() as session:
            return [(r.who, r.what, r.details) for r in session.scalars(select(AuditRow).order_by(AuditRow.id))]


@asynccontextmanager
async def browsing(folder: Path, issuer: str, **settings: Any) -> AsyncIterator[Browser]:
    known = {"oidc_client_id": CLIENT["client_id"], "oidc_client_secret": CLIENT["client_secret"]}
    app = create_app(load(data=folder, oidc_issuer=issuer, oidc_company="acme", **known, **settings))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST) as kaido,
        httpx.AsyncClient(timeout=60) as http,
    ):
        services = Services.of(app)
        services.companies.create("acme")
        yield Browser(kaido, services, Person(http))


@pytest.fixture
async def browser(tmp_path: Path, provider: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Browser]:
    monkeypatch.setattr(oidc_provider, "SECONDS", 60.0)  # a busy machine is no error
    async with browsing(tmp_path, provider) as made:
        yield made


async def test_in_by_the_provider(browser: Browser) -> None:
    response = await browser.enter("1", "/vehicles/car-1?tab=trips")
    assert response.status_code == 303, response.text
    assert response.headers["location"] == "/vehicles/car-1?tab=trips"
    shown = (await browser.kaido.get("/v1/session")).json()
    assert (shown["company"], shown["name"], shown["role"]) == ("acme", "hanako", "engineer")
    assert "kaido_oidc" not in browser.kaido.cookies
    user = browser.services.users.get("acme", "hanako")
    assert user.by_oidc
    (row,) = browser.audit()
    assert row[:2] == ("hanako", "session-sign-in")
    assert (row[2]["by"], row[2]["user"]) == ("oidc", user.id)
    await browser.enter("1")  # the second time it is the same user
    assert [one.id for one in browser.services.users.list("acme")] == [user.id]
    browser.services.users.change("acme", "hanako", disabled=True)
    refused = await browser.enter("1")
    assert (refused.status_code, "is disabled" in refused.text) == (403, True)


async def test_out_at_the_provider_too(browser: Browser) -> None:
    await browser.enter("1")
    assert (await browser.sign_out(csrf="made-up")).status_code == 403
    page = await browser.sign_out()
    there = unescape(re.findall(r'http-equiv="refresh" content="0;url=([^"]*)"', page.text)[0])
    assert page.text.count(escape(there)) == 2, "a link says the same"
    assert (await browser.kaido.get("/v1/session")).status_code == 401
    assert "kaido_oidc_hint" not in browser.kaido.cookies
    asked = dict(httpx.URL(there).params)
    assert (asked["client_id"], asked["post_logout_redirect_uri"]) == ("kaido", f"{HOST}/login")
    assert (await browser.signs_in_silently()) is True, "it knows the browser still"
    assert await browser.person.leave(there) == httpx.URL(f"{HOST}/login")
    assert (await browser.signs_in_silently()) is False


async def test_out_of_kaido_alone(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the provider was not asked who it is, knows of no such thing, or is away."""
    user = browser.services.users.create("acme", "jiro", "viewer", "koi-pond-lantern-74")
    await browser.enter("1")
    form = {"name": user.name, "password": "koi-pond-lantern-74"}
    assert (await browser.kaido.post("/login", data=form)).status_code == 303
    assert (await browser.sign_out()).headers["location"] == "/login"
    whole = oidc_provider.Provider._metadata

    def away(*_: Any) -> None:
        raise httpx.ConnectError("nobody is there")

    for metadata, location in (
        (lambda *asked: whole(*asked) | {"end_session_endpoint": None}, "/login"),
        (away, None),
    ):
        await browser.enter("1")
        monkeypatch.setattr(oidc_provider.Provider, "_metadata", metadata)
        page = await browser.sign_out()
        assert page.headers.get("location") == location
        assert ("You may still be signed in" in page.text) == (location is None)
        assert (await browser.kaido.get("/v1/session")).status_code == 401
        monkeypatch.setattr(oidc_provider.Provider, "_metadata", whole)


async def test_without_a_role_nobody_enters(browser: Browser) -> None:
    response = await browser.enter("2")
    assert response.status_code == 403
    assert response.headers["content-type"].startswith("text/html")
    assert "you have no role here" in response.text
    assert "guests" in response.text
    assert (await browser.kaido.get("/v1/session")).status_code == 401
    assert browser.services.users.list("acme") == []
    assert [row[:2] for row in browser.audit()] == [("jiro", "session-sign-in-failed")]


async def test_a_name_that_is_taken_is_not_taken_over(browser: Browser) -> None:
    browser.services.users.create("acme", "taken", "viewer", "koi-pond-lantern-74")
    response = await browser.enter("4")
    assert (response.status_code, "another user" in response.text) == (409, True)
    assert browser.services.users.get("acme", "taken").role == "viewer"
    await browser.enter("3")  # its first name cannot be one here, so it has the next
    assert browser.services.users.get("acme", "saburo@example.com").role == "operator"


async def test_the_way_back_belongs_to_the_browser_that_left(browser: Browser) -> None:
    back = await browser.person.enter(await browser.leave(), "1")
    kept = browser.kaido.cookies["kaido_oidc"]
    browser.kaido.cookies.clear()
    stranger = await browser.kaido.get(back)  # a link with somebody's code, sent to somebody else
    assert (stranger.status_code, "began here" in stranger.text) == (403, True)
    browser.kaido.cookies.set("kaido_oidc", kept, domain="kaido.local", path="/login/oidc")
    wrong = back.copy_set_param("state", "made-up")
    assert (await browser.kaido.get(wrong)).status_code == 403
    browser.kaido.cookies.set("kaido_oidc", kept, domain="kaido.local", path="/login/oidc")
    assert (await browser.kaido.get(back)).status_code == 303
    browser.kaido.cookies.set("kaido_oidc", kept, domain="kaido.local", path="/login/oidc")
    again = await browser.kaido.get(back)  # a code is good once
    assert (again.status_code, "does not vouch" in again.text) == (403, True)


@pytest.mark.parametrize("part", ["nonce", "verifier"])
async def test_what_was_asked_is_what_is_answered(browser: Browser, part: str) -> None:
    """Another nonce: the ID token is of another sign-in. Another verifier: the code is somebody else's (PKCE)."""
    back = await browser.person.enter(await browser.leave(), "1")
    browser.carry(**{part: "x" * 43})
    response = await browser.kaido.get(back)
    assert (response.status_code, "does not vouch" in response.text) == (403, True), response.text
    assert browser.services.users.list("acme") == []


async def test_a_provider_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    async with browsing(tmp_path, "http://127.0.0.1:9") as browser:
        response = await browser.kaido.get("/login/oidc")
        assert response.status_code == 503
        assert "could not be asked" in response.text
        refused = await browser.kaido.get("/login/oidc/callback", params={"error": "<script>", "state": "x"})
        assert refused.status_code == 403
        assert "<script>" not in refused.text
        for _ in range(40):
            last = await browser.kaido.get("/login/oidc/callback", params={"state": "x", "code": "y"})
        assert last.status_code == 429


async def test_where_none_is_set_up_that_is_said(tmp_path: Path) -> None:
    async with browsing(tmp_path, "") as browser:
        response = await browser.kaido.get("/login/oidc")
        assert (response.status_code, "no OIDC provider" in response.text) == (404, True)


def test_the_api_does_not_start_half_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = {"data": tmp_path, "oidc_issuer": "https://id.example", "oidc_client_id": "kaido"}
    with pytest.raises(InvalidInputError, match="KAIDO_OIDC_COMPANY is missing"):
        create_app(load(**some))
    monkeypatch.setitem(sys.modules, "authlib", None)
    with pytest.raises(UnavailableError, match=r"pip install 'kaido\[oidc\]'"):
        create_app(load(**some, oidc_company="acme"))


@given(path=st.text() | st.from_regex(r"\A[/\\]{0,3}\t?[a-z.:@]{0,9}[/\\]?[a-z]{0,5}\Z"))
def test_no_redirect_leads_elsewhere(path: str) -> None:
    there = local(path)
    assert httpx.URL("https://fleet.example").join(there).host == "fleet.example"
    assert there.startswith("/")
    assert not there.startswith(("//", "/\\"))
    assert there.isprintable()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from(list(ROLES)),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "roles"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(claims=st.dictionaries(st.sampled_from(["a", "a.b", "roles"]), JSON), claim=st.sampled_from(["roles", "a.b"]))
def test_a_role_is_one_that_was_named(claims: dict[str, Any], claim: str) -> None:
    try:
        role = oidc_claims.role(claims, claim)
    except ForbiddenError:
        role = ""
    assert not role or f'"{role}"' in json.dumps(claims)


def test_the_strongest_role_counts_wherever_it_lies() -> None:
    assert oidc_claims.role({"groups": ["viewer", "operator", "engineer"]}, "groups") == "operator"
    assert oidc_claims.role({"realm_access": {"roles": ["administrator"]}}, "realm_access.roles") == "administrator"
    assert oidc_claims.role({"https://x.example/roles": "viewer"}, "https://x.example/roles") == "viewer"


@given(claims=st.fixed_dictionaries({"iss": st.text(), "sub": st.text()}, optional={"email": st.text()}))
def test_everybody_has_a_name(claims: dict[str, Any]) -> None:
    assert names.is_user(oidc_claims.name(claims))
