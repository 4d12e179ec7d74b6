"""Condition-based schemes through the whole agent: from documents to payloads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np

from kaido.agent import Agent, MemorySource
from kaido.can.frames import Frames
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.runtime.clock import now_ms
from kaido.wire import kaido_wire_pb2 as pb
from tests.agent.condition_helpers import message

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.agent.config import AgentConfig
    from kaido.agent.testing import Broker

P = "$aws/iotfleetwise/vehicles/car-1/"
MANIFEST = DecoderManifest.of("m", [CanSignal("Vehicle.Speed", 0x100, 0, 8), CanSignal("Vehicle.Gear", 0x100, 8, 8)])
SPEED, GEAR = MANIFEST.ids


def frames(*speeds: int, start_ms: int) -> Frames:
    data = np.zeros((len(speeds), 8), np.uint8)
    data[:, 0] = speeds
    data[:, 1] = 3
    return Frames(
        start_ms * 1_000 + np.arange(len(speeds), dtype=np.int64) * 10_000,
        np.zeros(len(speeds), np.uint16),
        ("can0",),
        np.full(len(speeds), 0x100, np.uint32),
        np.zeros(len(speeds), np.uint8),
        np.full(len(speeds), 8, np.uint8),
        data,
    )


def scheme(name: str, condition: Any, **changes: Any) -> pb.CollectionScheme:
    signals = ({"signal_id": SPEED}, {"signal_id": GEAR, "sample_buffer_size": 1})
    made = message(condition, *signals, manifest=MANIFEST.sync_id, **changes)
    made.campaign_sync_id = name
    return made


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  # a test
            await asyncio.sleep(0.01)


async def test_live_the_wall_ends_an_event_and_the_checkin_lists_what_runs(
    broker: Broker, make_config: Callable[..., AgentConfig]
) -> None:
    source = MemorySource()
    agent = Agent(make_config(broker.port), source)
    stop = asyncio.Event()
    running = asyncio.create_task(agent.run(stop))
    schemes = [
        scheme("good@1", ((SPEED, ">", 100.0), "and", (GEAR, "==", 3.0)), after=200, mode=pb.RISING_EDGE),
        scheme("bad@1", (SPEED, "==", "fast")),
        scheme("every@1", True, interval=2**32 - 1),
    ]
    try:
        await until(lambda: bool(broker.payloads("checkins")))
        broker.send(P + "decoder_manifests", MANIFEST.to_wire().SerializeToString())
        broker.send(P + "collection_schemes", pb.CollectionSchemes(collection_schemes=schemes).SerializeToString())
        expected = [MANIFEST.sync_id, "good@1", "every@1"]
        await until(lambda: pb.Checkin.FromString(broker.payloads("checkins")[-1]).document_sync_ids == expected)
        start_ms = now_ms()
        await source.put(frames(50, 60, 120, start_ms=start_ms - 30))
        await until(lambda: len(broker.payloads()) == 2)
    finally:
        stop.set()
        await asyncio.wait_for(running, 30)
    found = {(one := pb.VehicleData.FromString(payload)).campaign_sync_id: one for payload in broker.payloads()}
    assert [(one.signal_id, one.double_value) for one in found["good@1"].captured_signals] == [
        (SPEED, 50.0), (SPEED, 60.0), (SPEED, 120.0), (GEAR, 3.0),
    ]  # fmt: skip
    assert [one.signal_id for one in found["every@1"].captured_signals] == [SPEED, GEAR]
    assert agent.report.counters['schemes_skipped_total{reason="type"}'] == 1


async def test_documents_survive_a_tree_that_is_too_deep(
    broker: Broker, make_config: Callable[..., AgentConfig]
) -> None:
    """The protobuf library refuses the whole document; the agent keeps what it holds."""
    inner = pb.ConditionNode(bool_value=True).SerializeToString()
    for _ in range(3_000):
        operator = b"\x0a" + _varint(len(inner)) + inner + b"\x18\x08"
        inner = b"\x0a" + _varint(len(operator)) + operator
    condition = b"\x1a" + _varint(len(inner)) + inner
    body = b"\x0a\x03c@1" + b"\x32" + _varint(len(condition)) + condition
    agent = Agent(make_config(broker.port), MemorySource())
    stop = asyncio.Event()
    running = asyncio.create_task(agent.run(stop))
    try:
        await until(lambda: bool(broker.payloads("checkins")))
        broker.send(P + "collection_schemes", b"\x0a" + _varint(len(body)) + body)
        name = 'documents_total{kind="collection_schemes",outcome="malformed"}'
        await until(lambda: agent.report.counters.get(name) == 1)
    finally:
        stop.set()
        await asyncio.wait_for(running, 30)


def _varint(number: int) -> bytes:
    written = b""
    while number > 0x7F:
        written += bytes([number & 0x7F | 0x80])
        number >>= 7
    return written + bytes([number])
