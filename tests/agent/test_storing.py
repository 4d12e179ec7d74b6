"""Store and forward, from schemes to the cloud."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.agent import Agent, MemorySource
from kaido.agent.documents import Documents
from kaido.agent.errors import UnusableError
from kaido.agent.partitions import read_definition, read_uploads
from kaido.agent.stored import Partition
from kaido.can.frames import Frames
from kaido.catalog import CanSignal, DecoderManifest
from kaido.flow import DownKind
from kaido.runtime.clock import now_us
from kaido.runtime.status import Report
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from kaido.agent.config import AgentConfig
    from kaido.agent.testing import Broker

    MakeConfig = Callable[..., AgentConfig]

SPEED, LEVEL, GATE = 1, 2, 3
SIGNALS = [
    CanSignal("Speed", 0x100, 0, 8),
    CanSignal("Level", 0x100, 8, 8),
    CanSignal("Gate", 0x200, 0, 8),
]
MANIFEST = DecoderManifest.of("model", SIGNALS)
OTHER_MANIFEST = DecoderManifest.of("other", SIGNALS)


def gate_is(value: float) -> pb.ConditionNode:
    node = pb.ConditionNode()
    node.operator.operator = pb.NodeOperator.EQUAL
    node.operator.left.signal_id = GATE
    node.operator.right.double_value = value
    return node


def scheme(name: str = "stored@1", manifest: str = MANIFEST.sync_id, **signals: int) -> pb.CollectionScheme:
    """Speed and level, each to its partition: the first open while the gate is 1, the second while it is 2."""
    one = pb.CollectionScheme(campaign_sync_id=name, decoder_manifest_sync_id=manifest, expiry_time_ms_epoch=2**62)
    one.time_based.period_ms = 50
    for number, partition in {SPEED: signals.get("speed", 0), LEVEL: signals.get("level", 1)}.items():
        one.signal_information.add(signal_id=number, sample_buffer_size=100, data_partition_id=partition)
    for value in (1, 2):
        stored = one.store_and_forward_configuration.partition_configuration.add()
        stored.storage_options.maximum_size_in_bytes = 100_000
        stored.storage_options.storage_location = f"../gate-{value}"
        stored.upload_options.condition_tree.CopyFrom(gate_is(value))
    return one


def message(*schemes: pb.CollectionScheme) -> bytes:
    return pb.CollectionSchemes(collection_schemes=schemes).SerializeToString()


def hold(config: AgentConfig, *schemes: pb.CollectionScheme, manifest: DecoderManifest = MANIFEST) -> None:
    kept = Documents(config.state, Report("agent"))
    kept.load()
    kept.take(DownKind.DECODER_MANIFEST, manifest.to_wire().SerializeToString())
    kept.take(DownKind.COLLECTION_SCHEMES, message(*schemes))


class Car:
    """An agent on a bus that we write to."""

    def __init__(self, config: AgentConfig) -> None:
        self.source = MemorySource()
        self.agent = Agent(config, self.source)
        self.number = 0

    async def drive(self) -> None:
        """A sample of speed and level, and the end of their period."""
        self.number += 1
        events = self.agent.report.counters["events_total"]
        await self._put(0x100, self.number, self.number)
        async with asyncio.timeout(30):
            while self.agent.report.counters["events_total"] == events:  # noqa: ASYNC110  # a test
                await asyncio.sleep(0.01)

    async def gate(self, value: int) -> None:
        await self._put(0x200, value, 0)

    async def _put(self, identifier: int, first: int, second: int) -> None:
        data = np.zeros((1, 8), np.uint8)
        data[0, :2] = first, second
        flags, channel = np.zeros(1, np.uint8), np.zeros(1, np.uint16)
        length = np.full(1, 8, np.uint8)
        await self.source.put(
            Frames(np.array([now_us()]), channel, ("can0",), np.array([identifier], np.uint32), flags, length, data)
        )

    def stored(self) -> int:
        return self.agent.summary().stored


@contextlib.asynccontextmanager
async def driving(config: AgentConfig) -> AsyncIterator[Car]:
    car = Car(config)
    stop = asyncio.Event()
    task = asyncio.create_task(car.agent.run(stop))
    try:
        await until(lambda: car.agent.report.gauges.get("connected") == 1)
        yield car
    finally:
        stop.set()
        async with asyncio.timeout(30):
            await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  # a test
            await asyncio.sleep(0.01)


def arrived(broker: Broker, signal: int) -> list[float]:
    events = [pb.VehicleData.FromString(payload) for payload in broker.payloads()]
    return [one.double_value for event in events for one in event.captured_signals if one.signal_id == signal]


async def test_each_partition_waits_for_its_own_condition(broker: Broker, make_config: MakeConfig) -> None:
    config = make_config(broker.port)
    hold(config, scheme())
    async with driving(config) as car:
        await car.gate(0)
        await car.drive()
        await car.drive()
        await until(lambda: car.stored() == 4)
        assert broker.payloads() == []
        await car.gate(2)
        await until(lambda: arrived(broker, LEVEL) == [1, 2])
        assert arrived(broker, SPEED) == []
        await car.gate(1)
        await until(lambda: arrived(broker, SPEED) == [1, 2])
        await car.drive()
        await until(lambda: arrived(broker, SPEED) == [1, 2, 3] and car.stored() == 1)
        assert arrived(broker, LEVEL) == [1, 2]
    events = [pb.VehicleData.FromString(payload).collection_event_id for payload in broker.payloads()]
    assert len(set(events)) == 3  # both parts of an event bear its id
    assert not list(config.state.parent.glob("**/gate-*"))  # a location is a name, not a place on our disk


async def test_what_is_stored_outlives_a_restart_and_its_scheme(broker: Broker, make_config: MakeConfig) -> None:
    config = make_config(broker.port)
    hold(config, scheme(level=0))
    async with driving(config) as car:
        await car.drive()
        await until(lambda: car.stored() == 1)
    hold(config)
    async with driving(config) as car:
        assert car.agent.report.counters["events_total"] == 0
        await car.gate(0)
        await car.gate(1)
        await until(lambda: arrived(broker, SPEED) == [1])
        await until(lambda: car.stored() == 0)


async def test_a_scheme_that_is_replaced_leaves_its_data_under_its_condition(
    broker: Broker, make_config: MakeConfig
) -> None:
    config = make_config(broker.port)
    hold(config, scheme("a@1", level=0))
    async with driving(config) as car:
        await car.gate(2)
        await car.drive()
        broker.send("$aws/iotfleetwise/vehicles/car-1/collection_schemes", message(scheme("a@2", speed=1)))
        await until(lambda: any(b"a@2" in checkin for checkin in broker.payloads("checkins")))  # it runs
        await car.gate(2)
        await car.drive()
        await until(lambda: arrived(broker, SPEED) == [2])
        await car.gate(1)
        await until(lambda: arrived(broker, SPEED) == [2, 1])


async def test_under_another_manifest_nobody_can_tell(broker: Broker, make_config: MakeConfig) -> None:
    config = make_config(broker.port)
    kept = scheme("kept@1", level=0)
    for partition in kept.store_and_forward_configuration.partition_configuration:
        partition.storage_options.minimum_time_to_live_in_seconds = 3600
    hold(config, kept, scheme("gone@1", level=0))
    async with driving(config) as car:
        await car.drive()
        await until(lambda: car.stored() == 2)
    hold(config, manifest=OTHER_MANIFEST)
    async with driving(config) as car:
        await car.gate(1)
        await until(lambda: car.agent.summary().discarded == 1)  # the one that had to become no age
        assert car.stored() == 1
    assert arrived(broker, SPEED) == []
    hold(config, kept)
    async with driving(config) as car:
        await car.gate(1)
        await until(lambda: arrived(broker, SPEED) == [1])


async def test_without_partitions_a_number_means_nothing(broker: Broker, make_config: MakeConfig) -> None:
    config = make_config(broker.port)
    plain = scheme()
    plain.ClearField("store_and_forward_configuration")
    hold(config, plain)
    async with driving(config) as car:
        await car.drive()
        await until(lambda: arrived(broker, LEVEL) == [1])


async def test_no_condition_is_one_that_holds(broker: Broker, make_config: MakeConfig) -> None:
    config = make_config(broker.port)
    always = scheme(level=0)
    for partition in always.store_and_forward_configuration.partition_configuration:
        partition.ClearField("upload_options")
    hold(config, always)
    async with driving(config) as car:
        await car.drive()
        await until(lambda: arrived(broker, SPEED) == [1])


def test_partitions_that_cannot_be() -> None:
    with pytest.raises(UnusableError, match="signal 2 is stored in partition 2 of 2"):
        read_uploads(scheme(level=2))
    many = scheme()
    for _ in range(100):
        many.store_and_forward_configuration.partition_configuration.add()
    with pytest.raises(UnusableError, match="it has 102 partitions"):
        read_uploads(many)
    with pytest.raises(UnusableError, match="names signal 3, which the manifest does not have"):
        read_uploads(scheme(), signals={SPEED, LEVEL})
    empty = scheme()
    empty.store_and_forward_configuration.partition_configuration[0].upload_options.condition_tree.Clear()
    empty.store_and_forward_configuration.partition_configuration[0].upload_options.condition_tree.SetInParent()
    with pytest.raises(UnusableError, match="empty"):
        read_uploads(empty)


@given(st.binary(max_size=80))
def test_a_definition_that_is_damaged_opens_nothing(definition: bytes) -> None:
    assert read_definition(Partition("k", 1, 1, definition), MANIFEST.sync_id, {SPEED, LEVEL, GATE}) is None
    (whole, _) = read_uploads(scheme())
    assert read_definition(whole.partition, MANIFEST.sync_id, {SPEED, LEVEL, GATE}) == whole


def test_such_a_scheme_is_skipped_and_said_so(tmp_path: Path) -> None:
    report = Report("agent")
    kept = Documents(tmp_path, report)
    kept.take(DownKind.DECODER_MANIFEST, MANIFEST.to_wire().SerializeToString())
    kept.take(DownKind.COLLECTION_SCHEMES, message(scheme("bad@1", level=9), scheme("good@1")))
    assert set(kept.held.schemes) == {"good@1"}
    assert report.counters['schemes_skipped_total{reason="invalid"}'] == 1
