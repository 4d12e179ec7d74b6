from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from kaido.agent import Agent, LinkError, MemorySource
from kaido.agent.documents import Documents
from kaido.agent.outbox import Outbox
from kaido.can.frames import Frames
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.errors import ConflictError, UnavailableError
from kaido.flow import DownKind
from kaido.runtime.clock import now_ms
from kaido.runtime.status import Report
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire import snappy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kaido.agent.config import AgentConfig
    from kaido.agent.testing import Broker

    MakeConfig = Callable[..., AgentConfig]

P = "$aws/iotfleetwise/vehicles/car-1/"
MANIFEST = DecoderManifest.of(
    "model",
    [
        CanSignal("Vehicle.Speed", 0x100, 0, 16, factor=0.01),
        CanSignal("Vehicle.Level", 0x100, 16, 8),
        CanSignal("Vehicle.Other", 0x200, 0, 8),
    ],
)


def scheme(name: str = "all@1", **changes: Any) -> pb.CollectionScheme:
    one = pb.CollectionScheme(
        campaign_sync_id=name,
        decoder_manifest_sync_id=changes.pop("manifest", MANIFEST.sync_id),
        start_time_ms_epoch=changes.pop("start", 0),
        expiry_time_ms_epoch=changes.pop("expiry", 2**62),
        compress_collected_data=changes.pop("compress", True),
    )
    one.time_based.period_ms = changes.pop("period", 1000)
    for signal in changes.pop("signals", (1, 2)):
        one.signal_information.add(signal_id=signal, sample_buffer_size=10_000)
    return one


def schemes(*wanted: pb.CollectionScheme) -> bytes:
    return pb.CollectionSchemes(collection_schemes=wanted).SerializeToString()


def frames(count: int, *, start_us: int = 1_600_000_000_000_000, step_us: int = 10_000) -> Frames:
    number = np.arange(count)
    data = np.zeros((count, 8), np.uint8)
    data[:, 0], data[:, 1], data[:, 2] = number % 256, number // 256 % 256, number % 100
    return Frames(
        start_us + number.astype(np.int64) * step_us,
        np.zeros(count, np.uint16),
        ("can0",),
        np.where(number % 10 == 9, 0x300, 0x100).astype(np.uint32),
        np.zeros(count, np.uint8),
        np.full(count, 8, np.uint8),
        data,
    )


def collected(payloads: list[bytes]) -> list[tuple[int, int, float]]:
    rows = []
    for payload in payloads:
        data = pb.VehicleData.FromString(snappy.decompress(payload))
        rows += [
            (data.collection_event_time_ms_epoch + one.relative_time_ms, one.signal_id, one.double_value)
            for one in data.captured_signals
        ]
    return rows


