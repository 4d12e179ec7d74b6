from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from kaido.api.app import create_app
from kaido.runtime.settings import load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.conftest import World


async def test_without_a_token_nothing_is_told(world: World) -> None:
    response = await world.nobody.raw("GET", "/vehicles")
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["error"] == "unauthenticated"
    assert "kaido token create" in response.json()["fix"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic a2FpZG8=", "Bearer é"])
async def test_what_is_no_token_is_refused(world: World, header: str) -> None:
    headers = {b"Authorization": header.encode()}
    assert (await world.nobody.http.get("/v1/vehicles", headers=headers)).status_code == 401


async def test_a_revoked_token_is_refused_at_once(world: World) -> None:
    reader = world.caller("a", "read")
    await reader.ask("GET", "/vehicles")
    await world.a.ask("DELETE", "/tokens/token-read")
    problem = await reader.ask("GET", "/vehicles", status=401)
    assert "revoked" in problem["what"]


@pytest.mark.parametrize(
    ("scope", "method", "path", "body"),
    [
        ("read", "GET", "/vehicles", None),
        ("write", "POST", "/vehicles", {"id": "car-1"}),
        ("admin", "GET", "/tokens", None),
    ],
)
async def test_a_scope_allows_its_own_and_nothing_else(
    world: World, scope: str, method: str, path: str, body: dict[str, str] | None
) -> None:
    for given in ("read", "write", "admin"):
        response = await world.caller("a", given).raw(method, path, json=body)
        assert response.is_success == (given == scope), response.text
        if given != scope:
            assert response.status_code == 403
            assert scope in response.json()["why"]


async def test_only_the_operator_makes_companies(world: World) -> None:
    problem = await world.a.ask("POST", "/companies", json={"name": "c"}, status=403)
    assert "operator" in problem["what"]
    await world.caller(None, "read", "write").ask("POST", "/companies", json={"name": "c"}, status=403)
    await world.operator.ask("POST", "/companies", json={"name": "c"}, status=201)


async def test_the_operator_names_the_company(world: World) -> None:
    problem = await world.operator.ask("GET", "/vehicles", status=422)
    assert "there are a, b" in problem["why"]
    await world.operator.ask("GET", "/vehicles", headers={"Kaido-Company": "a"})
    await world.operator.ask("GET", "/vehicles", params={"company": "a"})
    problem = await world.operator.ask("GET", "/vehicles", params={"company": "c"}, status=404)
    assert problem["what"] == "no company 'c'"


async def test_a_companys_token_acts_for_no_other(world: World) -> None:
    await world.a.ask("GET", "/vehicles", params={"company": "a"})
    for name in ("b", "does-not-exist"):
        problem = await world.a.ask("GET", "/vehicles", params={"company": name}, status=403)
        assert problem["what"] == f"the token 'all-a' may not act for company {name}"


async def test_in_its_callers_process_the_application_trusts_its_caller(tmp_path: Path) -> None:
    app = create_app(load(data=tmp_path), embedded=True)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kaido") as http,
    ):
        response = await http.get("/v1/vehicles")
        assert response.json()["fix"] == "Create one: kaido company create NAME"
        assert (await http.post("/v1/companies", json={"name": "acme"})).status_code == 201
        assert (await http.get("/v1/vehicles")).json() == {"items": [], "next": None}
        assert (await http.get("/v1/health")).json()["journal"] == "not used"
