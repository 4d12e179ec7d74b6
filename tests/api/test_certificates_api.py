from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from kaido.runtime import clock

if TYPE_CHECKING:
    from tests.api.conftest import Caller, World


async def _listed(caller: Caller, **params: Any) -> list[dict[str, Any]]:
    """All pages, of two certificates each."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = await caller.ask(
            "GET", "/certificates", params={**params, "limit": 2, **({"after": after} if after else {})}
        )
        assert len(page["items"]) <= 2
        found += page["items"]
        after = page["next"]
        if after is None:
            return found


async def test_the_next_to_end_comes_first_and_each_vehicle_once(world: World) -> None:
    for name, days in (("late", 700), ("soon", 10), ("gone", 5), ("renewed", 3), ("middle", 100)):
        await world.a.ask("POST", "/vehicles", json={"id": name}, status=201)
        await world.a.ask("POST", f"/vehicles/{name}/enrol", json={"days": days}, status=201)
    newest = await world.a.ask("POST", "/vehicles/renewed/enrol", json={"days": 400}, status=201)
    await world.a.ask("POST", "/vehicles/gone/revoke")
    await world.b.ask("POST", "/vehicles", json={"id": "zebra"}, status=201)
    await world.b.ask("POST", "/vehicles/zebra/enrol", json={"days": 1}, status=201)
    found = await _listed(world.a)
    assert [one["vehicle"] for one in found] == ["soon", "middle", "renewed", "late", None]
    assert [one["of"] for one in found] == ["vehicle"] * 4 + ["authority"]
    assert found[2]["serial"] == newest["serial"]
    ends = [datetime.fromisoformat(one["not_after"]) for one in found]
    assert ends == sorted(ends)
    assert timedelta(days=9) < ends[0] - clock.now() < timedelta(days=10)
    assert [one["vehicle"] for one in await _listed(world.a, days=30)] == ["soon"]
    assert [one["vehicle"] for one in await _listed(world.b, days=30)] == ["zebra"]


async def test_a_place_that_no_page_named_is_refused(world: World) -> None:
    for after in ("garbage", "2026-01-01", "2026-01-01T00:00:00 abc", "2026-01-01T00:00:00Z "):
        problem = await world.a.ask("GET", "/certificates", params={"after": after}, status=422)
        assert problem["fix"] == "Give `next` of the page before"