@contextlib.asynccontextmanager
async def running(agent: Agent) -> AsyncIterator[asyncio.Task[Any]]:
    stop = asyncio.Event()
    task = asyncio.create_task(agent.run(stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait_for(task, 30)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  # a test
            await asyncio.sleep(0.01)


def checkins(broker: Broker) -> list[list[str]]:
    return [list(pb.Checkin.FromString(one).document_sync_ids) for one in broker.payloads("checkins")]


async def test_from_an_empty_checkin_to_every_sample_in_the_cloud(broker: Broker, make_config: MakeConfig) -> None:
    source = MemorySource(recorded=True)
    agent = Agent(make_config(broker.port, settle_s=0.1), source)
    async with running(agent) as task:
        await until(lambda: checkins(broker) == [[]])
        broker.send(P + "decoder_manifests", MANIFEST.to_wire().SerializeToString())
        broker.send(P + "collection_schemes", schemes(scheme()))
        await until(lambda: checkins(broker)[-1:] == [[MANIFEST.sync_id, "all@1"]])
        whole = frames(2_000)
        for start in range(0, 2_000, 300):
            await source.put(whole.take(slice(start, start + 300)))
        await source.close()
        summary = await asyncio.wait_for(asyncio.shield(task), 30)
    number = [n for n in range(2_000) if n % 10 != 9]
    expected = [
        row
        for n in number
        for row in (
            (1_600_000_000_000 + n * 10, 1, round((n % 256 + (n // 256 % 256) * 256) * 0.01, 6)),
            (1_600_000_000_000 + n * 10, 2, float(n % 100)),
        )
    ]
    assert [(t, i, round(v, 6)) for t, i, v in collected(broker.payloads())] == expected
    assert (summary.frames, summary.decoded, summary.unknown) == (2_000, 1_800, 200)
    assert (summary.samples, summary.overflowed, summary.events) == (3_600, 0, 20)
    assert summary.published == summary.acknowledged == 20
    assert (summary.waiting, summary.dropped, summary.unheard) == (0, 0, 0)


async def test_after_a_restart_it_collects_before_the_cloud_answers(broker: Broker, make_config: MakeConfig) -> None:
    config = make_config(broker.port)
    kept = Documents(config.state, Report("agent"))
    assert kept.take(DownKind.DECODER_MANIFEST, MANIFEST.to_wire().SerializeToString())
    assert kept.take(DownKind.COLLECTION_SCHEMES, schemes(scheme()))
    source = MemorySource()
    await broker.stop()
    agent = Agent(config, source)
    async with running(agent):
        await source.put(frames(100, start_us=now_ms() * 1000 - 1_000_000))
        await until(lambda: agent.report.counters["events_total"] >= 1)
    assert agent.summary().waiting >= 1
    assert agent.summary().samples == 180


async def test_full_replacement_ends_what_is_not_in_it_and_keeps_what_it_had_collected(
    broker: Broker, make_config: MakeConfig
) -> None:
    source = MemorySource()
    agent = Agent(make_config(broker.port), source)
    async with running(agent):
        await until(lambda: len(checkins(broker)) == 1)
        broker.send(P + "decoder_manifests", MANIFEST.to_wire().SerializeToString())
        broker.send(P + "collection_schemes", schemes(scheme("a@1", period=600_000), scheme("b@1")))
        await until(lambda: checkins(broker)[-1] == [MANIFEST.sync_id, "a@1", "b@1"])
        await source.put(frames(100, start_us=now_ms() * 1000 - 1_000_000))
        await until(lambda: agent.summary().frames == 100)
        broker.send(P + "collection_schemes", schemes(scheme("b@1")))
        await until(lambda: checkins(broker)[-1] == [MANIFEST.sync_id, "b@1"])
        await until(lambda: len(collected(broker.payloads())) >= 180)
    campaigns = [
        pb.VehicleData.FromString(snappy.decompress(payload)).campaign_sync_id for payload in broker.payloads()
    ]
    assert "a@1" in campaigns


async def test_priority_and_compression_are_those_of_the_scheme(make_config: MakeConfig) -> None:
    source = MemorySource()
    config = make_config(1)
    kept = Documents(config.state, Report("agent"))
    kept.take(DownKind.DECODER_MANIFEST, MANIFEST.to_wire().SerializeToString())
    kept.take(DownKind.COLLECTION_SCHEMES, schemes(scheme(compress=False)))
    agent = Agent(config, source)
    async with running(agent):
        await source.put(frames(10, start_us=now_ms() * 1000))
        await until(lambda: agent.summary().frames == 10)
    box = Outbox(config.state / "outbox.db", 10**6)
    (entry,) = box.exchange([], [], [1]).taken
    assert len(pb.VehicleData.FromString(entry.payload).captured_signals) == 18
    box.close()


async def test_a_recording_without_a_campaign_is_told_so(broker: Broker, make_config: MakeConfig) -> None:
    agent = Agent(make_config(broker.port, campaign_wait_s=0.3), MemorySource(recorded=True))
    with pytest.raises(UnavailableError, match=r"no campaign collects anything from vehicle car-1"):
        await agent.run(asyncio.Event())


async def test_an_agent_that_gives_up_keeps_what_it_collected(make_config: MakeConfig) -> None:
    source = MemorySource()
    config = make_config(1, give_up_s=0.5)
    kept = Documents(config.state, Report("agent"))
    kept.take(DownKind.DECODER_MANIFEST, MANIFEST.to_wire().SerializeToString())
    kept.take(DownKind.COLLECTION_SCHEMES, schemes(scheme(period=600_000)))
    agent = Agent(config, source)
    await source.put(frames(10, start_us=now_ms() * 1000))
    with pytest.raises(LinkError):
        await agent.run(asyncio.Event())
    box = Outbox(config.state / "outbox.db", 10**6)
    (entry,) = box.exchange([], [], [1]).taken
    assert len(collected([entry.payload])) == 18
    box.close()


async def test_two_agents_do_not_share_a_folder(make_config: MakeConfig) -> None:
    agent = Agent(make_config(1), MemorySource())
    async with running(agent):
        await asyncio.sleep(0.05)
        with pytest.raises(ConflictError, match="another agent uses"):
            await Agent(make_config(1), MemorySource()).run(asyncio.Event())


async def test_live_a_silent_bus_still_sends_what_came(broker: Broker, make_config: MakeConfig) -> None:
    config = make_config(broker.port)
    kept = Documents(config.state, Report("agent"))
    kept.take(DownKind.DECODER_MANIFEST, MANIFEST.to_wire().SerializeToString())
    kept.take(DownKind.COLLECTION_SCHEMES, schemes(scheme(period=200)))
    source = MemorySource()
    async with running(Agent(config, source)):
        await source.put(frames(5, start_us=now_ms() * 1000, step_us=1))
        await until(lambda: len(collected(broker.payloads())) == 10)
