"""A token of one company sees nothing of another, whichever router is asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.flow import SAMPLE_SCHEMA
from kaido.runtime import clock

if TYPE_CHECKING:
    from tests.api.conftest import World

SECRET = "zebra"


@pytest.fixture
async def full(world: World) -> World:
    """Company b has one of everything that this room knows, named so that a leak shows."""
    await world.b.ask("POST", "/vehicles", json={"id": f"{SECRET}-1", "model": SECRET, "vin": SECRET}, status=201)
    await world.b.ask("POST", f"/vehicles/{SECRET}-1/enrol", status=201)
    await world.b.ask("POST", "/tokens", json={"name": SECRET, "scopes": ["read"]}, status=201)
    signal = CanSignal(path=f"Vehicle.{SECRET}", message_id=0x100, start_bit_lsb=0, length=16)
    world.services.catalog.save_manifest("b", DecoderManifest.of(SECRET, [signal]))
    wish = {"name": SECRET, "signals": [f"Vehicle.{SECRET}"], "period": "1s"}
    await world.b.ask("POST", "/campaigns", json=wish, status=201)
    state = {"name": SECRET, "signals": [f"Vehicle.{SECRET}"], "on_change": True}
    await world.b.ask("POST", "/state-templates", json=state, status=201)
    sample = {"vehicle": f"{SECRET}-1", "signal": f"Vehicle.{SECRET}", "time": clock.now(), "value": 1.0}
    world.services.lake("b").append(pa.Table.from_pylist([sample], SAMPLE_SCHEMA), app_id="test", version=1)
    return world


async def test_b_sees_what_it_has(full: World) -> None:
    """Else the tests below prove nothing."""
    for path in ("/vehicles", "/tokens", "/campaigns", "/state-templates", "/catalog/manifests", "/audit"):
        assert SECRET in (await full.b.raw("GET", path)).text, path
    rows = await full.b.ask("POST", "/sql", json={"sql": "SELECT * FROM signals"})
    assert SECRET in str(rows)


@pytest.mark.parametrize("table", ["signals", "quarantine", "vehicles", "catalog", "duckdb_tables()", "duckdb_views()"])
async def test_sql_of_a_finds_nothing_of_b(full: World, table: str) -> None:
    response = await full.a.raw("POST", "/sql", json={"sql": f"SELECT * FROM {table}"})
    assert SECRET not in response.text
    lake = full.services.settings.lake / "b"
    response = await full.a.raw("POST", "/sql", json={"sql": f"SELECT * FROM '{lake}/signals/*/*.parquet'"})
    assert response.is_client_error
    assert SECRET not in response.text


async def test_no_answer_to_a_shows_what_b_has(full: World) -> None:
    schema = full.app.openapi()
    asked = 0
    for path, operations in schema["paths"].items():
        if "get" not in operations or path == "/metrics":
            continue
        filled = re.sub(r"\{[^}]+\}", f"{SECRET}-1", path).removeprefix("/v1")
        parameters = {
            one["name"]: _example(one)
            for one in operations["get"].get("parameters", [])
            if one["in"] == "query" and one.get("required")
        }
        response = await full.a.raw("GET", filled, params=parameters)
        assert response.status_code != 500, f"{path}: {response.text}"
        # What a asked with comes back in errors; what b has must not.
        told = response.text.replace(f"{SECRET}-1", "")
        assert SECRET not in told, f"{path}: {response.text}"
        asked += 1
    assert asked > 8


def _example(parameter: dict[str, Any]) -> str:
    return {"integer": "1", "number": "1"}.get(parameter["schema"].get("type", ""), f"{SECRET}-1")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/vehicles/{SECRET}-1", None),
        ("PATCH", f"/vehicles/{SECRET}-1", {"model": "mine"}),
        ("POST", f"/vehicles/{SECRET}-1/enrol", None),
        ("POST", f"/vehicles/{SECRET}-1/revoke", None),
        ("POST", f"/vehicles/{SECRET}-1/restore", None),
        ("DELETE", f"/tokens/{SECRET}", None),
    ],
)
async def test_what_b_has_does_not_exist_for_a(full: World, method: str, path: str, body: Any) -> None:
    before = await full.b.ask("GET", f"/vehicles/{SECRET}-1")
    problem = await full.a.ask(method, path, json=body, status=404)
    assert "Did you mean" not in problem["fix"]
    assert await full.b.ask("GET", f"/vehicles/{SECRET}-1") == before
    assert len((await full.b.ask("GET", "/tokens"))["items"]) == 2


async def test_a_token_cannot_be_ended_by_its_id_across_the_border(full: World) -> None:
    theirs = (await full.b.ask("GET", "/tokens"))["items"][0]["id"]
    await full.a.ask("DELETE", f"/tokens/{theirs}", status=404)
    await full.a.ask("DELETE", f"/tokens/{theirs}", params={"platform": True}, status=403)


async def test_a_company_sees_itself_alone(full: World) -> None:
    assert [one["name"] for one in (await full.a.ask("GET", "/companies"))["items"]] == ["a"]
    assert [one["name"] for one in (await full.operator.ask("GET", "/companies"))["items"]] == ["a", "b"]
    assert (await full.a.ask("GET", "/companies/a"))["enrols"] is True
    for name in ("b", "does-not-exist"):
        problem = await full.a.ask("GET", f"/companies/{name}", status=403)
        assert problem["what"] == f"the token 'all-a' may not see company {name}"
