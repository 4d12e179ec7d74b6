"""A command waits until its vehicle holds what it is about: before that the vehicle could only fail it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.store import CatalogStore
from tests.commands.conftest import MANIFEST, SPEED

if TYPE_CHECKING:
    from tests.commands.conftest import Room

LACKS = f"the vehicle has not said yet that it holds {MANIFEST.sync_id}"


async def waits(room: Room, command: str, text: str) -> None:
    async with asyncio.timeout(30):
        while room.execution(command).text != text:  # noqa: ASYNC110  # a test
            await asyncio.sleep(0.02)
    assert (room.execution(command).state, room.execution(command).sends) == ("waiting", 0)


async def test_a_vehicle_that_was_never_there_gets_its_manifest_first(room: Room) -> None:
    room.held("car-1")
    await room.send(id="c1")
    async with await room.car() as car:
        await waits(room, "c1", LACKS)
        room.check_in("car-1")
        await waits(room, "c1", LACKS)
        room.check_in("car-1", "speed@1", MANIFEST.sync_id)
        assert (await room.request(car)).command_id == "c1"


async def test_a_manifest_that_has_changed_is_awaited_and_not_beyond_the_command_s_time(room: Room) -> None:
    newer = DecoderManifest.of("leaf", MANIFEST.signals[:0], actuators=MANIFEST.actuators)
    CatalogStore(room.store).save_manifest("acme", newer)
    async with await room.car() as car:
        await room.send(id="c1", timeout_ms=1_500)
        found = await room.until("c1", "expired before delivery")
        assert found.text == f"the vehicle has not said yet that it holds {newer.sync_id}"
        await room.send(id="c2")
        room.check_in("car-1", newer.sync_id)
        request = await room.request(car)
        assert (request.command_id, request.actuator.decoder_manifest_sync_id) == ("c2", newer.sync_id)
        assert SPEED not in {one.path for one in newer.all_signals}


async def test_another_process_may_have_heard_the_checkin(room: Room) -> None:
    room.check_in("car-1", "leaf@before")
    async with await room.car() as car:
        await room.send(id="c1")  # the store has it, from another process
        assert (await room.request(car)).command_id == "c1"
