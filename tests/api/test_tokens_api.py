from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from kaido.runtime import clock

if TYPE_CHECKING:
    from tests.api.conftest import World


async def test_a_new_token_works_and_its_secret_is_shown_once(world: World) -> None:
    until = clock.iso(clock.now() + timedelta(days=30))
    made = await world.a.ask(
        "POST", "/tokens", json={"name": "dashboard", "scopes": ["read"], "expires": until}, status=201
    )
    headers = {"Authorization": f"Bearer {made['secret']}"}
    assert (await world.nobody.raw("GET", "/vehicles", headers=headers)).status_code == 200
    listed = await world.a.raw("GET", "/tokens")
    assert made["secret"] not in listed.text
    token = next(one for one in listed.json()["items"] if one["name"] == "dashboard")
    assert (token["scopes"], token["company"]) == (["read"], "a")
    assert token["last_used"] is not None
    await world.a.ask("DELETE", f"/tokens/{token['id']}")
    assert (await world.nobody.raw("GET", "/vehicles", headers=headers)).status_code == 401


async def test_the_operators_tokens_are_the_operators(world: World) -> None:
    wanted = {"name": "second", "scopes": ["read"]}
    await world.a.ask("POST", "/tokens", json=wanted, params={"platform": True}, status=403)
    made = await world.operator.ask("POST", "/tokens", json=wanted, params={"platform": True}, status=201)
    assert made["company"] is None
    listed = await world.operator.ask("GET", "/tokens", params={"platform": True})
    assert [one["name"] for one in listed["items"]] == ["all-ops", "second"]
    made = await world.operator.ask("POST", "/tokens", json=wanted, params={"company": "b"}, status=201)
    assert made["company"] == "b"


async def test_what_is_no_token_is_told(world: World) -> None:
    problem = await world.a.ask("POST", "/tokens", json={"name": "x", "scopes": ["root"]}, status=422)
    assert problem["fix"] == "The scopes are read, write, admin, command"
    past = {"name": "x", "scopes": ["read"], "expires": "2020-01-01T00:00:00Z"}
    await world.a.ask("POST", "/tokens", json=past, status=422)
    zoneless = {"name": "x", "scopes": ["read"], "expires": "2050-01-01T00:00:00"}
    await world.a.ask("POST", "/tokens", json=zoneless, status=422)
    problem = await world.a.ask("DELETE", "/tokens/all-b", status=404)
    assert problem["fix"] == "Did you mean all-a?"
