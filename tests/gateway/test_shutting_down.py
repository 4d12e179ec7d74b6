"""SIGTERM: no more is taken, what was taken reaches the disk, vehicles are told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import mqtt5
import pytest
from mqtt5 import PubAckPacket, PublishPacket, QoS

from kaido.errors import UnavailableError
from kaido.flow import UpKind
from kaido.gateway import worker
from kaido.gateway.listener import listen
from kaido.journal import gather_status
from kaido.wire.topics import KAIDO
from tests.gateway.rig import Rig

if TYPE_CHECKING:
    from pathlib import Path

TOPIC = KAIDO.up("car-1", UpKind.SIGNALS)


async def test_vehicles_are_acknowledged_and_told(rig: Rig) -> None:
    async with await rig.vehicle() as car:
        await car.publish(TOPIC, b"first", 1)
        car.send(*(PublishPacket(TOPIC, b"x", qos=QoS.AT_LEAST_ONCE, packet_id=number) for number in range(2, 20)))
        await car.expect(PubAckPacket)
        await rig.gateway.stop()
        answers = []
        while isinstance(packet := await car.packet(), PubAckPacket):
            answers.append(packet.packet_id)
        assert isinstance(packet, mqtt5.DisconnectPacket)
        assert packet.reason_code == mqtt5.DisconnectReasonCode.SERVER_SHUTTING_DOWN
        assert answers == list(range(3, 3 + len(answers)))
        assert len(await rig.journaled()) >= 2 + len(answers)
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        await asyncio.open_connection("127.0.0.1", rig.gateway.port)


async def test_the_worker_runs_until_it_is_told_to_stop(rig: Rig) -> None:
    settings = rig.settings.model_copy(update={"nats_url": rig.server.url, "nats_token": rig.server.token})
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(settings, stop))
    reports: list[dict[str, object]] = []
    async with asyncio.timeout(30):
        while not reports:
            reports = [each for each in await gather_status(rig.journal.nats, 0.5) if each["component"] == "gateway"]
    assert {"connections", "pending_bytes", "sessions"} <= set(reports[0]["gauges"])  # type: ignore[call-overload]  # JSON
    stop.set()
    await asyncio.wait_for(running, 30)


async def test_the_worker_starts_without_nats_and_stops_all_the_same(tmp_path: Path) -> None:
    settings = Rig(tmp_path, nats_url="nats://127.0.0.1:1").settings
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(settings, stop))
    await asyncio.sleep(0.5)
    assert not running.done()
    stop.set()
    await asyncio.wait_for(running, 30)


async def test_a_taken_port_is_named_with_what_to_do(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        settings = Rig(tmp_path, gateway_port=port).settings
        with pytest.raises(UnavailableError, match=f"port {port}.*KAIDO_GATEWAY_PORT"):
            await worker.run(settings, asyncio.Event())
        with pytest.raises(UnavailableError):
            listen("127.0.0.1", port, share=True)  # another program's port cannot be shared


def test_our_own_processes_may_share_a_port() -> None:
    with listen("127.0.0.1", 0, share=True) as first, listen("127.0.0.1", first.getsockname()[1], share=True) as second:
        assert first.getsockname() == second.getsockname()


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host"])
def test_an_address_that_is_not_here(host: str) -> None:
    with pytest.raises(Exception, match="KAIDO_GATEWAY_HOST"):
        listen(host, 0)
