"""A vehicle's day with each client that nobody here wrote, in both spellings of the topics."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from kaido.flow import DownKind, UpKind
from kaido.wire.topics import FLEETWISE, KAIDO, Prefixes
from tests.gateway.rig import until
from tests.link.car import Message, Will
from tests.link.conftest import CLIENTS, Garage

if TYPE_CHECKING:
    from tests.gateway.rig import Rig

SPELLINGS = pytest.mark.parametrize("spelling", [FLEETWISE, KAIDO], ids=["aws", "kaido"])
TOPIC = KAIDO.up("car-1", UpKind.SIGNALS)
LARGEST = 131_072
"""The largest payload that a FleetWise edge agent sends, bytes."""


async def left(rig: Rig) -> None:
    await until(lambda: not any(session.connection for session in rig.gateway.sessions))


async def payloads(rig: Rig) -> list[bytes]:
    return [row["payload"] for row in await rig.journaled()]


@SPELLINGS
async def test_what_is_published_is_kept(rig: Rig, garage: Garage, spelling: Prefixes) -> None:
    car = await garage.connected()
    sent = [b"%d" % number for number in range(20)]
    for number, payload in enumerate(sent):
        assert await car.publish(spelling.up("car-1", UpKind.SIGNALS), payload, qos=number % 2) == 0
    assert await car.publish(spelling.up("car-1", UpKind.SIGNALS), bytes(LARGEST)) == 0
    assert await car.publish(spelling.up("car-1", UpKind.CHECKIN), b"checkin") == 0
    assert await car.publish(spelling.up("car-1", UpKind.COMMAND_RESPONSE, "c1"), b"done") == 0
    assert await payloads(rig) == [*sent, bytes(LARGEST), b"checkin", b"done"]


@SPELLINGS
async def test_every_kind_of_message_comes_down(rig: Rig, garage: Garage, spelling: Prefixes) -> None:
    car = await garage.connected()
    assert await car.subscribe(spelling.subscriptions("car-1")) == [1] * len(DownKind)
    for kind in DownKind:
        await rig.down("car-1", kind, b"content", id="c1")
        assert await car.message() == Message(spelling.down("car-1", kind, "c1"), b"content", 1)


async def test_a_large_document_comes_down_whole(rig: Rig, garage: Garage) -> None:
    content = bytes(range(256)) * 16_000
    car = await garage.connected()
    await car.subscribe(FLEETWISE.subscriptions("car-1"))
    await rig.down("car-1", DownKind.DECODER_MANIFEST, content)
    assert (await car.message()).payload == content


async def test_a_session_is_resumed_with_what_waited(rig: Rig, garage: Garage) -> None:
    car = await garage.connected()
    await car.subscribe(FLEETWISE.subscriptions("car-1"))
    await car.vanish()
    await left(rig)
    for number in range(3):
        await rig.down("car-1", DownKind.COMMAND_REQUEST, b"%d" % number, id=f"c{number}")
    session = rig.gateway.sessions.get("acme", "car-1")
    assert session is not None
    await until(lambda: session.waiting == 3)
    again = garage.car()
    assert await again.connect(garage.how(clean=False)) is True
    assert [(await again.message()).payload for _ in range(3)] == [b"0", b"1", b"2"]


async def test_a_session_ends_when_it_expires_or_at_a_clean_start(rig: Rig, garage: Garage) -> None:
    for expiry, clean, present in ((60, False, True), (60, True, False), (1, False, False), (0, False, False)):
        car = await garage.connected(expiry=expiry)
        await car.goodbye()
        await left(rig)
        if expiry == 1:
            await until(lambda: not len(rig.gateway.sessions))
        again = garage.car()
        assert await again.connect(garage.how(clean=clean, expiry=0)) is present, (expiry, clean)
        await again.goodbye()
        await left(rig)


async def test_a_will_is_kept_when_the_vehicle_is_lost_and_forgotten_after_a_good_bye(rig: Rig, garage: Garage) -> None:
    await (await garage.connected(expiry=0, will=Will(TOPIC, b"not this one"))).goodbye()
    await left(rig)
    await (await garage.connected(expiry=0, will=Will(TOPIC, b"lost"))).vanish()
    await until(lambda: rig.gateway.lanes.journaled == 1)
    assert await payloads(rig) == [b"lost"]


async def test_a_will_on_a_topic_of_its_own_that_nobody_reads_is_taken_and_forgotten(rig: Rig, garage: Garage) -> None:
    await (await garage.connected(expiry=0, will=Will("kaido/v/car-1/status", b"offline"))).vanish()
    await left(rig)
    car = await garage.connected()
    assert await car.publish(TOPIC, b"back") == 0
    assert await payloads(rig) == [b"back"]


async def test_a_second_connection_takes_over(rig: Rig, garage: Garage) -> None:
    first = await garage.connected()
    await first.subscribe(FLEETWISE.subscriptions("car-1"))
    second = garage.car()
    assert await second.connect(garage.how(clean=False)) is True
    assert await first.ended() == 0x8E
    await rig.down("car-1", DownKind.COMMAND_REQUEST, b"x", id="c1")
    assert (await second.message()).payload == b"x"


async def test_they_stay_by_their_own_pings(rig: Rig) -> None:
    """All at once: each takes its time."""
    keep_alive = 5  # aiomqtt looks once a second: a shorter one leaves it no time on a busy machine
    async with AsyncExitStack() as stack:
        cars = []
        for name, make in CLIENTS.items():
            rig.vehicles.register("acme", name)
            await rig.gateway.gatekeeper.refresh()
            garage = Garage(rig, make, stack)
            credentials = rig.credentials(name)
            cars.append(await garage.connected(client_id=name, credentials=credentials, keep_alive=keep_alive))
        await asyncio.sleep(1.8 * keep_alive)
        for name, car in zip(CLIENTS, cars, strict=True):
            assert await car.publish(KAIDO.up(name, UpKind.SIGNALS), b"still here") == 0
    assert rig.counters['ended_total{reason="keep_alive"}'] == 0


async def test_it_is_told_that_it_was_revoked(rig: Rig, garage: Garage) -> None:
    car = await garage.connected()
    rig.vehicles.revoke("acme", "car-1")
    assert await car.ended() == 0x98


async def test_it_is_told_that_the_gateway_shuts_down(rig: Rig, garage: Garage) -> None:
    car = await garage.connected()
    assert await car.publish(TOPIC, b"kept") == 0
    ending, _ = await asyncio.gather(car.ended(), rig.gateway.stop())
    assert ending == 0x8B
