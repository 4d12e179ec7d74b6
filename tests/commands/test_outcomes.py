"""Every command has exactly one outcome, whatever the vehicle, the gateway or the operator does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import mqtt5

from kaido.runtime import clock
from kaido.wire import kaido_wire_pb2 as pb
from tests.commands.conftest import AC, BOB, HORN, MANIFEST, Room, refused

if TYPE_CHECKING:
    import pytest

SUCCEEDED, TIMEOUT, FAILED, PROGRESS = (
    pb.CommandResponse.SUCCEEDED,
    pb.CommandResponse.EXECUTION_TIMEOUT,
    pb.CommandResponse.EXECUTION_FAILED,
    pb.CommandResponse.IN_PROGRESS,
)


async def test_it_succeeds(room: Room) -> None:
    async with await room.car() as car:
        made = await room.send(reason="it is hot", id="c1")
        request = await room.request(car)
        assert (request.command_id, request.timeout_ms) == ("c1", 20_000)
        assert abs(request.issued_timestamp_ms - made.created.timestamp() * 1_000) < 1
        assert request.actuator.bool_value is True
        assert (request.actuator.signal_id, request.actuator.decoder_manifest_sync_id) == (2, MANIFEST.sync_id)
        await room.until("c1", "delivered")
        await room.answer("c1", PROGRESS, text="compressor starts")
        await room.until("c1", "in progress")
        await room.answer("c1", SUCCEEDED)
        found = await room.until("c1", "succeeded")
        assert found.sends == 1
        assert room.happened("c1") == ["waiting", "sent", "delivered", "in progress", "succeeded"]


async def test_it_fails_with_the_vehicle_s_reason(room: Room) -> None:
    async with await room.car() as car:
        await room.send(id="c1")
        await room.request(car)
        await room.answer("c1", FAILED, code=0x10001, text="compressor broken")
        found = await room.until("c1", "failed")
        assert (found.code, found.text) == (0x10001, "compressor broken")


async def test_the_vehicle_says_that_it_timed_out(room: Room) -> None:
    async with await room.car() as car:
        await room.send(id="c1")
        await room.request(car)
        await room.answer("c1", TIMEOUT, code=7)
        assert (await room.until("c1", "timed out")).code == 7


async def test_reports_of_progress_extend_nothing_and_a_late_answer_is_a_note(room: Room) -> None:
    async with await room.car() as car:
        await room.send(id="c1", timeout_ms=2_000)
        await room.request(car)
        for _ in range(3):
            await room.answer("c1", PROGRESS)
            await asyncio.sleep(0.7)
        found = await room.until("c1", "timed out")
        assert found.text == "the vehicle was at it"
        await room.answer("c1", SUCCEEDED)
        await room.counted('responses_total{what="note"}')
        assert room.execution("c1") == found
        assert room.happened("c1")[-2:] == ["timed out", "note"]


async def test_it_expires_before_delivery(room: Room) -> None:
    await room.send(id="c1", timeout_ms=500)
    found = await room.until("c1", "expired before delivery")
    assert found.text == "the vehicle is not connected"
    assert found.sends == 0
    async with await room.car() as car:
        await room.send(id="c2")
        assert (await room.request(car)).command_id == "c2"


async def test_it_waits_for_a_vehicle_that_is_away(room: Room) -> None:
    await room.send(id="c1")
    await asyncio.sleep(0.5)
    assert room.execution("c1").state == "waiting"
    async with await room.car() as car:
        assert (await room.request(car)).command_id == "c1"
        await room.until("c1", "delivered")


async def test_it_is_cancelled_while_it_waits_and_not_once_it_is_sent(room: Room) -> None:
    await room.send(id="c1")
    room.commands.records.cancel("acme", "c1", BOB)
    assert room.execution("c1").outcome == "cancelled"
    async with await room.car() as car:
        await room.send(id="c2")
        assert (await room.request(car)).command_id == "c2"
        with refused("cannot be cancelled"):
            room.commands.records.cancel("acme", "c2", BOB)
        with refused("cannot be cancelled"):
            room.commands.records.cancel("acme", "c1", BOB)


async def test_the_first_answer_counts_and_the_same_one_again_is_no_news(room: Room) -> None:
    async with await room.car() as car:
        await room.send(id="c1")
        await room.request(car)
        at = clock.now()
        await room.answer("c1", PROGRESS, at=at)  # a gateway gives what comes together one time
        await room.answer("c1", SUCCEEDED, at=at)
        await room.until("c1", "succeeded")
        await room.answer("c1", SUCCEEDED, at=at)
        await room.counted('responses_total{what="again"}')
        await room.answer("c1", FAILED, code=3)
        await room.counted('responses_total{what="note"}')
        assert room.execution("c1").outcome == "succeeded"
        assert room.happened("c1")[-3:] == ["in progress", "succeeded", "note"]


async def test_answers_that_no_command_waits_for(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    async with await room.car() as car:
        await room.send(id="c1")
        await room.request(car)
        await room.send(id="c2", vehicle="car-2")  # it is away
        await room.answer("never", SUCCEEDED)
        await room.counted('responses_total{what="unknown"}')
        await room.answer("c1", SUCCEEDED, vehicle="car-2")
        await room.counted('responses_total{what="wrong vehicle"}')
        await room.answer("c2", SUCCEEDED, vehicle="car-2")
        await room.counted('responses_total{what="not sent"}')
        await room.answer("c1", 99)
        await room.counted('responses_total{what="note"}')
        await room.answer_raw("car-1", b"\xff\xff")
        await room.counted('unreadable_total{of="response"}')
        assert room.execution("c1").outcome is None
        assert room.execution("c2", "car-2").state == "waiting"
        assert caplog.text.count("a response that no command waits for") == 3
        await room.answer("c1", SUCCEEDED)
        await room.until("c1", "succeeded")


async def test_a_vehicle_that_talks_without_end_does_not_fill_the_database(room: Room) -> None:
    async with await room.car() as car:
        await room.send(id="c1")
        await room.request(car)
        for _ in range(110):
            await room.answer("c1", PROGRESS)
        await room.counted('responses_total{what="too many"}', 5)
        assert len(room.happened("c1")) < 110
        await room.answer("c1", SUCCEEDED)
        await room.until("c1", "succeeded")


async def test_a_vehicle_that_does_not_acknowledge_is_sent_the_same_bytes_again(room: Room) -> None:
    car = await room.car()
    await room.send(id="c1")
    first = await car.expect(mqtt5.PublishPacket)
    await car.close()
    session = room.rig.gateway.sessions.get("acme", "car-1")
    assert session is not None
    room.rig.gateway.sessions.drop(session)  # as a gateway that was killed
    async with await room.car() as again:
        second = await again.expect(mqtt5.PublishPacket)
        assert second.payload == first.payload
        assert room.execution("c1").sends == 2


async def test_the_catalog_and_the_manifest_say_what_can_be_commanded(room: Room) -> None:
    for value, why in ((101, "largest value is 100 percent"), (-1, "from 0 to 255"), ("loud", "from 0 to 255")):
        with refused(why):
            await room.send(HORN, value)
    with refused("either true or false"):
        await room.send(AC, 1)
    with refused("no actuator but a sensor"):
        await room.send("Vehicle.Speed", 1)
    with refused("Did you mean"):
        await room.send("Vehicle.Hron", 1)
    with refused("no actuator in manifest"):
        await room.send("Vehicle.Cabin.HVAC.IsFrontDefrosterActive", True)
