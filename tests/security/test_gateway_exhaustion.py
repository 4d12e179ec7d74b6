"""Clients that want the gateway's memory, time or sockets for themselves: each is bounded, and others are served."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import mqtt5
import pytest
from mqtt5 import PublishPacket, QoS, SubscribePacket, TopicFilter

from kaido.flow import DownKind, UpKind
from kaido.gateway.connection import CONNECT_BYTES, PACKETS_PER_TICK
from kaido.gateway.packets import MOST_FILTERS, MOST_PROPERTIES
from kaido.wire.topics import KAIDO
from tests.gateway.rig import Rig, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.client import Client

TOPIC = KAIDO.up("car-1", UpKind.SIGNALS)
MANIFESTS = KAIDO.down("car-1", DownKind.DECODER_MANIFEST)
LARGE = 2_000_000


def length(size: int) -> bytes:
    """MQTT's variable byte integer."""
    encoded = bytearray()
    while True:
        size, low = divmod(size, 128)
        encoded.append(low | (128 if size else 0))
        if not size:
            return bytes(encoded)


def packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + length(len(body)) + body


def publish_with_properties(count: int) -> bytes:
    topic, properties = TOPIC.encode(), b"\x26\0\0\0\0" * count
    return packet(0x32, len(topic).to_bytes(2, "big") + topic + b"\0\1" + length(len(properties)) + properties + b"x")


async def subscribed(car: Client, *patterns: str, qos: QoS = QoS.AT_LEAST_ONCE) -> None:
    car.send(SubscribePacket(1, [TopicFilter(pattern, max_qos=qos) for pattern in patterns]))
    await car.expect(mqtt5.SubAckPacket)


async def unharmed(neighbour: Client) -> None:
    assert (await neighbour.publish(KAIDO.up("car-2", UpKind.SIGNALS), b"unharmed", 1)).reason_code == 0


@pytest.fixture
async def neighbour(rig: Rig) -> Client:
    rig.vehicles.register("acme", "car-2")
    await rig.gateway.gatekeeper.refresh()
    return await rig.vehicle("car-2")


async def test_a_huge_connect(rig: Rig) -> None:
    """What a client without a CONNECT costs is bounded, for it may open any number of connections."""
    fitting = mqtt5.ConnectPacket("car-1", clean_start=True, password=bytes(CONNECT_BYTES - 100))
    async with await rig.client() as car:
        car.send(fitting)
        assert (await car.expect(mqtt5.ConnAckPacket)).reason_code == 0
    async with await rig.client() as car:
        car.send(mqtt5.ConnectPacket("car-1", clean_start=True, password=bytes(CONNECT_BYTES)))
        assert (await car.expect(mqtt5.ConnAckPacket)).reason_code == 0x95
        await car.closed()


@pytest.mark.parametrize("drip", [b"\x10", b"\x10\x20\0\4MQTT"])
async def test_a_connect_that_drips(tmp_path: Path, drip: bytes) -> None:
    """Each byte is no new time for the rest."""
    async with Rig(tmp_path, gateway_handshake_seconds=1.0) as rig, await rig.client() as slow:
        slow.send(drip)
        reading = asyncio.create_task(slow.closed())
        while not reading.done():
            slow.send(b"\0") if len(drip) > 1 else None
            await asyncio.sleep(0.1)
        await reading
        assert rig.refused("handshake_timeout") == 1


async def test_silent_sockets_make_room_for_those_that_speak(tmp_path: Path) -> None:
    """A slow loris holds every place and says nothing: the oldest of its sockets gives way."""
    async with Rig(tmp_path, gateway_max_connections=5) as rig:
        silent = [await asyncio.open_connection("127.0.0.1", rig.gateway.port) for _ in range(5)]
        await until(lambda: len(rig.gateway._links) == 5)
        await until(lambda: rig.gateway.now > max(rig.gateway._silent.values()) + 2)
        async with await rig.vehicle() as car:
            assert (await car.publish(TOPIC, b"x", 1)).reason_code == 0
        assert rig.refused("too_many_connections") == 1
        for _, writer in silent:
            writer.transport.abort()
        await until(lambda: not rig.gateway._silent)


async def test_a_packet_full_of_properties(rig: Rig, neighbour: Client) -> None:
    async with await rig.vehicle() as car:
        car.send(publish_with_properties(MOST_PROPERTIES))
        await car.expect(mqtt5.PubAckPacket)
        car.send(publish_with_properties(50_000))
        await car.refused(0x97)
    assert rig.refused("excessive") == 1
    await unharmed(neighbour)


@pytest.mark.parametrize(("first", "entry"), [(0x82, b"\0\1a\0"), (0xA2, b"\0\1a")], ids=["SUBSCRIBE", "UNSUBSCRIBE"])
async def test_a_packet_full_of_filters(rig: Rig, neighbour: Client, first: int, entry: bytes) -> None:
    async with await rig.vehicle() as car:
        car.send(packet(first, b"\0\1\0" + entry * MOST_FILTERS))
        assert len((await car.packet()).reason_codes) == MOST_FILTERS
        car.send(packet(first, b"\0\1\0" + entry * 50_000))
        await car.refused(0x97)
    await unharmed(neighbour)


