"""The journal away: nothing is acknowledged, memory stays bounded, and all of it flows again when it is back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING

import mqtt5
import pytest
from mqtt5 import PubAckPacket, PublishPacket, QoS

from kaido.flow import DownKind, UpKind
from kaido.wire.topics import KAIDO
from tests.gateway.client import tls_context
from tests.gateway.rig import Rig, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOPIC = KAIDO.up("car-1", UpKind.SIGNALS)


@contextlib.contextmanager
def frozen(rig: Rig) -> Iterator[None]:
    """NATS is there and says nothing."""
    os.kill(rig.server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(rig.server.pid, signal.SIGCONT)


async def test_no_acknowledgement_while_the_journal_is_silent(rig: Rig) -> None:
    async with await rig.vehicle() as car:
        await car.publish(TOPIC, b"before", 1)
        with frozen(rig):
            car.send(PublishPacket(TOPIC, b"during", qos=QoS.AT_LEAST_ONCE, packet_id=2))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(car.packet(), 0.7)
        assert (await car.expect(PubAckPacket)).packet_id == 2
    assert [row["payload"] for row in await rig.journaled()] == [b"before", b"during"]


async def test_killed_in_mid_flow_nothing_acknowledged_is_lost_and_all_flows_again(rig: Rig) -> None:
    acknowledged: set[bytes] = set()
    async with await rig.vehicle() as car:

        async def drive() -> None:
            for number in range(400):
                payload = b"%d" % number
                answer = await car.publish(TOPIC, payload, number + 1)
                assert answer.reason_code == 0
                acknowledged.add(payload)

        driving = asyncio.create_task(drive())
        for kills in range(3):
            await until(lambda: len(acknowledged) >= 100 * kills + 20)  # noqa: B023  # it is awaited here
            os.kill(rig.server.pid, signal.SIGKILL)
        await asyncio.wait_for(driving, 30)
    rows = [row["payload"] for row in await rig.journaled()]
    assert len(acknowledged) == 400
    assert sorted(rows) == sorted(acknowledged)  # each once, though batches were tried again


async def test_memory_is_bounded_and_sockets_stop_being_read(tmp_path: Path) -> None:
    async with Rig(tmp_path, gateway_pending_bytes=1_000_000, gateway_batch_bytes=100_000) as rig:
        for number in range(2, 6):
            rig.vehicles.register("acme", f"car-{number}")
        await rig.gateway.gatekeeper.refresh()
        names = [f"car-{number}" for number in range(1, 6)]
        cars = [await rig.vehicle(name) for name in names]
        with frozen(rig):
            sent = 0
            for packet_id in range(1, 61):
                for name, car in zip(names, cars, strict=True):
                    topic = KAIDO.up(name, UpKind.SIGNALS)
                    car.send(PublishPacket(topic, bytes(50_000), qos=QoS.AT_LEAST_ONCE, packet_id=packet_id))
                    sent += 1
            await until(lambda: not rig.gateway.reading)
            await asyncio.sleep(0.5)
            # What one read of a socket may still bring is on top of the bound, and no more.
            assert 1_000_000 <= rig.gateway.lanes.pending < 1_000_000 + 600_000
            assert not any(link._transport.is_reading() for link in rig.gateway._links if link._transport)
        for car in cars:
            for packet_id in range(1, 61):
                assert (await car.expect(PubAckPacket)).packet_id == packet_id
        assert rig.gateway.reading
        assert rig.gateway.lanes.pending == 0
        assert len(await rig.journaled()) == sent
        for car in cars:
            await car.close()


async def test_while_the_journal_is_away_a_connect_is_told_so(rig: Rig) -> None:
    for guard in rig.server._guards:  # they would start NATS again
        guard.cancel()
    os.kill(rig.server.pid, signal.SIGKILL)
    await until(lambda: not rig.gateway.ready)
    async with await rig.client() as car:
        assert (await car.connect("car-1")).reason_code == mqtt5.ConnAckReasonCode.SERVER_UNAVAILABLE
    assert rig.refused("journal_away") == 1
    await until(lambda: "journal" in rig.gateway.report.problems)


async def test_a_client_that_does_not_read_is_not_read_from(rig: Rig) -> None:
    async with await rig.vehicle() as busy:
        context = tls_context(rig.trust, rig.credentials())
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", rig.gateway.port, ssl=context, server_hostname="localhost", limit=1
        )
        writer.write(mqtt5.ConnectPacket("car-1", clean_start=True).write())
        await busy.refused(0x8E)
        writer.write(mqtt5.SubscribePacket(1, [mqtt5.TopicFilter("kaido/v/car-1/#")]).write())
        await reader.read(1)
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a socket's
        await until(lambda: (found := rig.gateway.sessions.get("acme", "car-1")) and found.subscriptions)
        for _ in range(5):
            await rig.down("car-1", DownKind.DECODER_MANIFEST, bytes(5_000_000))
        await until(lambda: any(link.choked for link in rig.gateway._links))
        writer.transport.abort()
    await until(lambda: not rig.gateway._links)
