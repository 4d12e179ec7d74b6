"""Vehicles that come all at once, twice, or without leave, while the others publish."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from kaido.sim.load import LoadClient, LoadVehicle
from tests.soak.loaded import Loaded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loaded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Loaded]:
    """The platform under load; at the end of all tests it is counted."""
    async with Loaded(tmp_path_factory.mktemp("platform"), vehicles=200, rate=300) as running:
        yield running
        await running.count()


async def test_all_connect_anew_at_once(loaded: Loaded) -> None:
    for _ in range(2):
        back = await asyncio.gather(*(client.storm() for client in loaded.fleet.clients))
        assert [one.refused for one in back] == [{}, {}]
        assert [client.up for client in loaded.fleet.clients] == [100, 100]
        await loaded.more(1_000)


async def test_a_vehicle_that_is_connected_twice(loaded: Loaded) -> None:
    first = loaded.fleet.clients[0]
    car = loaded.fleet.cars[0]
    twin = LoadVehicle(car.id, car.pool, first._certificates[car.id], loaded.ledger.page(car.number, car.pool))
    async with LoadClient(first.server, [twin], window=4) as second:
        second._links[0].window.events = 1_000_000  # other events than those of the first
        await second.connect()
        await second.publish(4, rate=20)
        assert second.in_doubt == 0
        assert second.tally.acknowledged > 0
    assert any("TAKEN_OVER" in why for why in [*first.tally.lost, *second.tally.lost])
    await loaded.more()


async def test_slow_and_half_open_clients_hold_nobody_up(loaded: Loaded) -> None:
    server = loaded.fleet.clients[0].server
    open_: list[asyncio.StreamWriter] = []
    for number in range(120):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(b"\x16\x03\x01\x02\x00"[: number % 6])  # from silence to half a record's head
            open_.append(writer)
    await loaded.more(1_000)
    for writer in open_:
        writer.transport.abort()


async def test_a_certificate_revoked_in_mid_stream(loaded: Loaded) -> None:
    client = loaded.fleet.clients[0]
    revoked = client._links[0]
    with loaded.site.client("east") as api:
        api.post(f"/v1/vehicles/{revoked.vehicle}/revoke")
    await loaded.until(lambda: any("revoked" in why for why in client.tally.lost))
    assert not revoked.is_up
    await loaded.more()
    assert client.up == len(client._links) - 1
    revoked.window.flying.clear()  # what it has not brought it never will; the others must
