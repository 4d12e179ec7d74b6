from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest

if TYPE_CHECKING:
    from tests.api.conftest import World

DOORS = {"name": "doors", "signals": ["Vehicle.Door"], "on_change": True}


@pytest.fixture(autouse=True)
def catalog(world: World) -> None:
    signal = CanSignal(path="Vehicle.Door", message_id=0x100, start_bit_lsb=0, length=1)
    for company in ("a", "b"):
        world.services.catalog.save_manifest(company, DecoderManifest.of("car", [signal]))


async def test_a_state_templates_life(world: World) -> None:
    made = await world.a.ask("POST", "/state-templates", json=DOORS, status=201)
    assert made["spec"] == DOORS | {"targets": "all"}
    assert await world.a.ask("POST", "/state-templates", json=DOORS, status=201) == made
    assert (await world.a.ask("GET", "/state-templates")) == {"items": [made], "next": None}
    other = {"name": "doors", "signals": ["Vehicle.Door"], "period": "2s"}
    problem = await world.a.ask("POST", "/state-templates", json=other, status=409)
    assert "--replace" in problem["fix"]
    edited = await world.a.ask("POST", "/state-templates?replace=true", json=other, status=201)
    assert edited["sync_id"] != made["sync_id"]
    assert await world.a.ask("GET", "/state-templates/doors") == edited
    await world.a.ask("DELETE", "/state-templates/doors", status=204)
    await world.a.ask("GET", "/state-templates/doors", status=404)


async def test_lists_come_in_pages(world: World) -> None:
    for name in ("a", "b", "c"):
        await world.a.ask("POST", "/state-templates", json=DOORS | {"name": name}, status=201)
    first = await world.a.ask("GET", "/state-templates?limit=2")
    assert ([one["name"] for one in first["items"]], first["next"]) == (["a", "b"], "b")
    rest = await world.a.ask("GET", "/state-templates?limit=2&after=b")
    assert ([one["name"] for one in rest["items"]], rest["next"]) == (["c"], None)


async def test_state_templates_end_at_the_border(world: World) -> None:
    await world.b.ask("POST", "/state-templates", json=DOORS, status=201)
    assert (await world.a.ask("GET", "/state-templates"))["items"] == []
    for method in ("GET", "DELETE"):
        problem = await world.a.ask(method, "/state-templates/doors", status=404)
        assert "Did you mean" not in problem["fix"]


async def test_what_is_no_state_template_is_told(world: World) -> None:
    problem = await world.a.ask("POST", "/state-templates", json=DOORS | {"singals": ["x"]}, status=422)
    assert problem["fix"] == "Did you mean signals?"
