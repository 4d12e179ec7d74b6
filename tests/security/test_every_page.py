"""Every page of the console: nothing of another company, no change without its proof, no more than the role allows.

The pages are those that the application has: a new one is asked without anyone remembering. tests/console looks at them
in a browser.
"""

from __future__ import annotations

import re
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kaido.commands import Issuer, Order
from kaido.company import ROLES
from kaido.console import safety
from kaido.console.page import NAVIGATION
from kaido.wire import kaido_wire_pb2 as pb
from tests.security.company_b import B_HAS, SECRET, full, of_b
from tests.security.routes import Route, all_routes, form, texts
from tests.security.test_every_route import NOTHING_THERE, OPEN_PAGES, everything_of_b

if TYPE_CHECKING:
    import httpx
    from fastapi import FastAPI

    from tests.api.conftest import Browser, World

__all__ = ["full"]

NOBODY = "qebra"
"""As near to the names of company a as company b's are: of those, errors name the nearest."""
TEMPLATES = Path(safety.__file__).parent / "templates"

NEEDS = {
    "/users": "admin",
    "/tokens": "admin",
    "/operations": "write",
    "/campaigns": "write",
    "/commands": "command",
    "/account": "read",
    "/logout": "read",
}
"""What a change takes, by the beginning of its page's path."""
OTHERWISE = {
    "POST /campaigns/-/check": "read",
    "POST /campaigns/-/estimate": "read",
    "POST /commands/-/policy": "admin",
}
"""Changes that take another scope than those beside them, and what does not change anything (``read``)."""
FORMS = {"text": "name: car-1\nsignals: [Vehicle.Speed]\nperiod: 1s"}
"""Fields that are not required, but without which a page goes no further."""
SHOWN_AGAIN = {
    "POST /campaigns/-/check",
    "POST /campaigns/-/estimate",
    "POST /campaigns/-/new",
    "POST /campaigns/{campaign}/edit",
    "POST /commands/-/new",
    "POST /commands/-/policy",
}
"""Forms that are shown again with what is wrong, and for that look at what was written before the role is asked."""
NOT_NAMES = {"/trips/{id}": "compare"}
"""Where ids are Kaido's own, a page's word cannot be one."""
THERE_IS_NONE = {*NOTHING_THERE, 303}
"""303: some pages lead on without asking whether it is there; where they lead to is asked as well."""


def pages(app: FastAPI) -> list[Route]:
    return [route for route in all_routes(app) if not route.of_the_api and str(route) not in OPEN_PAGES]


def changes(app: FastAPI) -> list[Route]:
    return [route for route in pages(app) if route.method != "GET"]


async def visit(
    app: FastAPI, browser: Browser, route: Route, path: str, *, word: str = "car-1", csrf: str | None = None, **how: str
) -> httpx.Response:
    data = None
    if route.method != "GET":
        data = {**FORMS, **(form(app, route, word) or {}), "csrf": browser.csrf if csrf is None else csrf}
    return await browser.http.request(
        route.method, path, params=how, data=data, headers={"Cookie": f"kaido_session={browser.secret}"}
    )


def told(response: httpx.Response, word: str) -> tuple[int, str, str]:
    """What an answer says, but for the name that it was asked for, and for numbers: ages and times among them."""
    text = re.sub(r"\d+", "#", response.text.replace(word, "NAME"))
    return response.status_code, response.headers.get("location", "").replace(word, "NAME"), text


def tried(route: Route) -> str:
    """The path with a name of nothing, and an action that there is."""
    actions = {"/campaigns": "stop", "/commands": "cancel"}
    names = dict.fromkeys(route.parameters, "jiro") | {"action": actions.get("/" + route.path.split("/")[1], "")}
    return route.filled(names)


async def test_the_pages_are_seen(app: FastAPI) -> None:
    found = {route.path for route in pages(app)}
    assert {path for _, path in NAVIGATION} <= found, "what the navigation leads to is there"
    assert {"/account", "/users", "/tokens", "/audit"} <= found


async def test_no_page_is_where_a_thing_could_be(app: FastAPI) -> None:
    """Names begin with a letter or digit: what is called as a page is must be reached all the same."""
    found = pages(app)
    for one in found:
        place = re.compile(re.sub(r"\{(?!action)\w+\}", r"(\\w[^/]*)", one.path))
        for other in (other for other in found if other.method == one.method and other != one):
            hidden = place.fullmatch(other.path)
            assert hidden is None or hidden[1] == NOT_NAMES.get(one.path), f"{other} hides {one}"


async def test_what_is_named_as_a_page_was_is_reached(full: World) -> None:
    admin = full.browser("b", "hanako", "administrator")
    get = partial(admin.http.get, headers={"Cookie": f"kaido_session={admin.secret}"})
    for old in ("/campaigns/new", "/commands/new", "/commands/policy"):
        answer = await get(f"{old}?vehicle=car-1")
        assert (answer.status_code, answer.headers["location"]) == (
            308,
            f"http://kaido{old.replace('s/', 's/-/')}?vehicle=car-1",
        )
    campaign = {"name": "new", "signals": [f"Vehicle.{SECRET}"], "period": "1s"}
    await full.b.ask("POST", "/campaigns", json=campaign, status=201)
    for name in ("new", "policy"):
        order = Order(SECRET, SECRET, pb.CommandRequest())
        full.services.commands.send("b", Issuer(SECRET, SECRET), [B_HAS["vehicles"]], order, timeout_ms=60_000, id=name)
    for path in ("/campaigns/new", "/commands/new", "/commands/policy"):
        assert (await get(path)).status_code == 200, path


