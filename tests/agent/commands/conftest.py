"""A vehicle with actuators, and a cloud that can say anything to it."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from kaido.agent import Agent, MemorySource
from kaido.agent.commands import Actuators
from kaido.agent.documents import Documents
from kaido.catalog.actuator_signal import ActuatorSignal
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.flow import DownKind
from kaido.runtime import clock, tasks
from kaido.runtime.status import Report
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire.topics import FLEETWISE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kaido.agent.commands import Order
    from kaido.agent.config import AgentConfig
    from kaido.agent.testing import Broker

HVAC = "Vehicle.Cabin.HVAC.IsAirConditioningActive"
LIMIT = "Vehicle.Powertrain.TractionBattery.Charging.ChargeLimit"
HORN = "Vehicle.Body.Horn.IsActive"
MANIFEST = DecoderManifest.of(
    "model",
    [CanSignal("Vehicle.Speed", 0x100, 0, 16, factor=0.01)],
    actuators=[ActuatorSignal(HVAC, "boolean"), ActuatorSignal(LIMIT, "uint8"), ActuatorSignal(HORN, "boolean")],
)
WAIT = 30.0

Response = pb.CommandResponse


def request(command_id: str = "c1", path: str = HVAC, **changes: Any) -> bytes:
    """A CommandRequest; ``value`` is of the field ``of`` (bool_value)."""
    value = {changes.pop("of", "bool_value"): changes.pop("value", True)}
    signal_id = changes.pop("signal_id", None) or MANIFEST.actuator_id_of(path)
    manifest = changes.pop("manifest", MANIFEST.sync_id)
    actuator = pb.ActuatorCommand(signal_id=signal_id, decoder_manifest_sync_id=manifest, **value)
    stated = {"timeout_ms": 60_000, "issued_timestamp_ms": clock.now_ms(), "actuator": actuator, **changes}
    return pb.CommandRequest(command_id=command_id, **stated).SerializeToString()


@dataclass
class Recorder:
    """An actuator that remembers its orders, and waits where it is told to."""

    orders: list[Order] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    at_work: int = 0
    most_at_work: int = 0

    async def __call__(self, order: Order) -> None:
        self.orders.append(order)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            await self.gate.wait()
        finally:
            self.at_work -= 1

    @property
    def values(self) -> list[Any]:
        return [order.value for order in self.orders]


@dataclass
class Site:
    """The cloud's end."""

    broker: Broker
    config: AgentConfig
    actuators: Actuators
    recorder: Recorder
    agent: Agent | None = None
    task: asyncio.Task[Any] | None = None

    async def start(self) -> None:
        """Start the agent, or start it again on what it left."""
        kept = Documents(self.config.state, Report("agent"))
        kept.load()
        kept.take(DownKind.DECODER_MANIFEST, MANIFEST.to_wire().SerializeToString())
        before = len(self.broker.payloads("checkins"))
        self.agent = Agent(self.config, MemorySource(), actuators=self.actuators)
        self.task = asyncio.create_task(self.agent.run(asyncio.Event()))
        await self.until(lambda: len(self.broker.payloads("checkins")) > before)

    async def stop(self) -> None:
        assert self.task is not None
        await tasks.end([self.task])

    def send(self, payload: bytes, command_id: str = "c1") -> None:
        self.broker.send(FLEETWISE.down("car-1", DownKind.COMMAND_REQUEST, command_id), payload)

    def sign(self, signature: bytes, command_id: str = "c1") -> None:
        self.broker.send(FLEETWISE.down("car-1", DownKind.COMMAND_SIGNATURE, command_id), signature)

    def responses(self, command_id: str = "c1") -> list[Response]:
        found = [Response.FromString(one) for one in self.broker.payloads(f"executions/{command_id}/response/protobuf")]
        assert all(one.command_id == command_id for one in found)
        return found

    async def response(self, command_id: str = "c1", number: int = 1) -> Response:
        """The number-th response."""
        await self.until(lambda: len(self.responses(command_id)) >= number)
        return self.responses(command_id)[number - 1]

    async def ask(self, payload: bytes, command_id: str = "c1") -> tuple[int, int]:
        """Status and reason code of the first response."""
        self.send(payload, command_id)
        answer = await self.response(command_id)
        return answer.status, answer.reason_code

    def counted(self, text: str) -> float:
        assert self.agent is not None
        return sum(value for name, value in self.agent.report.counters.items() if text in name)

    @staticmethod
    async def until(true: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT):
            while not true():  # noqa: ASYNC110  # a test
                await asyncio.sleep(0.005)


@pytest.fixture
async def resting(broker: Broker, make_config: Callable[..., AgentConfig]) -> AsyncIterator[Site]:
    """Nothing runs yet."""
    actuators, recorder = Actuators(), Recorder()
    recorder.gate.set()
    actuators.register("Vehicle.Cabin.HVAC.*", recorder)
    actuators.register(LIMIT, recorder, least=50, most=100)
    site = Site(broker, make_config(broker.port), actuators, recorder)
    yield site
    if site.task is not None:
        with contextlib.suppress(Exception):
            await site.stop()


@pytest.fixture
async def site(resting: Site) -> Site:
    await resting.start()
    return resting
