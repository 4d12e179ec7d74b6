"""Whatever ends in between, each command has its one outcome, and a vehicle gets it once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import mqtt5
import pytest
from mqtt5 import PubAckPacket, QoS, SubscribePacket, TopicFilter

from kaido.commands.courier import NOT_SEEN_TO
from kaido.company import Directory
from kaido.errors import UnavailableError
from kaido.gateway import Gateway
from kaido.gateway.downlink import Downlink
from kaido.gateway.neighbours import Neighbours
from kaido.gateway.receipts import Receipts
from kaido.runtime import settings as settings_module
from kaido.store import Store
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire.topics import KAIDO
from tests.commands.conftest import AC, ANN, Room
from tests.gateway.client import Client, tls_context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class RoomOfProcesses(Room):
    """Control is a process of its own, which can be killed."""

    process: asyncio.subprocess.Process | None = None

    async def start_courier(self) -> None:
        settings = self.rig.settings.model_copy(
            update={"nats_url": self.rig.server.url, "nats_token": self.rig.server.token}
        )
        environment = {**os.environ, **settings_module.environment(settings)}
        command = [sys.executable, "-m", "kaido.platform.child", "control"]
        self.process = await asyncio.create_subprocess_exec(
            *command, env=environment, stderr=asyncio.subprocess.DEVNULL
        )

    async def stop_courier(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[RoomOfProcesses]:
    async with RoomOfProcesses(tmp_path) as made:
        yield made


async def test_control_is_killed_in_mid_flight(processes: RoomOfProcesses) -> None:
    room = processes
    async with await room.car() as car:
        await room.send(id="c1", timeout_ms=60_000)
        await room.request(car, acknowledge=False)
        await room.stop_courier()
        await room.send(id="c2", timeout_ms=60_000)  # nobody is there to send it
        await room.answer("c1", pb.CommandResponse.SUCCEEDED)  # nor to hear this
        await room.send(id="c3", vehicle="car-2", timeout_ms=500)
        await asyncio.sleep(0.6)
        await room.start_courier()
        assert (await room.request(car)).command_id == "c2"
        await room.until("c1", "succeeded")
        assert (await room.until("c3", "expired before delivery", "car-2")).text == NOT_SEEN_TO
        await room.stop_courier()
        await room.answer("c2", pb.CommandResponse.EXECUTION_FAILED, code=9)
        await room.start_courier()
        assert (await room.until("c2", "failed")).code == 9
        assert room.happened("c1").count("succeeded") == 1
        assert room.happened("c2").count("failed") == 1


async def test_nats_ends_and_comes_back(room: Room) -> None:
    async with await room.car() as car:
        await room.send(id="c1", timeout_ms=60_000)
        await room.request(car)
        await room.answer("c1", pb.CommandResponse.IN_PROGRESS)
        await room.until("c1", "in progress")
        os.kill(room.rig.server.pid, signal.SIGKILL)
        room.commands.send_actuator("acme", ANN, ["car-1"], AC, False, timeout_ms=60_000, id="c2")
        assert (await room.request(car)).command_id == "c2"
        while True:
            try:
                await room.answer("c1", pb.CommandResponse.SUCCEEDED)
                break
            except UnavailableError:
                await asyncio.sleep(0.2)
        await room.until("c1", "succeeded")


@asynccontextmanager
async def second_gateway(room: Room) -> AsyncIterator[Gateway]:
    store = Store.open(room.rig.settings.database)
    gateway = Gateway(room.rig.settings, Directory(store))
    await Downlink(gateway.sessions, gateway.report).listen(room.nats)
    neighbours, receipts = Neighbours(room.nats, gateway), Receipts(room.nats, gateway)
    await neighbours.listen()
    receipts.listen()
    gateway.attach(room.rig.journal, room.nats.max_payload)
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()
        await neighbours.close()
        await receipts.close()
        store.close()


async def test_two_gateways_deliver_a_command_once(room: Room) -> None:
    async with second_gateway(room) as other:
        here = await room.car()
        await room.send(id="c1", timeout_ms=60_000)
        first = await here.expect(mqtt5.PublishPacket)  # and no PUBACK: it goes elsewhere now
        there = await Client.open(other.port, tls_context(room.rig.trust, room.rig.credentials()))
        await there.connect("car-1", clean_start=False, session_expiry_interval=60)
        filters = [TopicFilter(one, max_qos=QoS.AT_LEAST_ONCE) for one in KAIDO.subscriptions("car-1")]
        there.send(SubscribePacket(1, filters))
        await there.expect(mqtt5.SubAckPacket)
        second = await there.expect(mqtt5.PublishPacket)
        assert second.payload == first.payload
        assert second.packet_id is not None
        there.send(PubAckPacket(second.packet_id))
        await room.until("c1", "delivered")
        await room.send(id="c2", timeout_ms=60_000)
        third = await there.expect(mqtt5.PublishPacket)
        assert pb.CommandRequest.FromString(third.payload).command_id == "c2"
        assert room.rig.counters['down_total{outcome="sent"}'] == 1
        assert other.report.counters['down_total{outcome="sent"}'] == 2
        await there.close()
