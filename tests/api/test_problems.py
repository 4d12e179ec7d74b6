from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from kaido.api import guard
from kaido.api.app import create_app
from kaido.runtime.settings import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.api.conftest import World


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"json": {"id": 7}}, "body id: Input should be a valid string (given: 7)"),
        ({"json": {"id": "x", "colour": "red"}}, "body colour: Extra inputs are not permitted"),
        ({"json": {}}, "body id: Field required"),
        ({"json": []}, "body: Input should be"),
        ({"content": b"{nope", "headers": {"Content-Type": "application/json"}}, "the body is no JSON"),
        ({"content": b"\xff\xfe", "headers": {"Content-Type": "application/json"}}, ""),
        ({"json": {"id": "car 1"}}, "letters, digits"),
        ({"json": {"id": "x", "vin": "a b"}}, "letters, digits"),
    ],
)
async def test_a_request_that_makes_no_sense_is_told_why(world: World, how: dict[str, Any], words: str) -> None:
    response = await world.a.raw("POST", "/vehicles", **how)
    assert response.status_code in {400, 422}
    problem = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["error"] == "invalid_input"
    assert words in problem["why"]
    assert "Traceback" not in response.text


async def test_names_come_with_the_nearest(world: World) -> None:
    await world.a.ask("POST", "/vehicles", json={"id": "car-1"}, status=201)
    problem = await world.a.ask("GET", "/vehicles/cra-1", status=404)
    assert problem == {"error": "not_found", "what": "no vehicle 'cra-1'", "why": "", "fix": "Did you mean car-1?"}


async def test_paths_and_methods_that_are_not_there(world: World) -> None:
    problem = await world.a.ask("GET", "/vehicels", status=404)
    assert problem["what"] == "the API has no /v1/vehicels"
    problem = await world.a.ask("DELETE", "/vehicles", status=405)
    assert problem["what"] == "/v1/vehicles does not take DELETE"


async def test_a_body_has_a_bound_whether_it_says_its_length_or_not(world: World) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 1000

    for content in (b"x" * 200_000, pieces()):
        problem = await world.a.ask("POST", "/vehicles/bulk", content=content, status=413)
        assert problem["error"] == "too_large"
        assert "at most 100000 bytes" in problem["why"]
    lying = {"Content-Length": "-5"}
    assert (await world.a.raw("POST", "/vehicles/bulk", content=b"", headers=lying)).status_code == 413


async def test_json_has_a_bound_of_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "JSON_BYTES", 1000)
    problem = await world.a.ask("POST", "/vehicles", json={"id": "x" * 2000}, status=413)
    assert problem["error"] == "too_large"


async def test_an_unforeseen_failure_shows_a_number_and_no_trace(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(world.services.vehicles, "list", fail)
    with caplog.at_level(logging.ERROR):
        response = await world.a.raw("GET", "/vehicles")
    assert response.status_code == 500
    assert "secret" not in response.text
    number = response.json()["fix"].split("id=")[1]
    record = next(one for one in caplog.records if one.message == "unforeseen error")
    assert record.__dict__["fields"]["id"] == number
    assert record.exc_info


async def test_in_process_an_unforeseen_failure_names_itself_and_debug_shows_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for debug in (False, True):
        app = create_app(load(data=tmp_path, debug=debug), embedded=True)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kaido") as http,
        ):
            with monkeypatch.context() as patch:
                patch.setattr(app.state.kaido.companies, "list", lambda: 1 // 0)
                if debug:
                    with pytest.raises(ZeroDivisionError):
                        await http.get("/v1/companies")
                else:
                    problem = (await http.get("/v1/companies")).json()
                    assert "ZeroDivisionError" in problem["why"]


async def test_a_database_that_is_away_is_unavailable(world: World) -> None:
    world.services.store.close()
    database = world.services.settings.data / "kaido.db"
    database.rename(database.with_suffix(".away"))
    database.mkdir()
    problem = await world.a.ask("GET", "/vehicles", status=503)
    assert problem["error"] == "unavailable"
    health = await world.nobody.ask("GET", "/health", status=503)
    assert (health["status"], health["database"]) == ("down", "away")
