"""The way up: what a vehicle publishes is in the journal before it is acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mqtt5
import pytest
from mqtt5 import PublishPacket, QoS

from kaido.flow import UpKind
from kaido.wire.topics import FLEETWISE, KAIDO, Prefixes

if TYPE_CHECKING:
    from tests.gateway.rig import Rig


@pytest.mark.parametrize("prefixes", [FLEETWISE, KAIDO])
@pytest.mark.parametrize("kind", [UpKind.CHECKIN, UpKind.SIGNALS, UpKind.LAST_KNOWN_STATE, UpKind.COMMAND_RESPONSE])
async def test_every_topic_of_both_spellings_reaches_the_journal(rig: Rig, prefixes: Prefixes, kind: UpKind) -> None:
    async with await rig.vehicle() as car:
        answer = await car.publish(prefixes.up("car-1", kind, "c7"), b"payload", 9)
        assert (answer.packet_id, answer.reason_code) == (9, 0)
        rows = await rig.journaled()
    assert [(row["vehicle"], row["kind"], row["payload"]) for row in rows] == [("car-1", kind, b"payload")]
    assert rows[0]["arrival"] is not None


async def test_payloads_of_all_sizes_keep_their_order_and_bytes(rig: Rig) -> None:
    topic = KAIDO.up("car-1", UpKind.SIGNALS)
    payloads = [
        bytes([number % 256]) * size for number, size in enumerate((0, 1, 120, 127, 128, 16_300, 16_400, 131_072))
    ]
    async with await rig.vehicle() as car:
        for number, payload in enumerate(payloads, 1):
            car.send(PublishPacket(topic, payload, qos=QoS.AT_LEAST_ONCE, packet_id=number))
        for number in range(1, len(payloads) + 1):
            assert (await car.expect(mqtt5.PubAckPacket)).packet_id == number
        assert [row["payload"] for row in await rig.journaled()] == payloads


async def test_qos_0_goes_the_same_way_without_an_answer(rig: Rig) -> None:
    topic = KAIDO.up("car-1", UpKind.SIGNALS)
    async with await rig.vehicle() as car:
        for number in range(5):
            car.send(PublishPacket(topic, bytes([number])))
        await car.publish(topic, b"last", 1)
        assert [row["payload"] for row in await rig.journaled()] == [b"\0", b"\1", b"\2", b"\3", b"\4", b"last"]


async def test_properties_and_large_publishes_arrive_too(rig: Rig) -> None:
    topic = KAIDO.up("car-1", UpKind.SIGNALS)
    async with await rig.vehicle() as car:
        await car.publish(topic, b"with", 1, content_type="x", user_properties=[("a", "b")], message_expiry_interval=5)
        await car.publish(topic, bytes(20_000), 2)
        assert [len(row["payload"]) for row in await rig.journaled()] == [4, 20_000]


async def test_a_topic_of_its_own_that_nobody_reads_is_answered_and_counted(rig: Rig) -> None:
    async with await rig.vehicle() as car:
        for topic in ("kaido/v/car-1/metrics", "$aws/things/car-1/jobs/get"):
            assert (await car.publish(topic, b"{}", 3)).reason_code == mqtt5.PubAckReasonCode.TOPIC_NAME_INVALID
        assert (await car.publish(KAIDO.up("car-1", UpKind.SIGNALS), b"x", 4)).reason_code == 0
        assert rig.refused("unknown_topic") == 2


async def test_pubacks_come_in_the_order_of_the_publishes(rig: Rig) -> None:
    topic = KAIDO.up("car-1", UpKind.SIGNALS)
    async with await rig.vehicle() as car:
        sent = []
        for number in range(1, 61):
            where = topic if number % 7 else "kaido/v/car-1/unknown"
            sent.append((number, 0 if number % 7 else 0x90))
            car.send(PublishPacket(where, b"x" * number, qos=QoS.AT_LEAST_ONCE, packet_id=number))
        answers = [await car.expect(mqtt5.PubAckPacket) for _ in sent]
        assert [(answer.packet_id, answer.reason_code) for answer in answers] == sent


async def test_two_companies_with_the_same_vehicle_id_stay_apart(rig: Rig) -> None:
    rig.companies.create("beta")
    rig.vehicles.register("beta", "car-1")
    await rig.gateway.gatekeeper.refresh()
    async with await rig.vehicle() as ours, await rig.client(rig.credentials("car-1", "beta")) as theirs:
        await ours.publish(KAIDO.up("car-1", UpKind.SIGNALS), b"acme", 1)
        assert (await theirs.connect("car-1")).reason_code == 0
        await theirs.publish(KAIDO.up("car-1", UpKind.SIGNALS), b"beta", 1)
        assert [row["payload"] for row in await rig.journaled("acme")] == [b"acme"]
        assert [row["payload"] for row in await rig.journaled("beta")] == [b"beta"]
        await ours.publish(KAIDO.up("car-1", UpKind.SIGNALS), b"still here", 2)
