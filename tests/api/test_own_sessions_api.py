from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from tests.api.conftest import PASSWORD

if TYPE_CHECKING:
    from tests.api.conftest import World


async def browser(world: World, name: str) -> httpx.AsyncClient:
    """A browser of its own, signed in; it sends the token that a page would."""
    http = httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url="http://kaido")
    answer = await http.post("/v1/session", json={"company": "a", "name": name, "password": PASSWORD})
    http.headers["Kaido-CSRF"] = answer.json()["csrf"]
    return http


async def test_one_sees_where_one_is_signed_in_and_signs_out_everywhere_else(world: World) -> None:
    for name in ("hanako", "jiro"):
        world.services.users.create("a", name, "viewer", PASSWORD)
    here, there, other = [await browser(world, name) for name in ("hanako", "hanako", "jiro")]
    found = (await there.get("/v1/session/browsers")).json()["items"]
    assert [one["is_this"] for one in found] == [True, False]
    assert found[0]["since"] > found[1]["since"]
    assert [one["is_this"] for one in (await here.get("/v1/session/browsers")).json()["items"]] == [False, True]
    assert (await here.delete("/v1/session/browsers", headers={"Kaido-CSRF": "garbage"})).status_code == 403
    assert (await here.delete("/v1/session/browsers")).json() == {"ended": 1}
    assert [http.status_code for http in [await one.get("/v1/session") for one in (here, there, other)]] == [
        200,
        401,
        200,
    ]
    assert (await here.delete("/v1/session/browsers")).json() == {"ended": 0}
    newest = (await world.a.ask("GET", "/audit", params={"who": "hanako"}))["items"][1]
    assert (newest["what"], newest["details"]["ended"]) == ("session-end-others", 1)
    for one in (here, there, other):
        await one.aclose()


async def test_a_token_is_signed_in_nowhere(world: World) -> None:
    for method in ("GET", "DELETE"):
        problem = await world.a.ask(method, "/session/browsers", status=403)
        assert problem["error"] == "forbidden"