async def test_a_flood_of_small_packets(rig: Rig, neighbour: Client) -> None:
    async with await rig.vehicle() as car:
        car.send(b"\xc0\0" * 20 * PACKETS_PER_TICK)
        got = 0
        while isinstance(answer := await car.packet(), mqtt5.PingRespPacket):
            got += 1
        assert answer.reason_code == 0x96
        assert got <= 4 * PACKETS_PER_TICK
    await unharmed(neighbour)


async def test_topic_aliases_are_not_kept(rig: Rig) -> None:
    """There is no table of them that could be filled: the first one ends the connection."""
    async with await rig.vehicle() as car:
        car.send(PublishPacket(TOPIC, b"x", topic_alias=65_535))
        await car.refused(0x94)


async def test_one_that_never_reads_gets_no_more_at_qos_0(rig: Rig) -> None:
    async with await rig.vehicle() as car:
        await subscribed(car, "kaido/v/car-1/#", qos=QoS.AT_MOST_ONCE)
        car.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a read transport too
        for _ in range(40):
            await rig.down("car-1", DownKind.DECODER_MANIFEST, bytes(LARGE))
        await until(lambda: rig.counters['down_total{outcome="away"}'] > 20)
        (link,) = (each for each in rig.gateway._links if each.above)
        assert link._left_to_send() < 8 * LARGE
        car.writer.transport.abort()


async def test_one_that_never_reads_has_a_bounded_session(tmp_path: Path) -> None:
    async with Rig(tmp_path, gateway_session_bytes=4 * LARGE) as rig, await rig.vehicle() as car:
        await subscribed(car, "kaido/v/car-1/#")
        car.writer.transport.pause_reading()  # type: ignore[attr-defined]  # as above
        for _ in range(40):
            await rig.down("car-1", DownKind.DECODER_MANIFEST, bytes(LARGE))
        await until(lambda: rig.counters['down_total{outcome="dropped_oldest"}'] > 20)
        session = rig.gateway.sessions.get("acme", "car-1")
        assert session is not None
        assert session.waiting <= 4
        assert session._unacknowledged_bytes <= 5 * LARGE
        car.writer.transport.abort()


async def test_one_that_reads_and_never_acknowledges_has_a_bounded_session(tmp_path: Path) -> None:
    async with Rig(tmp_path, gateway_session_bytes=4 * LARGE) as rig, await rig.vehicle() as car:
        await subscribed(car, "kaido/v/car-1/#")
        first = []
        for _ in range(4):
            await rig.down("car-1", DownKind.DECODER_MANIFEST, bytes(LARGE))
            first.append(await car.expect(PublishPacket))
        for _ in range(16):
            await rig.down("car-1", DownKind.DECODER_MANIFEST, bytes(LARGE))
        session = rig.gateway.sessions.get("acme", "car-1")
        assert session is not None
        await until(lambda: rig.counters['down_total{outcome="dropped_oldest"}'] == 12)
        assert session._unacknowledged_bytes == 4 * LARGE
        for each in first:
            assert each.packet_id is not None
            car.send(mqtt5.PubAckPacket(each.packet_id))
        rest = [await car.expect(PublishPacket) for _ in range(4)]
        assert [len(each.payload) for each in rest] == [LARGE] * 4


async def test_a_slow_reader_gets_all_in_order(rig: Rig) -> None:
    """What had to wait for its reading comes when it reads again."""
    async with await rig.vehicle() as car:
        await subscribed(car, "kaido/v/car-1/#")
        car.writer.transport.pause_reading()  # type: ignore[attr-defined]  # as above
        for number in range(6):
            await rig.down("car-1", DownKind.DECODER_MANIFEST, bytes([number]) * LARGE)
        await until(lambda: any(link.choked for link in rig.gateway._links))
        car.writer.transport.resume_reading()  # type: ignore[attr-defined]  # as above
        assert [(await car.expect(PublishPacket)).payload[0] for _ in range(6)] == list(range(6))


async def test_a_large_document_on_a_slow_line_is_no_silence(rig: Rig) -> None:
    """While it takes bytes it is alive, though its pings wait behind them; when it takes none, it is not."""
    async with await rig.vehicle(keep_alive=2) as car:
        await subscribed(car, "kaido/v/car-1/#")
        for _ in range(5):
            await rig.down("car-1", DownKind.DECODER_MANIFEST, bytes(5_000_000))
        await until(lambda: any(link.choked for link in rig.gateway._links))
        for _ in range(10):  # longer than it may be silent
            await asyncio.sleep(0.4)
            await car.reader.readexactly(1_000_000)
        assert rig.counters['ended_total{reason="keep_alive"}'] == 0
        await until(lambda: rig.counters['ended_total{reason="keep_alive"}'] == 1)
        car.writer.transport.abort()


async def test_sessions_outlive_no_more_than_the_registered_vehicles(rig: Rig) -> None:
    """A session needs a registered vehicle's certificate, and a vehicle has one at a time."""
    for _ in range(20):
        await (await rig.vehicle(session_expiry_interval=2**32 - 1)).close()
    assert len(rig.gateway.sessions) == 1
