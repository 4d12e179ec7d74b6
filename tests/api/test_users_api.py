"""Administrators and the users of their company."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.conftest import PASSWORD

if TYPE_CHECKING:
    from tests.api.conftest import World


def wish(name: str, role: str = "viewer", password: str = PASSWORD) -> dict[str, str]:
    return {"name": name, "role": role, "password": password}


async def test_the_life_of_a_user(world: World) -> None:
    admin = world.browser("a", "hanako", "administrator")
    made = await admin.ask("POST", "/users", json=wish("jiro", "engineer"), status=201)
    assert made["id"].startswith("u")
    assert len(made["id"]) == 9
    assert PASSWORD not in str(made)
    assert [one["name"] for one in (await admin.ask("GET", "/users"))["items"]] == ["hanako", "jiro"]
    page = await admin.ask("GET", "/users", params={"limit": 1})
    assert (page["next"], page["items"][0]["role"]) == ("hanako", "administrator")
    secret, session = world.services.web_sessions.begin(made["id"])
    jiro = type(admin)(admin.http, secret, session.csrf)
    await jiro.ask("POST", "/vehicles", json={"id": "car-1"}, status=201)
    await admin.ask("PATCH", "/users/jiro", json={"role": "operator"})
    problem = await jiro.ask("POST", "/vehicles", json={"id": "car-2"}, status=403)  # a role counts at once
    assert problem["why"] == "the role operator lacks the scope 'write'"
    assert (await admin.ask("PATCH", "/users/jiro", json={"disabled": True}))["disabled"] is not None
    await jiro.ask("GET", "/session", status=401)
    again = await world.nobody.http.post("/v1/session", json={"company": "a", "name": "jiro", "password": PASSWORD})
    assert (again.status_code, again.json()["what"]) == (403, "the user 'jiro' is disabled")
    await admin.ask("PATCH", "/users/jiro", json={"disabled": False})
    await jiro.ask("GET", "/session", status=401)  # to be let in again is not to be signed in
    await admin.ask("DELETE", "/users/jiro")
    await admin.ask("DELETE", "/users/jiro", status=404)
    record = (await admin.ask("GET", "/audit"))["items"]
    assert [one["what"] for one in record if one["who"] == "hanako"][:2] == ["users-delete", "users-change"]
    assert PASSWORD not in str(record)
    assert all(one["details"]["user"].startswith("u") for one in record if one["who"] in {"hanako", "jiro"})


async def test_the_last_administrator_stays(world: World) -> None:
    admin = world.browser("a", "hanako", "administrator")
    await admin.ask("POST", "/users", json=wish("jiro", "administrator"), status=201)
    await admin.ask("PATCH", "/users/jiro", json={"disabled": True})
    for change in ({"role": "viewer"}, {"disabled": True}):
        problem = await admin.ask("PATCH", "/users/hanako", json=change, status=409)
        assert problem["what"] == "'hanako' is the last administrator of a"
    await admin.ask("DELETE", "/users/hanako", status=409)
    await world.a.ask("DELETE", "/users/hanako", status=409)
    await admin.ask("PATCH", "/users/jiro", json={"disabled": False})
    await admin.ask("PATCH", "/users/hanako", json={"role": "viewer"})
    await world.operator.ask("DELETE", "/users/jiro", params={"company": "a"})  # the platform's own can make another


async def test_an_administrator_gives_a_new_password(world: World) -> None:
    admin = world.browser("a", "hanako", "administrator")
    jiro = world.browser("a", "jiro", "viewer")
    await admin.ask("PATCH", "/users/jiro", json={"password": "tanabata-paper-wish-7"})
    await jiro.ask("GET", "/session", status=401)
    for password, status in ((PASSWORD, 401), ("tanabata-paper-wish-7", 200)):
        entry = {"company": "a", "name": "jiro", "password": password}
        assert (await world.nobody.http.post("/v1/session", json=entry)).status_code == status
    world.nobody.http.cookies.clear()


async def test_to_administer_users_is_not_to_command_vehicles(world: World) -> None:
    """Nor by way of a user: to make one, raise one, take one over, let one in again."""
    clerk = world.caller("a", "admin", "read", "write")
    world.browser("a", "oda", "operator")
    world.services.users.create("a", "boss", "administrator", PASSWORD)
    world.services.users.create("a", "jiro", "viewer", PASSWORD)
    await clerk.ask("POST", "/users", json=wish("x", "operator"), status=403)
    await clerk.ask("POST", "/users", json=wish("x", "administrator"), status=403)
    await clerk.ask("PATCH", "/users/jiro", json={"role": "operator"}, status=403)
    await clerk.ask("PATCH", "/users/oda", json={"password": "tanabata-paper-wish-7"}, status=403)
    await clerk.ask("PATCH", "/users/oda", json={"password": "tanabata-paper-wish-7", "disabled": True}, status=403)
    await clerk.ask("PATCH", "/users/oda", json={"disabled": True})
    problem = await clerk.ask("PATCH", "/users/oda", json={"disabled": False}, status=403)
    assert "to administer users is not to command vehicles" in problem["why"]
    await clerk.ask("POST", "/users", json=wish("x", "engineer"), status=201)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (wish("Hanako"), "small letters"),
        (wish("a/b"), "small letters"),
        (wish("jiro", "root"), ""),
        (wish("jiro", password="short"), "12 to 1000 characters"),
        (wish("jiro", password="password1234!"), "everybody tries first"),
        (wish("jiro", password="123456789012"), "everybody tries first"),
        (wish("jiro", password="abababababab"), "repeats"),
        (wish("jiro", password="x" * 1_001), "12 to 1000 characters"),
        (wish("longer-name.example", password="Longer-Name.Example99"), "the user's name"),
    ],
    ids=str,
)
async def test_what_cannot_be_is_refused(world: World, wrong: dict[str, str], why: str) -> None:
    problem = await world.a.ask("POST", "/users", json=wrong, status=422)
    assert why in problem["why"]
    assert wrong["password"] not in str(problem)


async def test_a_user_of_the_provider_is_changed_there(world: World) -> None:
    world.services.proofs.with_subject("a", "https://id.example 1", "jiro", "viewer")
    for change in ({"role": "engineer"}, {"password": PASSWORD}):
        problem = await world.a.ask("PATCH", "/users/jiro", json=change, status=409)
        assert "OIDC" in problem["why"]
    await world.a.ask("PATCH", "/users/jiro", json={"disabled": True})
    await world.a.ask("POST", "/users", json=wish("jiro"), status=409)
