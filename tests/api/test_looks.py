"""Every answer that carries a position leaves a row in the audit, and nobody's polling floods it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from kaido.api import looks
from kaido.api.app import create_app
from kaido.api.auth import Caller
from kaido.api.services import Services
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.flow import SAMPLE_SCHEMA
from kaido.runtime import clock
from kaido.runtime.settings import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.api.conftest import Browser, World

LATITUDE, SPEED = "Vehicle.CurrentLocation.Latitude", "Vehicle.Speed"


def drive(services: Services, company: str) -> None:
    """car-1 says where it is and how fast; car-2 only how fast."""
    for vehicle in ("car-1", "car-2"):
        services.vehicles.register(company, vehicle)
    signals = [CanSignal(path=path, message_id=0x100, start_bit_lsb=0, length=16) for path in (LATITUDE, SPEED)]
    services.catalog.save_manifest(company, DecoderManifest.of("m", signals))
    said = [("car-1", LATITUDE, 35.0), ("car-1", SPEED, 60.0), ("car-2", SPEED, 50.0)]
    rows = [{"vehicle": v, "signal": s, "time": clock.now(), "arrival": clock.now(), "value": x} for v, s, x in said]
    services.lake(company).append(pa.Table.from_pylist(rows, SAMPLE_SCHEMA), app_id="test", version=1)


@pytest.fixture
async def viewer(world: World) -> Browser:
    drive(world.services, "a")
    return world.browser("a", "hanako", "viewer")


async def seen(world: World) -> list[tuple[str, dict[str, Any]]]:
    rows = (await world.a.ask("GET", "/audit"))["items"]
    return [(row["who"], row["details"]) for row in reversed(rows) if row["what"] == "position.look"]


async def test_signals_over_time(world: World, viewer: Browser) -> None:
    for _ in range(3):  # a page that polls
        await viewer.ask("GET", "/signals", params={"vehicle": "car-1", "signal": "Vehicle.*", "start": "-1h"})
    user = world.services.users.get("a", "hanako").id
    looked = {"view": "signals", "vehicle": ["car-1"], "signal": ["Vehicle.*"], "start": "-1h", "end": None}
    assert await seen(world) == [("hanako", {**looked, "user": user})]
    await viewer.ask("GET", "/signals", params={"vehicle": "*", "signal": SPEED})  # says nothing of where it is
    await viewer.ask("GET", "/signals", params={"vehicle": "car-2", "signal": LATITUDE})  # there is none
    assert len(await seen(world)) == 1
    await world.a.ask("GET", "/signals", params={"vehicle": "car-1", "signal": "Vehicle.*", "start": "-1h"})
    assert await seen(world) == [("hanako", {**looked, "user": user}), ("all-a", looked)]


async def test_sql_is_on_record_with_its_text(world: World, viewer: Browser) -> None:
    sql = "SELECT max(value) FROM signals WHERE signal LIKE '%' || 'Lat%'"
    await viewer.ask("POST", "/sql", json={"sql": sql})
    ((who, details),) = await seen(world)
    assert (who, details["view"], details["sql"]) == ("hanako", "sql", sql)


async def test_what_cannot_be_recorded_is_not_shown(world: World, viewer: Browser) -> None:
    with world.services.store.session() as session:
        session.execute(text("ALTER TABLE audit RENAME TO lost"))
    problem = await viewer.ask("GET", "/signals", params={"vehicle": "car-1", "signal": LATITUDE}, status=503)
    assert problem["what"] == "positions are not shown: the audit could not record who looks"
    await viewer.ask("GET", "/signals", params={"vehicle": "car-1", "signal": SPEED})


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A bare folder, whose twin is read from the disk."""
    app = create_app(load(data=tmp_path), embedded=True)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kaido") as http,
    ):
        services = Services.of(app)
        services.companies.create("a")
        drive(services, "a")
        yield http


async def test_the_twin_and_the_fleet(folder: httpx.AsyncClient) -> None:
    for path, params, is_a_look in (
        ("/v1/vehicles/car-1/twin", {}, True),
        ("/v1/vehicles/car-2/twin", {}, False),
        ("/v1/vehicles/car-1/status", {}, False),
        ("/v1/fleet", {"select": LATITUDE}, True),
        ("/v1/fleet", {"select": SPEED}, False),
        ("/v1/fleet", {"where": f"{LATITUDE} > 34"}, True),
        ("/v1/fleet", {"where": f"{LATITUDE} > 36", "select": SPEED}, True),  # who is not there tells where it is
        ("/v1/fleet", {"where": f"{SPEED} > 55"}, False),
    ):
        before = len((await folder.get("/v1/audit")).json()["items"])
        assert (await folder.get(path, params=params)).status_code == 200
        rows = (await folder.get("/v1/audit")).json()["items"]
        assert (len(rows) > before) == is_a_look, (path, params)
    assert {row["details"]["view"] for row in rows if row["what"] == "position.look"} == {"twin", "fleet"}
    assert {row["who"] for row in rows} == {"local"}


MINUTES = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 3)), max_size=60)


@given(asked=MINUTES, room=st.integers(1, 9))
def test_a_look_is_left_out_only_where_it_is_on_record(asked: list[tuple[str, int]], room: int) -> None:
    kept, recorded = looks.Looks(room), set()
    for key, minute in sorted(asked, key=lambda one: one[1]):
        if kept.is_known(key, minute):
            assert (key, minute) in recorded
        else:
            recorded.add((key, minute))
            kept.keep(key, minute)
        assert kept.is_known(key, minute)
        assert len(kept._minutes) <= room


async def test_a_watch_is_on_record_when_it_begins_and_when_it_ends(world: World, viewer: Browser) -> None:
    del viewer
    user = world.services.users.get("a", "hanako")
    caller = Caller("a", frozenset(user.scopes), user.name, is_operator=False, token=user.id, role=user.role)
    async with looks.watching(world.services, caller, {"view": "live"}) as note:
        assert await seen(world) == []  # nothing was sent yet
        for _ in range(3):
            await note()
        assert [details for _, details in await seen(world)] == [{"view": "live", "user": user.id}]
    _, ended = (await seen(world))[1]
    assert timedelta(seconds=ended["watched_s"]) >= timedelta()
    async with looks.watching(world.services, caller, {"view": "elsewhere"}):
        pass
    assert len(await seen(world)) == 2
