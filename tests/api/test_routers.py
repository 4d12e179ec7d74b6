"""In its caller's process the application loads what it is asked for."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from kaido.api.app import create_app
from kaido.api.routers import PREFIX, ROUTERS, OnDemand
from kaido.runtime.settings import load

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = ("polars", "duckdb", "deltalake", "pyarrow", "numpy", "cantools", "nats")
LISTS = """
import sys
from pathlib import Path
from kaido.cli.main import kaido
kaido.main(["--data", sys.argv[1], "company", "create", "acme"], standalone_mode=False)
kaido.main(["--data", sys.argv[1], "vehicle", "list", "--json"], standalone_mode=False)
print(*sorted(sys.modules))
"""


def paths(app: FastAPI) -> set[str]:
    found = {context.path for context in iter_route_contexts(app.routes)}
    return {path for path in found if path and path.startswith(PREFIX)}


@pytest.mark.parametrize("name", ROUTERS)
async def test_a_router_comes_with_the_first_request_for_one_of_its_paths(name: str) -> None:
    async def unheard(*_: object) -> Any:
        return None

    router = importlib.import_module(f"kaido.api.{name}").router
    for path in {route.path for route in router.routes}:
        app = FastAPI()
        await OnDemand(unheard, app)({"type": "http", "path": f"{PREFIX}{path}"}, unheard, unheard)
        assert f"{PREFIX}{path}" in paths(app)


async def test_what_was_not_asked_for_is_not_there_and_the_description_is_of_everything(tmp_path: Path) -> None:
    app = create_app(load(data=tmp_path), embedded=True)
    assert paths(app) == set()
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kaido") as http,
    ):
        assert (await http.get("/v1/health")).status_code == 200
        assert (await http.get("/v1/nothing")).status_code == 404
        assert paths(app) == {"/v1/health"}
        described = set((await http.get("/openapi.json")).json()["paths"])
        assert (await http.get("/v1/health")).status_code == 200
        assert app.state.imports, "a router that comes late is begun all the same"
    assert described > {"/v1/vehicles", "/v1/sql"}
    assert described == {path for path in paths(app) if not path.startswith("/v1/live")}


def test_a_list_on_a_bare_folder_loads_nothing_heavy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LISTS, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "kaido.api.vehicles" in loaded
    assert loaded & {"kaido.api.sql", "kaido.api.plans", *HEAVY} == set()
