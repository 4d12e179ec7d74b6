from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kaido.sim.load import LoadClient, LoadVehicle, Server, opaque, vehicle_data, wavy_samples
from kaido.wire.kaido_wire_pb2 import VehicleData
from tests.sim.authority import Authority
from tests.sim.sink import Sink

if TYPE_CHECKING:
    from pathlib import Path

PAYLOADS = [opaque(100)]


def vehicles(count: int) -> list[LoadVehicle]:
    return [LoadVehicle(f"car-{number}", PAYLOADS) for number in range(count)]


async def test_every_publish_is_distinct_and_every_one_acknowledged() -> None:
    data = [
        vehicle_data("c@1", "m@1", wavy_samples(100, range(1, 11), first=first), 1_700_000_000_000) for first in (0, 7)
    ]
    cars = [LoadVehicle(f"car-{number}", data) for number in range(5)]
    async with Sink(keep=True) as sink, LoadClient(Server("127.0.0.1", sink.port), cars, window=8) as client:
        connected = await client.connect()
        figures = await client.publish(0.3)
    assert connected.count == 5
    assert figures.acknowledged > 0
    assert client.tally.acknowledged == client.tally.sent == sink.received
    assert figures.lost == {}
    seen = {(packet.topic, packet.payload) for packet in sink.packets}
    assert len(seen) == sink.received
    assert {topic for topic, _ in seen} == {f"kaido/v/car-{number}/signals" for number in range(5)}
    assert all(len(VehicleData.FromString(payload).captured_signals) == 100 for _, payload in seen)


async def test_a_rate_is_kept() -> None:
    async with Sink() as sink, LoadClient(Server("127.0.0.1", sink.port), vehicles(10)) as client:
        await client.connect()
        await client.publish(0.5, rate=1_000)
        assert 0 < client.tally.sent <= 500
        assert sink.received == client.tally.sent


async def test_a_rate_is_kept_in_bursts() -> None:
    async with Sink(keep=True) as sink, LoadClient(Server("127.0.0.1", sink.port), vehicles(10)) as client:
        await client.connect()
        await client.publish(0.5, rate=1_000, burst=8)
        assert 0 < client.tally.sent <= 500
        assert client.tally.sent % 8 == 0
        assert sink.received == client.tally.sent
        topics = [packet.topic for packet in sink.packets]
        assert all(len(set(topics[start : start + 8])) == 1 for start in range(0, len(topics), 8))


async def test_what_was_not_acknowledged_goes_out_again_over_the_next_connection() -> None:
    async with Sink(keep=True) as sink, LoadClient(Server("127.0.0.1", sink.port), vehicles(3), window=4) as client:
        await client.connect()
        sink.answering = False
        publishing = asyncio.create_task(client.publish(0.2))
        async with asyncio.timeout(30):
            while sink.received < 12:  # noqa: ASYNC110  # the sink is a peer; there is nothing to wait on
                await asyncio.sleep(0.01)
        first = {packet.payload for packet in sink.packets}
        sink.packets.clear()
        sink.answering = True
        for session in list(sink.open):
            session.transport.abort()
        figures = await publishing
        assert figures.resent == 12
        assert client.tally.acknowledged == client.tally.sent
        assert first <= {packet.payload for packet in sink.packets}
        assert sum(figures.lost.values()) == 3


async def test_all_come_back_after_a_storm() -> None:
    async with Sink() as sink, LoadClient(Server("127.0.0.1", sink.port), vehicles(200)) as client:
        await client.connect()
        again = await client.storm()
        assert again.count == client.up == 200
        assert sink.connections == 400


async def test_vehicles_take_turns_on_fewer_connections() -> None:
    async with Sink(keep=True) as sink:
        server = Server("127.0.0.1", sink.port)
        async with LoadClient(server, vehicles(6), connections=2, turn=5, window=4) as client:
            await client.connect()
            await client.publish(1.2)
        assert {packet.topic for packet in sink.packets} == {f"kaido/v/car-{number}/signals" for number in range(6)}
        assert len(sink.open) <= 2


async def test_a_server_that_is_away_is_a_count_and_no_trace() -> None:
    async with Sink() as sink:
        port = sink.port
    async with LoadClient(Server("127.0.0.1", port), vehicles(3)) as client:
        connected = await client.connect()
    assert connected.count == 0
    assert sum(connected.refused.values()) == 3


async def test_mutual_tls_with_a_certificate_of_each_vehicle_and_sessions_resumed(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    cars = [LoadVehicle(f"car-{number}", PAYLOADS, authority.client(f"car-{number}")) for number in range(4)]
    async with Sink(tls=authority.server()) as sink:
        server = Server("127.0.0.1", sink.port, authority.ca)
        async with LoadClient(server, cars) as client:
            assert (await client.connect()).refused == {}
            figures = await client.publish(0.2)
            assert figures.acknowledged > 0
            assert (await client.storm()).resumed == 4
        stranger = Authority(tmp_path / "stranger")
        wrong = [LoadVehicle("car-0", PAYLOADS, stranger.client("car-0"))]
        async with LoadClient(server, wrong, timeout_s=5) as client:
            refused = await client.connect()
            assert refused.count == 0
        distrustful = Server("127.0.0.1", sink.port, stranger.ca)
        async with LoadClient(distrustful, cars[:1], timeout_s=5) as client:
            (why,) = (await client.connect()).refused
            assert "CERTIFICATE_VERIFY_FAILED" in why


@pytest.mark.parametrize("garbage", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xf0\xff\xff\xff\xff\xff", b"\x00\x00"])
async def test_a_server_of_another_kind_is_a_count_and_no_trace(garbage: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(garbage)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, LoadClient(Server("127.0.0.1", server.sockets[0].getsockname()[1]), vehicles(1)) as client:
        connected = await client.connect()
    assert sum(connected.refused.values()) == 1
