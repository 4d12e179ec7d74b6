"""The page /docs, and names that no path can hold."""

from __future__ import annotations

import asyncio
import re
import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import World


async def test_the_page_names_every_operation_and_loads_nothing(world: World) -> None:
    answer = await world.nobody.http.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert not re.search(r"<(script|link|img|iframe)|https?://|@import|url\(", answer.text)
    for path, methods in world.app.openapi()["paths"].items():
        for method, operation in methods.items():
            assert f"<b>{method.upper()}</b> {path}</code> {operation['summary']}" in answer.text.replace("&#x27;", "'")


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
async def test_nobody_waits_while_the_document_is_made(
    world: World, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = world.app.openapi()
    asked, may_end = threading.Event(), threading.Event()

    def slow() -> dict[str, Any]:
        asked.set()
        assert may_end.wait(30)
        return document

    monkeypatch.setattr(world.app, "openapi", slow)
    reading = asyncio.create_task(world.nobody.http.get(path))
    async with asyncio.timeout(60):
        assert await asyncio.to_thread(asked.wait, 30)
        assert (await world.nobody.http.get("/v1/health")).status_code == 200
        assert not reading.done()
        may_end.set()
        assert (await reading).status_code == 200


async def test_no_other_page_comes_from_elsewhere(world: World) -> None:
    for path in ("/redoc", "/docs/oauth2-redirect"):
        assert (await world.nobody.http.get(path)).status_code == 404


async def test_a_name_that_no_path_can_hold_is_a_name_that_is_not_there(world: World) -> None:
    for path in ("/vehicles/a%2Fb/twin", "/vehicles//twin"):
        problem = await world.operator.ask("GET", path, status=404)
        assert problem["error"] == "not_found"
        assert "holds no '/'" in problem["why"]
