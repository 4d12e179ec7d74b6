"""A platform for commands: store, NATS, a gateway, the courier; vehicles that speak raw MQTT."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self

import mqtt5
import pyarrow as pa
import pytest
from mqtt5 import PubAckPacket, QoS, SubscribePacket, TopicFilter

from kaido import flow
from kaido.catalog.actuator_signal import ActuatorSignal
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.signal import Signal
from kaido.catalog.store import CatalogStore
from kaido.commands import Command, Commands, Execution, Issuer, Key, nudge
from kaido.commands.courier import Courier
from kaido.commands.holding import Holding
from kaido.commands.policy import read_policy
from kaido.control.answers import Answers
from kaido.control.answers import Vehicle as Held
from kaido.control.checkins import Checkins
from kaido.control.presence import Presence
from kaido.errors import KaidoError
from kaido.flow import UpKind
from kaido.gateway.neighbours import Neighbours
from kaido.gateway.receipts import Receipts
from kaido.journal import encode_batch
from kaido.journal.responses import Responses
from kaido.runtime import clock
from kaido.runtime.status import Report
from kaido.store import Store
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire.topics import KAIDO
from tests.gateway.rig import WAIT, Rig, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.gateway.client import Client

AC = "Vehicle.Cabin.HVAC.IsAirConditioningActive"
HORN = "Vehicle.Horn"
SPEED = "Vehicle.Speed"
CATALOG = [
    Signal(AC, "actuator", "boolean"),
    Signal(HORN, "actuator", "uint8", "percent", min=0, max=100, critical=True),
    Signal(SPEED, "sensor", "float", "km/h"),
]
MANIFEST = DecoderManifest.of(
    "leaf",
    [CanSignal(SPEED, 0x100, 0, 16)],
    actuators=[ActuatorSignal(AC, "boolean"), ActuatorSignal(HORN, "uint8")],
)
ANN, BOB = Issuer("ann", "aaaa"), Issuer("bob", "bbbb")


def refused(why: str) -> pytest.RaisesExc[KaidoError]:
    """What follows is refused for this reason."""
    return pytest.raises(KaidoError, match=re.escape(why))


class Room:
    """Everything that a command passes on its way, and the tests' hand in it."""

    def __init__(self, folder: Path) -> None:
        self.rig = Rig(folder)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.rig)
        self.store = Store.open(self.rig.settings.database)
        self._stack.callback(self.store.close)
        catalog = CatalogStore(self.store)
        catalog.import_signals("acme", CATALOG)
        catalog.save_manifest("acme", MANIFEST)
        self.rig.vehicles.register("acme", "car-2")
        self.rig.gateway.gatekeeper.ask()
        await until(lambda: self.rig.gateway.gatekeeper.knows("acme", "car-2"))
        self.commands = Commands(self.store, self.rig.settings)
        self.answers = Answers()
        for vehicle in ("car-1", "car-2"):
            self.held(vehicle, MANIFEST.sync_id)
        self.nats = self.rig.journal.nats
        self.neighbours = Neighbours(self.nats, self.rig.gateway)
        await self.neighbours.listen()
        self._stack.push_async_callback(self.neighbours.close)
        receipts = Receipts(self.nats, self.rig.gateway)
        receipts.listen()
        self._stack.push_async_callback(receipts.close)
        self.report = Report("control")
        self.presence = Presence(self.nats, self.store, self.report)
        await self.presence.start()
        self._stack.push_async_callback(self.presence.stop)
        await self.start_courier()
        self._stack.push_async_callback(self.stop_courier)
        self.responses = Responses(self.rig.journal, self.rig.settings)
        self._answers = 0
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def start_courier(self) -> None:
        holding = Holding(self.answers, Checkins(self.store))
        self.courier = Courier(self.rig.journal, self.store, self.rig.settings, self.presence, holding, self.report)
        await self.courier.start()

    async def stop_courier(self) -> None:
        await self.courier.stop()

    def held(self, vehicle: str, *sync_ids: str) -> None:
        """What a vehicle said to some control at its last checkin."""
        known = Held(frozenset(sync_ids), clock.now().timestamp())
        Checkins(self.store).save([(("acme", vehicle), known)])

    def check_in(self, vehicle: str, *sync_ids: str) -> None:
        """What control does at a checkin."""
        self.answers.checkin("acme", vehicle, sync_ids, clock.now().timestamp())
        self.courier.has_checked_in("acme", vehicle)

    async def send(self, path: str = AC, value: object = True, vehicle: str = "car-1", **more: Any) -> Command:
        """What the API does."""
        given: dict[str, Any] = {"timeout_ms": 20_000, "issuer": ANN} | more
        issuer = given.pop("issuer")
        made = self.commands.send_actuator("acme", issuer, [vehicle], path, value, **given)
        await self.nats.publish(*nudge("acme", made.id))
        return made

    async def car(self, vehicle: str = "car-1") -> Client:
        """A vehicle that is connected and takes commands."""
        client = await self.rig.vehicle(vehicle, session_expiry_interval=60)
        filters = [TopicFilter(one, max_qos=QoS.AT_LEAST_ONCE) for one in KAIDO.subscriptions(vehicle)]
        client.send(SubscribePacket(1, filters))
        await client.expect(mqtt5.SubAckPacket)
        return client

    async def request(self, car: Client, *, acknowledge: bool = True) -> pb.CommandRequest:
        """The next command that a vehicle gets."""
        packet = await car.expect(mqtt5.PublishPacket)
        assert packet.topic.endswith("/request/protobuf")
        if acknowledge:
            assert packet.packet_id is not None
            car.send(PubAckPacket(packet.packet_id))
        return pb.CommandRequest.FromString(packet.payload)

    async def answer(
        self, command: str, status: int, vehicle: str = "car-1", code: int = 0, text: str = "", **more: Any
    ) -> None:
        """What ingest does when a vehicle answers."""
        said = pb.CommandResponse(
            status=status,  # type: ignore[arg-type]  # also what is none
            command_id=command,
            reason_code=code,
            reason_description=text,
        )
        await self.answer_raw(vehicle, said.SerializeToString(), **more)

    async def answer_raw(self, vehicle: str, payload: bytes, at: Any = None) -> None:
        row = [[vehicle], [int(UpKind.COMMAND_RESPONSE)], [at or clock.now()], [payload]]
        self._answers += 1
        await self.responses.publish(
            "acme", encode_batch(pa.record_batch(row, schema=flow.UP_SCHEMA)), f"test-{self._answers}"
        )

    def execution(self, command: str, vehicle: str = "car-1") -> Execution:
        return self.commands.records.execution("acme", command, vehicle)

    def happened(self, command: str, vehicle: str = "car-1") -> list[str]:
        return [one.what for one in self.commands.records.transitions(Key("acme", command, vehicle))]

    async def until(self, command: str, what: str, vehicle: str = "car-1") -> Execution:
        """Wait until a command has a state or an outcome."""
        async with asyncio.timeout(WAIT):
            while True:
                found = await asyncio.to_thread(self.execution, command, vehicle)
                if what in {found.state.value, found.outcome and found.outcome.value}:
                    return found
                assert found.outcome is None, found
                await asyncio.sleep(0.02)

    async def counted(self, name: str, count: int = 1) -> None:
        async with asyncio.timeout(WAIT):
            while self.report.counters[name] < count:  # noqa: ASYNC110  # a test
                await asyncio.sleep(0.02)

    def set_policy(self, document: dict[str, Any]) -> None:
        self.commands.policies.set("acme", read_policy(document), "ann")


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(tmp_path) as made:
        yield made
