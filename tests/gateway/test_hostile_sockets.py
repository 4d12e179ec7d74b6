"""What reaches the port without being MQTT over TLS: refused, counted, and no harm to others."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from typing import TYPE_CHECKING

import pytest
from mqtt5 import ConnectPacket

from kaido.flow import UpKind
from kaido.wire.topics import KAIDO
from tests.gateway.rig import Rig, until

if TYPE_CHECKING:
    from pathlib import Path


async def throw(port: int, data: bytes) -> None:
    """Send bytes over plain TCP, and read until the gateway closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    with contextlib.suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), 30)
    writer.transport.abort()


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\n\r\n",
        ConnectPacket("car-1").write(),
        b"\0" * 512,
    ],
    ids=["http", "proxy", "mqtt", "zeros"],
)
async def test_another_protocol(rig: Rig, data: bytes) -> None:
    await throw(rig.gateway.port, data)
    await until(lambda: rig.refused("not_tls") == 1)


async def test_garbage_harms_nobody(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(7)
    async with await rig.vehicle() as car:
        for size in (1, 2, 5, 6, 64, 512, 20_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", rig.gateway.port)
            writer.write(b"\x16\x03\x01" + dice.randbytes(size))
            await asyncio.sleep(0.01)
            writer.transport.abort()
            del reader
        await until(lambda: sum(v for k, v in rig.counters.items() if k.startswith("refused_total")) == 7)
        assert (await car.publish(KAIDO.up("car-1", UpKind.SIGNALS), b"x", 1)).reason_code == 0
    assert not [record for record in caplog.records if record.exc_info]


async def test_silence_ends_in_time(tmp_path: Path) -> None:
    async with Rig(tmp_path, gateway_handshake_seconds=0.5) as rig:
        async with await rig.client() as secure:
            _, plain = await asyncio.open_connection("127.0.0.1", rig.gateway.port)
            await secure.closed()
            await until(lambda: rig.refused("handshake_timeout") == 2)
            plain.transport.abort()
        await until(lambda: rig.gateway.report.gauges.get("sockets") == 0)


async def test_more_connections_than_allowed(tmp_path: Path) -> None:
    async with Rig(tmp_path, gateway_max_connections=1) as rig, await rig.vehicle():
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            await rig.client()
        assert rig.refused("too_many_connections") == 1


async def test_a_flood_of_refusals_does_not_flood_the_log(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(40):
            await throw(rig.gateway.port, b"GET / HTTP/1.1\r\n\r\n")
    await until(lambda: rig.refused("not_tls") == 40)
    assert 1 <= len([record for record in caplog.records if record.getMessage() == "refused"]) <= 20


async def test_a_client_that_vanishes_within_its_handshake(rig: Rig) -> None:
    for _ in range(5):
        _, writer = await asyncio.open_connection("127.0.0.1", rig.gateway.port)
        writer.transport.abort()
    await until(lambda: rig.refused("hang_up") == 5)


async def test_many_at_once_all_come_in(rig: Rig) -> None:
    names = [f"many-{number}" for number in range(150)]
    for name in names:
        rig.vehicles.register("acme", name)
    await rig.gateway.gatekeeper.refresh()
    for name in names:
        rig.credentials(name)
    cars = await asyncio.gather(*(rig.vehicle(name) for name in names))
    await until(lambda: rig.gateway.report.gauges.get("connections") == 150)
    await asyncio.gather(*(car.close() for car in cars))


async def test_a_silent_socket_costs_no_turn(rig: Rig) -> None:
    silent = [await asyncio.open_connection("127.0.0.1", rig.gateway.port) for _ in range(100)]
    async with await rig.vehicle():
        pass
    for _, writer in silent:
        writer.transport.abort()
    await until(lambda: not rig.gateway._links)