async def test_what_b_has_looks_like_what_nobody_has(app: FastAPI, full: World) -> None:
    """In the path, and in every parameter of it: the same answer, to the letter."""
    admin = full.browser("a", "hanako", "administrator")
    for route in pages(app):
        if route.method != "GET":
            continue
        for parameter in ("", *texts(app, route)):
            answers = []
            for word in (SECRET, NOBODY):
                path = of_b(route).replace(SECRET, word)
                query = {parameter: f"{word}-1" if parameter == "vehicle" else word} if parameter else {}
                answer = await visit(app, admin, route, path, **query)
                asked = f"{route} {query}"
                assert answer.status_code != 500, f"{asked}: {answer.text}"
                if word in path:
                    assert answer.status_code in THERE_IS_NONE | ({422} if parameter else set()), (
                        f"{asked}: {answer.status_code} {answer.text}"
                    )
                answers.append(told(answer, word))
            # The twin is asked over NATS, which does not run here; tests/console/test_borders.py has it.
            if 503 not in {status for status, _, _ in answers}:
                assert answers[0] == answers[1], asked
            assert not any(SECRET in text for _, _, text in answers), asked


async def test_no_change_of_a_page_reaches_b(app: FastAPI, full: World) -> None:
    before = await everything_of_b(app, full)
    admin = full.browser("a", "hanako", "administrator")
    for route in changes(app):
        if route.path == "/logout":
            continue
        answer = await visit(app, admin, route, of_b(route), word=SECRET)
        if SECRET in of_b(route):
            assert answer.status_code in {*NOTHING_THERE, 422}, f"{route}: {answer.status_code} {answer.text}"
    assert await everything_of_b(app, full) == before


async def test_no_page_changes_anything_without_its_proof(app: FastAPI, full: World) -> None:
    admin, other = (full.browser("a", name, "administrator") for name in ("hanako", "jiro"))
    before = full.services.store.revision()
    users = full.services.users.list("a")
    for route in changes(app):
        for csrf in ("", "garbage", other.csrf):
            answer = await visit(app, admin, route, tried(route), csrf=csrf)
            refused = {403, 404} if str(route) in SHOWN_AGAIN else {403}
            assert answer.status_code in refused, f"{route} with {csrf!r}: {answer.status_code} {answer.text}"
    assert full.services.store.revision() == before
    assert full.services.users.list("a") == users
    assert len(full.services.web_sessions.of(admin.secret, users[0].id)) == 1


async def test_a_role_does_what_it_may_and_no_more(app: FastAPI, full: World) -> None:
    for role, scopes in ROLES.items():
        browser = full.browser("a", role, role)
        for route in changes(app):
            begin = "/" + route.path.split("/")[1]
            assert begin in NEEDS, f"{route}: say in NEEDS what it takes"
            needed = OTHERWISE.get(str(route), NEEDS[begin])
            if needed not in scopes:
                before = full.services.store.revision()
                answer = await visit(app, browser, route, tried(route))
                refused = {403, 404, 422} if str(route) in SHOWN_AGAIN else {403}
                assert answer.status_code in refused, f"{role}, {route}: {answer.status_code} {answer.text}"
                assert full.services.store.revision() == before, route


class Inline(HTMLParser):
    """Finds what the policy forbids: scripts and styles in the page itself, and what comes from another host."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            away = name in {"src", "href", "action"} and re.match(r"(\w+:)?//|javascript:", value or "")
            if name == "style" or name.startswith(("on", "hx-on")) or away:
                self.found.append(f"<{tag} {name}={value}>")


async def test_every_page_has_the_policy_and_nothing_that_it_forbids(app: FastAPI, full: World) -> None:
    admin = full.browser("b", "hanako", "administrator")
    for route in [*pages(app), *(route for route in all_routes(app) if str(route) in OPEN_PAGES)]:
        if route.method != "GET":
            continue
        answer = await visit(app, admin, route, of_b(route))
        if route.path.startswith("/login/oidc"):  # says what the provider did, in the manner of /docs
            assert "script" not in answer.headers["content-security-policy"] + answer.text, route
            continue
        assert answer.headers["content-security-policy"] == safety.policy(), route
        assert answer.headers["x-content-type-options"] == "nosniff", route
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert answer.headers["cache-control"] == "no-store", route
            looked = Inline()
            looked.feed(answer.text)
            assert not looked.found, f"{route}: {looked.found}"


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_has_what_the_policy_forbids(template: Path) -> None:
    """Also in the parts that no test above gets to see."""
    looked = Inline()
    looked.feed(re.sub(r"\{%.*?%\}|\{#.*?#\}", "", re.sub(r"\{\{.*?\}\}", "x", template.read_text()), flags=re.DOTALL))
    assert not looked.found
