"""Sessions: what outlives a connection, and what happens when a vehicle connects twice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import mqtt5
from mqtt5 import QoS, SubscribePacket, TopicFilter, Will

from kaido.flow import DownKind, UpKind
from kaido.wire.topics import FLEETWISE, KAIDO
from tests.gateway.rig import Rig, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.client import Client

TOPIC = KAIDO.up("car-1", UpKind.SIGNALS)
COMMANDS = "kaido/c/car-1/executions/+/request/protobuf"


async def subscribe(car: Client, *patterns: str, qos: QoS = QoS.AT_LEAST_ONCE) -> None:
    car.send(SubscribePacket(1, [TopicFilter(pattern, max_qos=qos) for pattern in patterns]))
    await car.expect(mqtt5.SubAckPacket)


async def test_a_second_connection_takes_over(rig: Rig) -> None:
    async with await rig.vehicle(session_expiry_interval=60) as first, await rig.client() as second:
        answer = await second.connect("car-1", clean_start=False, session_expiry_interval=60)
        assert answer.session_present
        await first.refused(0x8E)
        assert (await second.publish(TOPIC, b"x", 1)).reason_code == 0
    assert rig.counters['ended_total{reason="taken_over"}'] == 1


async def test_a_session_ends_with_its_connection_or_when_it_expires(rig: Rig) -> None:
    for expiry, present in ((0, False), (60, True), (1, False)):
        await (await rig.vehicle(session_expiry_interval=expiry)).close()
        await until(lambda: not any(one.connection for one in rig.gateway.sessions))
        if expiry == 1:
            await until(lambda: not len(rig.gateway.sessions))
        async with await rig.client() as car:
            assert (await car.connect("car-1", clean_start=False)).session_present is present


async def test_a_clean_start_forgets_the_session(rig: Rig) -> None:
    async with await rig.vehicle(session_expiry_interval=60) as car:
        await subscribe(car, COMMANDS)
    async with await rig.client() as car:
        assert not (await car.connect("car-1", clean_start=True, session_expiry_interval=60)).session_present
        await rig.down("car-1", DownKind.DECODER_MANIFEST, b"x")
        await until(lambda: rig.counters['down_total{outcome="not_subscribed"}'] == 1)


async def test_a_command_that_comes_before_the_subscribe_waits_for_it_signature_first(rig: Rig) -> None:
    async with await rig.vehicle() as car:
        await rig.down("car-1", DownKind.COMMAND_SIGNATURE, b"signature", id="c1")
        await rig.down("car-1", DownKind.COMMAND_REQUEST, b"request", id="c1")
        await rig.down("car-1", DownKind.COMMAND_REQUEST, b"request", id="c1")
        await until(lambda: rig.counters['down_total{outcome="duplicate"}'] == 1)
        await subscribe(car, *KAIDO.subscriptions("car-1"))
        assert [(await car.expect(mqtt5.PublishPacket)).payload for _ in range(2)] == [b"signature", b"request"]


async def test_a_vehicle_that_knows_no_signatures_gets_the_command_alone(rig: Rig) -> None:
    async with await rig.vehicle() as car:
        await subscribe(car, COMMANDS)
        await rig.down("car-1", DownKind.COMMAND_SIGNATURE, b"signature", id="c1")
        await rig.down("car-1", DownKind.COMMAND_REQUEST, b"request", id="c1")
        assert (await car.expect(mqtt5.PublishPacket)).payload == b"request"
        assert rig.counters['down_total{outcome="not_subscribed"}'] == 1


async def test_a_disconnect_may_change_the_expiry(rig: Rig) -> None:
    async with await rig.vehicle(session_expiry_interval=60) as car:
        car.send(mqtt5.DisconnectPacket(session_expiry_interval=0))
        await car.closed()
    assert len(rig.gateway.sessions) == 0


async def test_messages_go_down_in_the_spelling_of_the_subscription(rig: Rig) -> None:
    for prefixes in (FLEETWISE, KAIDO):
        async with await rig.vehicle() as car:
            await subscribe(car, *prefixes.subscriptions("car-1"))
            for kind in DownKind:
                await rig.down("car-1", kind, b"content", id="c9")
                packet = await car.expect(mqtt5.PublishPacket)
                assert (packet.topic, packet.payload) == (prefixes.down("car-1", kind, "c9"), b"content")
                assert packet.qos == QoS.AT_LEAST_ONCE
                assert not packet.duplicate
                assert packet.packet_id is not None
                car.send(mqtt5.PubAckPacket(packet.packet_id))


async def test_a_message_is_of_the_subscription_s_qos(rig: Rig) -> None:
    async with await rig.vehicle() as car:
        await subscribe(car, "kaido/v/car-1/#", qos=QoS.AT_MOST_ONCE)
        await rig.down("car-1", DownKind.DECODER_MANIFEST, b"content")
        packet = await car.expect(mqtt5.PublishPacket)
        assert packet.qos == QoS.AT_MOST_ONCE


async def test_what_was_not_acknowledged_is_sent_again_in_order_then_what_waited(rig: Rig) -> None:
    async with await rig.vehicle(session_expiry_interval=60) as car:
        await subscribe(car, COMMANDS)
        for number in (1, 2, 3):
            await rig.down("car-1", DownKind.COMMAND_REQUEST, b"%d" % number, id=f"c{number}")
        got = [await car.expect(mqtt5.PublishPacket) for _ in range(3)]
        assert got[1].packet_id is not None
        car.send(mqtt5.PubAckPacket(got[1].packet_id))
        car.send(mqtt5.PingReqPacket())
        await car.expect(mqtt5.PingRespPacket)
    await until(lambda: rig.gateway.report.gauges.get("connections") == 0)
    await rig.down("car-1", DownKind.COMMAND_REQUEST, b"4", id="c4")
    session = rig.gateway.sessions.get("acme", "car-1")
    assert session is not None
    await until(lambda: session.waiting == 1)
    async with await rig.client() as car:
        assert (await car.connect("car-1", clean_start=False, session_expiry_interval=60)).session_present
        again = [await car.expect(mqtt5.PublishPacket) for _ in range(3)]
        assert [(each.payload, each.duplicate) for each in again] == [(b"1", True), (b"3", True), (b"4", False)]
        assert [again[0].packet_id, again[1].packet_id] == [got[0].packet_id, got[2].packet_id]


async def test_no_more_than_the_vehicle_s_receive_maximum_is_under_way(rig: Rig) -> None:
    async with await rig.vehicle(receive_max=2) as car:
        await subscribe(car, COMMANDS)
        for number in range(5):
            await rig.down("car-1", DownKind.COMMAND_REQUEST, b"%d" % number, id=f"c{number}")
        first, second = await car.expect(mqtt5.PublishPacket), await car.expect(mqtt5.PublishPacket)
        car.send(mqtt5.PingReqPacket())
        await car.expect(mqtt5.PingRespPacket)  # and no third
        for packet in (first, second):
            assert packet.packet_id is not None
            car.send(mqtt5.PubAckPacket(packet.packet_id))
        assert [(await car.expect(mqtt5.PublishPacket)).payload for _ in range(2)] == [b"2", b"3"]


async def test_the_queue_of_a_vehicle_that_is_away_is_bounded(tmp_path: Path) -> None:
    async with Rig(tmp_path, gateway_session_queue=3) as rig:
        async with await rig.vehicle(session_expiry_interval=60) as car:
            await subscribe(car, COMMANDS)
        await until(lambda: rig.gateway.report.gauges.get("connections") == 0)
        for number in range(5):
            await rig.down("car-1", DownKind.COMMAND_REQUEST, b"%d" % number, id=f"c{number}")
        await until(lambda: rig.counters['down_total{outcome="dropped_oldest"}'] == 2)
        async with await rig.client() as car:
            await car.connect("car-1", clean_start=False)
            assert [(await car.expect(mqtt5.PublishPacket)).payload for _ in range(3)] == [b"2", b"3", b"4"]


async def test_what_has_expired_is_not_sent(rig: Rig) -> None:
    async with await rig.vehicle(session_expiry_interval=60) as car:
        await subscribe(car, COMMANDS)
    await until(lambda: rig.gateway.report.gauges.get("connections") == 0)
    await rig.down("car-1", DownKind.COMMAND_REQUEST, b"old", id="c1", expires="1000")
    await rig.down("car-1", DownKind.COMMAND_REQUEST, b"new", id="c2", expires="99999999999999")
    async with await rig.client() as car:
        await car.connect("car-1", clean_start=False)
        packet = await car.expect(mqtt5.PublishPacket)
        assert packet.payload == b"new"
        assert packet.message_expiry_interval is not None
    assert rig.counters['down_total{outcome="expired"}'] == 1


async def test_what_the_vehicle_cannot_take_is_not_sent(rig: Rig) -> None:
    async with await rig.vehicle(max_packet_size=1_000) as car:
        await subscribe(car, COMMANDS)
        await rig.down("car-1", DownKind.COMMAND_REQUEST, bytes(2_000), id="c1")
        await rig.down("car-1", DownKind.COMMAND_REQUEST, b"small", id="c2")
        assert (await car.expect(mqtt5.PublishPacket)).payload == b"small"
    assert rig.counters['down_total{outcome="too_large"}'] == 1


async def test_a_large_document_arrives_whole(rig: Rig) -> None:
    content = bytes(range(256)) * 8_000
    async with await rig.vehicle() as car:
        await subscribe(car, *KAIDO.subscriptions("car-1"))
        await rig.down("car-1", DownKind.DECODER_MANIFEST, content)
        assert (await car.expect(mqtt5.PublishPacket)).payload == content


async def test_one_message_for_several_vehicles_goes_to_each(rig: Rig) -> None:
    rig.vehicles.register("acme", "car-2")
    await rig.gateway.gatekeeper.refresh()
    async with await rig.vehicle() as first, await rig.vehicle("car-2") as second:
        await subscribe(first, *KAIDO.subscriptions("car-1"))
        await subscribe(second, *KAIDO.subscriptions("car-2"))
        await rig.down("car-2,nobody,car-1", DownKind.DECODER_MANIFEST, b"for both")
        for car in (first, second):
            assert (await car.expect(mqtt5.PublishPacket)).payload == b"for both"


async def test_nonsense_on_the_way_down_is_counted(rig: Rig) -> None:
    async with await rig.vehicle() as car:
        await rig.journal.nats.publish("kaido.down.acme", b"no headers")
        await rig.journal.nats.publish("kaido.down.acme", b"x", headers={"Kaido-Vehicle": "car-1", "Kaido-Kind": "77"})
        await until(lambda: rig.counters['down_total{outcome="unreadable"}'] == 2)
        assert (await car.publish(TOPIC, b"x", 1)).reason_code == 0


async def test_a_will_is_published_when_the_vehicle_is_lost(rig: Rig) -> None:
    car = await rig.vehicle(will=Will(TOPIC, payload=b"lost"))
    car.writer.transport.abort()
    await until(lambda: rig.gateway.lanes.journaled == 1)
    assert [row["payload"] for row in await rig.journaled()] == [b"lost"]


async def test_a_will_is_not_published_after_a_good_bye_or_when_the_vehicle_is_back_in_time(rig: Rig) -> None:
    async with await rig.vehicle(will=Will(TOPIC, payload=b"lost")) as car:
        car.send(mqtt5.DisconnectPacket())
        await car.closed()
    car = await rig.vehicle(session_expiry_interval=60, will=Will(TOPIC, payload=b"lost", will_delay_interval=1))
    car.writer.transport.abort()
    await until(lambda: rig.gateway.report.gauges.get("connections") == 0)
    async with await rig.client() as car:
        await car.connect("car-1", clean_start=False, session_expiry_interval=60)
        await asyncio.sleep(1.6)
        await car.publish(TOPIC, b"still here", 1)
    assert [row["payload"] for row in await rig.journaled()] == [b"still here"]


async def test_a_delayed_will_is_published_when_its_time_has_come(rig: Rig) -> None:
    car = await rig.vehicle(session_expiry_interval=60, will=Will(TOPIC, payload=b"lost", will_delay_interval=1))
    car.writer.transport.abort()
    await until(lambda: rig.gateway.lanes.journaled == 1)
