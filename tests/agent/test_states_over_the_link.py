"""State templates from the cloud's document to its data, over a connection: the agent as a whole."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from kaido.agent import Agent, MemorySource
from kaido.agent.commands.outcomes import Reason
from kaido.can.frames import Frames
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.runtime import clock
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire import snappy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kaido.agent.config import AgentConfig
    from kaido.agent.testing import Broker

    MakeConfig = Callable[..., AgentConfig]

P = "$aws/iotfleetwise/vehicles/car-1/"
C = "$aws/commands/things/car-1/executions/"
MANIFEST = DecoderManifest.of("leaf", [CanSignal("Vehicle.Door", 0x100, 0, 1), CanSignal("Vehicle.Speed", 0x100, 8, 8)])
DOORS, DRIVE = "doors@1", "drive@1"


class Car:
    """An agent on a bus, and the cloud that it is connected to."""

    def __init__(self, broker: Broker, config: AgentConfig) -> None:
        self.broker = broker
        self.source = MemorySource()
        self.agent = Agent(config, self.source)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Car]:
        stop = asyncio.Event()
        task = asyncio.create_task(self.agent.run(stop))
        try:
            await self.until(lambda: bool(self.broker.connections and self.broker.filters))
            yield self
        finally:
            stop.set()
            async with asyncio.timeout(30):
                await task

    async def until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(30):
            while not true():  # noqa: ASYNC110  # a test
                await asyncio.sleep(0.01)

    async def hold(self, *documents: tuple[str, bytes], lists: list[str]) -> None:
        """Send documents, and wait until a checkin lists these ids."""
        for tail, payload in documents:
            self.broker.send(P + tail, payload)
        await self.until(lambda: self.checkins() and self.checkins()[-1] == lists)

    async def drive(self, door: int, speed: int) -> None:
        data = np.array([[door, speed, 0, 0, 0, 0, 0, 0]], np.uint8)
        columns = (np.array([0x100], np.uint32), np.zeros(1, np.uint8), np.full(1, 8, np.uint8))
        await self.source.put(Frames(np.array([clock.now_us()]), np.zeros(1, np.uint16), ("can0",), *columns, data))

    async def command(self, name: str, *operations: tuple[str, str], seconds: int = 0) -> pb.CommandResponse:
        request = pb.CommandRequest(command_id=name, timeout_ms=60_000, issued_timestamp_ms=clock.now_ms())
        for sync_id, operation in operations:
            one = request.last_known_state.state_templates.add(state_template_sync_id=sync_id)
            getattr(one, operation).SetInParent()
            if operation == "activate":
                one.activate.deactivate_after_seconds = seconds
        self.broker.send(f"{C}{name}/request/protobuf", request.SerializeToString())
        await self.until(lambda: self.broker.payloads(f"{name}/response/protobuf"))
        (response,) = self.broker.payloads(f"{name}/response/protobuf")
        return pb.CommandResponse.FromString(response)

    def checkins(self) -> list[list[str]]:
        return [list(pb.Checkin.FromString(one).document_sync_ids) for one in self.broker.payloads("checkins")]

    def told(self) -> list[tuple[str, int, float]]:
        found = []
        for payload in self.broker.payloads("last_known_states/data"):
            data = pb.LastKnownStateData.FromString(snappy.decompress(payload))
            for template in data.captured_state_template_signals:
                for one in template.captured_signals:
                    kind = one.WhichOneof("value")
                    assert kind is not None
                    found.append((template.state_template_sync_id, one.signal_id, float(getattr(one, kind))))
        return found


def templates(version: int = 1, manifest: str = MANIFEST.sync_id) -> bytes:
    message = pb.StateTemplates(decoder_manifest_sync_id=manifest, version=version)
    message.state_templates_to_add.add(sync_id=DOORS, signal_ids=[1]).on_change.SetInParent()
    message.state_templates_to_add.add(sync_id=DRIVE, signal_ids=[2]).periodic.period_ms = 50
    return message.SerializeToString()


MANIFEST_DOCUMENT = ("decoder_manifests", MANIFEST.to_wire().SerializeToString())
TEMPLATES = ("last_known_states/config", templates())
ALL = [MANIFEST.sync_id, DOORS, DRIVE]


@pytest.fixture
def car(broker: Broker, make_config: MakeConfig) -> Car:
    return Car(broker, make_config(broker.port))


async def test_from_the_templates_to_their_values(car: Car) -> None:
    async with car.running():
        await car.hold(MANIFEST_DOCUMENT, TEMPLATES, lists=ALL)
        await car.drive(1, 10)
        assert (await car.command("c1", (DOORS, "activate"))).status == pb.CommandResponse.SUCCEEDED
        await car.until(lambda: (DOORS, 1, 1.0) in car.told())
        await car.drive(0, 20)
        await car.until(lambda: (DOORS, 1, 0.0) in car.told())
        assert (
            await car.command("c2", (DRIVE, "activate"), (DOORS, "deactivate"))
        ).status == pb.CommandResponse.SUCCEEDED
        await car.drive(1, 30)
        await car.drive(0, 40)
        await car.until(lambda: (DRIVE, 2, 40.0) in car.told())
        assert [one for one in car.told() if one[0] == DOORS] == [(DOORS, 1, 1.0), (DOORS, 1, 0.0)]


async def test_a_snapshot_on_demand(car: Car) -> None:
    async with car.running():
        await car.hold(MANIFEST_DOCUMENT, TEMPLATES, lists=ALL)
        response = await car.command("c1", (DOORS, "fetch_snapshot"))
        assert response.reason_description == "0 of 1 signals have a value"
        await car.drive(1, 10)
        await car.drive(1, 11)
        await car.until(lambda: car.agent.report.counters.get("frames_total") == 2)
        assert (await car.command("c2", (DOORS, "fetch_snapshot"), (DRIVE, "fetch_snapshot"))).reason_code == 0
        await car.until(lambda: len(car.told()) == 2)
        assert car.told() == [(DOORS, 1, 1.0), (DRIVE, 2, 11.0)]


async def test_what_runs_goes_on_after_a_restart(broker: Broker, make_config: MakeConfig) -> None:
    car = Car(broker, make_config(broker.port))
    async with car.running():
        await car.hold(MANIFEST_DOCUMENT, TEMPLATES, lists=ALL)
        await car.command("c1", (DOORS, "activate"))
    again = Car(broker, make_config(broker.port))
    async with again.running():
        await again.until(lambda: again.checkins()[-1] == ALL)
        await again.drive(1, 0)
        await again.until(lambda: (DOORS, 1, 1.0) in again.told())
        response = await again.command("c2", (DOORS, "activate"))
        assert response.reason_code == Reason.STATE_TEMPLATE_ALREADY_ACTIVATED


async def test_what_cannot_be_is_answered_or_ignored(car: Car) -> None:
    async with car.running():
        await car.hold(MANIFEST_DOCUMENT, lists=[MANIFEST.sync_id])
        strange = pb.StateTemplates(decoder_manifest_sync_id="other@1", version=9)
        strange.state_templates_to_add.add(sync_id="strange", signal_ids=[1]).on_change.SetInParent()
        await car.hold(("last_known_states/config", strange.SerializeToString()), TEMPLATES, lists=ALL)
        older = pb.StateTemplates(decoder_manifest_sync_id=MANIFEST.sync_id, version=1)
        older.state_template_sync_ids_to_remove.append(DOORS)
        newer = pb.StateTemplates(decoder_manifest_sync_id=MANIFEST.sync_id, version=2)
        newer.state_template_sync_ids_to_remove.append(DRIVE)
        await car.hold(
            ("last_known_states/config", older.SerializeToString()),
            ("last_known_states/config", b"\xff\xff"),
            ("last_known_states/config", newer.SerializeToString()),
            lists=[MANIFEST.sync_id, DOORS],
        )
        response = await car.command("c1", (DOORS, "activate"), (DRIVE, "activate"))
        assert response.status == pb.CommandResponse.EXECUTION_FAILED
        assert response.reason_code == Reason.STATE_TEMPLATE_OUT_OF_SYNC
        assert "'drive@1'" in response.reason_description
        await car.drive(1, 1)
        await car.until(lambda: car.agent.report.counters.get("frames_total") == 1)
        assert car.told() == []


async def test_an_activation_ends_by_itself(car: Car) -> None:
    async with car.running():
        await car.hold(MANIFEST_DOCUMENT, TEMPLATES, lists=ALL)
        await car.command("c1", (DOORS, "activate"), seconds=1)
        await car.until(lambda: car.agent.report.gauges.get("states_active") == 0)
        response = await car.command("c2", (DOORS, "deactivate"))
        assert response.reason_code == Reason.STATE_TEMPLATE_ALREADY_DEACTIVATED
