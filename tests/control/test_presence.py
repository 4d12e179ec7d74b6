"""Presence over a real gateway, a real NATS and a real store."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kaido.control.presence import Presence
from kaido.control.presence_records import PresenceRecords
from kaido.gateway.neighbours import Neighbours
from kaido.runtime.status import Report
from kaido.store import Store
from tests.gateway.rig import Rig, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def presence_of(rig: Rig) -> AsyncIterator[Presence]:
    store = Store.open(rig.settings.database)
    presence = Presence(rig.journal.nats, store, Report("control"))
    await presence.start()
    try:
        yield presence
    finally:
        await presence.stop()
        store.close()


async def test_a_vehicle_comes_and_goes_and_the_store_knows(tmp_path: Path) -> None:
    async with Rig(tmp_path) as rig:
        neighbours = Neighbours(rig.journal.nats, rig.gateway)
        await neighbours.listen()
        entered: list[tuple[str, str]] = []
        store = Store.open(rig.settings.database)
        async with presence_of(rig) as presence:
            presence.on_entered(entered.extend)
            assert not presence.connected("acme", "car-1")
            car = await rig.vehicle()
            await until(lambda: presence.connected("acme", "car-1"))
            assert entered == [("acme", "car-1")]
            assert presence.since("acme", "car-1") is not None
            assert presence.offline_since("acme", "car-1") is None
            await until(lambda: _connected(store) is True)
            await car.close()
            await until(lambda: not presence.connected("acme", "car-1"))
            assert presence.offline_since("acme", "car-1") is not None
            await until(lambda: _connected(store) is False)
        await neighbours.close()
        store.close()


async def test_one_that_starts_late_learns_who_is_there_and_one_that_ended_is_not_believed_for_long(
    tmp_path: Path,
) -> None:
    async with Rig(tmp_path) as rig:
        neighbours = Neighbours(rig.journal.nats, rig.gateway)
        await neighbours.listen()
        car = await rig.vehicle()
        async with presence_of(rig) as presence:
            await until(lambda: presence.connected("acme", "car-1"))
        await neighbours.close()
        await car.close()  # nobody tells
        async with presence_of(rig) as presence:
            assert presence.connected("acme", "car-1")  # as it was known
            await until(lambda: not presence.connected("acme", "car-1"))
            assert presence.offline_since("acme", "car-1") is not None


def _connected(store: Store) -> bool | None:
    found = PresenceRecords(store).contacts("acme", ["car-1", "car-2"])
    assert "car-2" not in found
    return found["car-1"].connected if found else None
