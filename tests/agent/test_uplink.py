from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import mqtt5
import pytest

from kaido.agent.outbox import Outbox, Outgoing
from kaido.agent.uplink import Uplink
from kaido.runtime.status import Report

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from kaido.agent.config import AgentConfig
    from kaido.agent.testing import Broker, Connection

    MakeConfig = Callable[..., AgentConfig]

TOPIC = "$aws/iotfleetwise/vehicles/car-1/signals"


@contextlib.asynccontextmanager
async def uplink(config: AgentConfig, path: Path, max_bytes: int = 10**7) -> AsyncIterator[tuple[Uplink, Report]]:
    box = Outbox(path / "o.db", max_bytes)
    report = Report("agent")
    one = Uplink(config, box, report, on_message=lambda *_: None, on_connected=lambda: None)
    running = asyncio.create_task(one.run())
    try:
        yield one, report
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        one.save()
        box.close()


def items(*names: str) -> list[Outgoing]:
    return [Outgoing(TOPIC, name.encode()) for name in names]


def numbered(count: int) -> list[Outgoing]:
    return items(*(f"{index:05}" for index in range(count)))


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  # a test
            await asyncio.sleep(0.01)


async def test_all_arrive_in_order_and_the_outbox_is_empty(
    broker: Broker, make_config: MakeConfig, tmp_path: Path
) -> None:
    async with uplink(make_config(broker.port), tmp_path) as (one, report):
        await one.put(numbered(500), patient=True)
        await asyncio.wait_for(one.drained(), 30)
    assert broker.payloads() == [item.payload for item in numbered(500)]
    assert report.counters["acknowledged_total"] == report.counters["published_total"] == 500


async def test_the_window_is_kept(broker: Broker, make_config: MakeConfig, tmp_path: Path) -> None:
    broker.connack = {"receive_max": 4}
    broker.verdict = lambda _: None

    def acknowledge_when_full(connection: Connection, _packet: mqtt5.PublishPacket) -> None:
        asyncio.get_running_loop().call_later(0.01, connection.acknowledge)

    broker.on_publish = acknowledge_when_full
    async with uplink(make_config(broker.port), tmp_path) as (one, _):
        await one.put(numbered(60), patient=True)
        await asyncio.wait_for(one.drained(), 30)
    assert 1 < broker.most_in_flight <= 3  # one place is kept for checkins


async def test_after_a_lost_link_what_is_in_doubt_comes_first_as_duplicate(
    broker: Broker, make_config: MakeConfig, tmp_path: Path
) -> None:
    broker.connack = {"receive_max": 4}
    broker.verdict = lambda _: None
    async with uplink(make_config(broker.port), tmp_path) as (one, report):
        await one.put(numbered(6), patient=True)
        await until(lambda: len(broker.published) == 3)
        first = list(broker.published)
        broker.verdict = lambda _: mqtt5.PubAckReasonCode.SUCCESS
        broker.connections[0].drop()
        await asyncio.wait_for(one.drained(), 30)
    again = broker.published[3:6]
    assert [(p.payload, p.packet_id) for p in again] == [(p.payload, p.packet_id) for p in first]
    assert all(packet.duplicate for packet in again)
    assert [packet.payload for packet in broker.published[6:]] == [b"00003", b"00004", b"00005"]
    assert report.counters["resent_total"] == 3


async def test_when_the_cloud_forgot_the_session_it_is_no_duplicate(
    broker: Broker, make_config: MakeConfig, tmp_path: Path
) -> None:
    broker.verdict = lambda _: None
    async with uplink(make_config(broker.port), tmp_path) as (one, _):
        await one.put(numbered(3), patient=True)
        await until(lambda: len(broker.published) == 3)
    broker.sessions.clear()
    broker.verdict = lambda _: mqtt5.PubAckReasonCode.SUCCESS
    async with uplink(make_config(broker.port), tmp_path) as (one, _):
        await asyncio.wait_for(one.drained(), 30)
    assert [(p.payload, p.duplicate) for p in broker.published[3:]] == [
        (b"00000", False),
        (b"00001", False),
        (b"00002", False),
    ]


async def test_a_payload_the_cloud_never_wants_leaves_and_is_counted(
    broker: Broker, make_config: MakeConfig, tmp_path: Path
) -> None:
    bad = mqtt5.PubAckReasonCode.PAYLOAD_FORMAT_INVALID
    good = mqtt5.PubAckReasonCode.SUCCESS
    broker.verdict = lambda packet: bad if packet.payload == b"bad" else good
    broker.connack = {"max_packet_size": 500}
    async with uplink(make_config(broker.port), tmp_path) as (one, report):
        await one.put(items("a", "bad", "b", "x" * 1_000, "c"), patient=True)
        await asyncio.wait_for(one.drained(), 30)
    assert report.counters["refused_total"] == 2
    assert report.counters["acknowledged_total"] == 3


async def test_a_passing_failure_is_tried_again(broker: Broker, make_config: MakeConfig, tmp_path: Path) -> None:
    answers = iter([mqtt5.PubAckReasonCode.QUOTA_EXCEEDED])
    broker.verdict = lambda _: next(answers, mqtt5.PubAckReasonCode.SUCCESS)
    async with uplink(make_config(broker.port), tmp_path) as (one, report):
        await one.put(items("a"), patient=True)
        await asyncio.wait_for(one.drained(), 30)
    assert report.counters["acknowledged_total"] == 1
    assert len(broker.connects) == 2


async def test_a_payload_that_ends_every_link_is_found_and_refused(
    broker: Broker, make_config: MakeConfig, tmp_path: Path
) -> None:
    def choke(connection: Connection, packet: mqtt5.PublishPacket) -> None:
        if packet.payload == b"poison":
            connection.end(mqtt5.DisconnectReasonCode.PACKET_TOO_LARGE)

    broker.on_publish = choke
    async with uplink(make_config(broker.port), tmp_path) as (one, report):
        await one.put(items("a", "b", "poison", "c", "d"), patient=True)
        await asyncio.wait_for(one.drained(), 30)
    assert report.counters["refused_total"] == 1
    assert {b"a", b"b", b"c", b"d"} <= set(broker.payloads())


async def test_offline_it_keeps_to_the_bound_and_counts_what_it_drops(make_config: MakeConfig, tmp_path: Path) -> None:
    async with uplink(make_config(1), tmp_path, max_bytes=100 * 133) as (one, report):
        await one.put(numbered(250), patient=False)
        await until(lambda: report.counters["dropped_total"] == 150)
    box = Outbox(tmp_path / "o.db", 10**6)
    assert box.exchange([], [], [1]).taken[0].payload == b"00150"
    assert box.count == 100
    box.close()


async def test_a_recording_waits_for_room(broker: Broker, make_config: MakeConfig, tmp_path: Path) -> None:
    broker.verdict = lambda _: None
    async with uplink(make_config(broker.port), tmp_path, max_bytes=100 * 133) as (one, report):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(one.put(numbered(250), patient=True), 0.5)
        assert report.counters["dropped_total"] == 0


async def test_what_was_handed_over_is_kept_when_it_ends(make_config: MakeConfig, tmp_path: Path) -> None:
    async with uplink(make_config(1), tmp_path) as (one, _):
        one.offer(numbered(3))
    box = Outbox(tmp_path / "o.db", 10**6)
    assert box.count == 3
    box.close()
