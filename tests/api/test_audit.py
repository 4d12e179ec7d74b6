from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from tests.api.conftest import World


async def _audit(world: World) -> list[dict[str, Any]]:
    page: dict[str, list[dict[str, Any]]] = await world.a.ask("GET", "/audit")
    return page["items"]


async def test_every_change_is_on_record_and_no_question_is(world: World) -> None:
    await world.a.ask("POST", "/vehicles", json={"id": "car-1"}, status=201)
    await world.a.ask("GET", "/vehicles")
    await world.a.ask("GET", "/tokens")
    await world.a.ask("POST", "/vehicles", json={"id": "car-1"}, status=409)
    await world.operator.ask("POST", "/vehicles/car-1/revoke", params={"company": "a"})
    newest, first = await _audit(world)
    assert (first["who"], first["what"], first["details"]["vehicle"]) == ("all-a", "vehicles-register", "car-1")
    assert (newest["who"], newest["what"]) == ("all-ops", "vehicles-revoke")
    assert newest["details"]["path"] == "/v1/vehicles/car-1/revoke"


async def test_no_secret_is_on_record(world: World) -> None:
    made = await world.a.ask("POST", "/tokens", json={"name": "x", "scopes": ["read"]}, status=201)
    await world.a.ask("POST", "/vehicles", json={"id": "car-1"}, status=201)
    enrolled = await world.a.ask("POST", "/vehicles/car-1/enrol", status=201)
    record = str(await _audit(world))
    assert made["secret"] not in record
    assert enrolled["key"] not in record
    assert "PRIVATE KEY" not in record
    assert enrolled["serial"] in record


async def test_it_comes_in_pages(world: World) -> None:
    for number in range(5):
        await world.a.ask("POST", "/vehicles", json={"id": f"car-{number}"}, status=201)
    first = await world.a.ask("GET", "/audit", params={"limit": 3})
    second = await world.a.ask("GET", "/audit", params={"limit": 3, "after": first["next"]})
    seen = [one["details"]["vehicle"] for one in first["items"] + second["items"]]
    assert seen == [f"car-{number}" for number in reversed(range(5))]
    assert second["next"] is None
    await world.a.ask("GET", "/audit", params={"after": "x"}, status=422)


async def test_a_change_that_cannot_be_recorded_says_so(world: World) -> None:
    with world.services.store.session() as session:
        session.execute(text("ALTER TABLE audit RENAME TO lost"))
    problem = await world.a.ask("POST", "/vehicles", json={"id": "car-1"}, status=503)
    assert "the audit could not record it" in problem["what"]


async def test_the_record_is_asked_by_who_what_and_when(world: World) -> None:
    await world.a.ask("POST", "/vehicles", json={"id": "car-1"}, status=201)
    await world.a.ask("POST", "/vehicles/car-1/revoke")
    await world.operator.ask("POST", "/vehicles/car-1/restore", params={"company": "a"})

    async def asked(**params: str) -> list[str]:
        return [one["what"] for one in (await world.a.ask("GET", "/audit", params=params))["items"]]

    newest, revoked, registered = (await _audit(world))[:3]
    assert await asked(who="all-ops") == ["vehicles-restore"]
    assert await asked(who="all-a", what="vehicles-re") == ["vehicles-revoke", "vehicles-register"]
    assert await asked(what="vehicles_re") == [], "an underscore stands for itself"
    assert await asked(since=newest["moment"]) == ["vehicles-restore"]
    assert await asked(until=revoked["moment"]) == ["vehicles-register"]
    assert await asked(since=registered["moment"], until=newest["moment"], who="nobody") == []
    problem = await world.a.ask("GET", "/audit", params={"since": "yesterday"}, status=422)
    assert "since" in problem["why"]
