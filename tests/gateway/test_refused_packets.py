"""Every packet that is refused, with the reason code that says so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import mqtt5
import pytest
from mqtt5 import ConnAckPacket, PublishPacket, QoS, SubscribePacket, TopicFilter

from kaido.flow import UpKind
from kaido.wire.topics import KAIDO
from tests.gateway.rig import Rig, until

if TYPE_CHECKING:
    from pathlib import Path

TOPIC = KAIDO.up("car-1", UpKind.SIGNALS)
OVERSIZE = b"\x30\xff\xff\xff\x7f"


def publish(topic: str | bytes, *, first: int = 0x32, packet_id: int = 1, properties: bytes = b"") -> bytes:
    """A PUBLISH as bytes, also one that the codec would not write."""
    name = topic.encode() if isinstance(topic, str) else topic
    identifier = packet_id.to_bytes(2, "big") if first & 0x06 else b""
    body = len(name).to_bytes(2, "big") + name + identifier + bytes([len(properties)]) + properties + b"payload"
    return bytes([first, len(body)]) + body


AFTER_CONNECT = {
    "QoS 2": (publish(TOPIC, first=0x34), 0x9B, "qos"),
    "retained": (publish(TOPIC, first=0x33), 0x9A, "retain"),
    "topic alias": (publish(TOPIC, properties=b"\x23\x00\x01"), 0x94, "topic_alias"),
    "topic alias alone": (publish("", properties=b"\x23\x00\x01"), 0x94, "topic_alias"),
    "another vehicle's topic": (publish(KAIDO.up("car-2", UpKind.SIGNALS)), 0x87, "foreign_topic"),
    "a topic that begins like its own": (publish("kaido/v/car-10/signals"), 0x87, "foreign_topic"),
    "a topic of nobody": (publish("a/b"), 0x87, "foreign_topic"),
    "a system topic": (publish("$SYS/broker"), 0x87, "foreign_topic"),
    "climbing out": (publish("kaido/v/../car-2/signals"), 0x87, "foreign_topic"),
    "a topic with +": (publish("kaido/v/+/signals"), 0x90, "topic_name"),
    "a topic with #": (publish("kaido/v/car-1/#"), 0x90, "topic_name"),
    "a topic that is not UTF-8": (publish(b"\xff\xfe"), 0x81, "malformed"),
    "a topic with a zero": (publish("kaido/v/car-1/\0"), 0x81, "malformed"),
    "a surrogate in a property": (publish(TOPIC, properties=b"\x03\x00\x03\xed\xa0\x80"), 0x81, "malformed"),
    "packet identifier zero": (publish(TOPIC, packet_id=0), 0x81, "malformed"),
    "QoS 3": (publish(TOPIC, first=0x36), 0x81, "malformed"),
    "a duplicate of QoS 0": (publish(TOPIC, first=0x38), 0x81, "malformed"),
    "a property twice": (publish(TOPIC, properties=b"\x01\x00\x01\x00"), 0x81, "malformed"),
    "a property that does not exist": (publish(TOPIC, properties=b"\x99"), 0x81, "malformed"),
    "a client's subscription identifier": (publish(TOPIC, properties=b"\x0b\x01"), 0x82, "protocol_error"),
    "packet type zero": (b"\x00\x00", 0x81, "malformed"),
    "a length of five bytes": (b"\x30\xff\xff\xff\xff\x01", 0x81, "malformed"),
    "a length that cuts the topic": (b"\x32\x02\x00\x05", 0x81, "malformed"),
    "above the maximum packet size": (OVERSIZE, 0x95, "packet_too_large"),
    "a second CONNECT": (mqtt5.ConnectPacket("car-1"), 0x82, "protocol_error"),
    "a CONNACK": (ConnAckPacket(), 0x82, "protocol_error"),
    "a PUBREL": (mqtt5.PubRelPacket(1), 0x82, "protocol_error"),
    "an AUTH": (mqtt5.AuthPacket(), 0x82, "protocol_error"),
    "a subscription identifier": (
        SubscribePacket(1, [TopicFilter("kaido/v/car-1/#")], subscription_id=5),
        0xA1,
        "subscription_id",
    ),
    "a SUBSCRIBE for nothing": (b"\x82\x03\x00\x01\x00", 0x81, "malformed"),
    "reserved subscription options": (b"\x82\x07\x00\x01\x00\x00\x01a\xc1", 0x81, "malformed"),
    "a PINGREQ with a body": (b"\xc0\x01\x00", 0x81, "malformed"),
    "a longer session only at the end": (
        mqtt5.DisconnectPacket(session_expiry_interval=10),
        0x82,
        "protocol_error",
    ),
}


@pytest.mark.parametrize("name", AFTER_CONNECT)
async def test_after_the_connect(rig: Rig, name: str) -> None:
    packet, code, reason = AFTER_CONNECT[name]
    async with await rig.vehicle() as car:
        car.send(packet)
        await car.refused(code)
    assert rig.refused(reason) == 1
    assert await rig.journaled() == []


BEFORE_CONNACK: dict[str, tuple[Any, int | None, str]] = {
    "MQTT 3.1.1": (bytes.fromhex("100c00044d5154540402003c0000"), 0x84, "mqtt_version"),
    "MQTT 3.1": (bytes.fromhex("100e00064d51497364700302003c0000"), 0x81, "malformed"),
    "a reserved flag": (bytes.fromhex("100d00044d5154540503003c000000"), 0x81, "malformed"),
    "a client id that is not UTF-8": (bytes.fromhex("100f00044d5154540502003c000002fffe"), 0x81, "malformed"),
    "a receive maximum of zero": (bytes.fromhex("101000044d5154540502003c03210000 0000"), 0x81, "malformed"),
    "an authentication method": (
        mqtt5.ConnectPacket("car-1", authentication_method="SCRAM", authentication_data=b"x"),
        0x8C,
        "authentication_method",
    ),
    "a will for another vehicle": (
        mqtt5.ConnectPacket("car-1", will=mqtt5.Will("kaido/v/car-2/signals")),
        0x87,
        "will_topic",
    ),
    "a will of QoS 2": (
        mqtt5.ConnectPacket("car-1", will=mqtt5.Will(TOPIC, qos=QoS.EXACTLY_ONCE)),
        0x9B,
        "qos",
    ),
    "a retained will": (mqtt5.ConnectPacket("car-1", will=mqtt5.Will(TOPIC, retain=True)), 0x9A, "retain"),
    "above the maximum packet size": (b"\x10\xff\xff\xff\x7f", 0x95, "packet_too_large"),
    "a PUBLISH first": (PublishPacket(TOPIC, b""), None, "no_connect"),
    "a PINGREQ first": (mqtt5.PingReqPacket(), None, "no_connect"),
}


@pytest.mark.parametrize("name", BEFORE_CONNACK)
async def test_instead_of_the_connack(rig: Rig, name: str) -> None:
    packet, code, reason = BEFORE_CONNACK[name]
    async with await rig.client() as client:
        client.send(packet)
        if code is not None:
            assert (await client.expect(ConnAckPacket)).reason_code == code
        await client.closed()
    assert rig.refused(reason) == 1
    assert len(rig.gateway.sessions) == 0


async def test_more_publishes_than_the_receive_maximum(rig: Rig) -> None:
    async with await rig.vehicle() as car:
        car.send(b"".join(publish(TOPIC, packet_id=number) for number in range(1, 66)))
        await car.refused(0x93)
    assert rig.refused("receive_maximum") == 1


async def test_the_connack_says_what_is_offered(rig: Rig) -> None:
    async with await rig.client() as client:
        answer = await client.connect("car-1", keep_alive=0, session_expiry_interval=2**32 - 1)
    assert (answer.receive_max, answer.max_packet_size, answer.topic_alias_max) == (64, 262_144, 0)
    assert answer.max_qos == QoS.AT_LEAST_ONCE
    assert (answer.retain_available, answer.subscription_id_available) == (False, False)
    assert (answer.shared_subscription_available, answer.wildcard_subscription_available) == (False, True)
    assert (answer.server_keep_alive, answer.session_expiry_interval) == (1200, 604_800)


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("kaido/v/car-1/#", 1),
        ("$aws/commands/things/car-1/executions/+/request/protobuf", 1),
        ("$aws/things/car-1/jobs/notify", 1),
        ("kaido/v/car-2/#", 0x87),
        ("#", 0x87),
        ("kaido/v/+/decoder_manifests", 0x87),
        ("$share/group/kaido/v/car-1/#", 0x9E),
        ("kaido/v/car-1/a#", 0x8F),
        ("kaido/v/car-1/#/b", 0x8F),
        ("", 0x8F),
    ],
)
async def test_subscriptions_are_granted_or_refused_one_by_one(rig: Rig, pattern: str, code: int) -> None:
    async with await rig.vehicle() as car:
        own = "kaido/c/car-1/executions/+/request/protobuf"
        filters = b"".join(
            len(each).to_bytes(2, "big") + each.encode() + bytes([qos]) for each, qos in ((pattern, 2), (own, 0))
        )
        car.send(bytes([0x82, 3 + len(filters), 0, 7, 0]) + filters)  # the codec would not write a bad one
        answer = await car.expect(mqtt5.SubAckPacket)
        assert (answer.packet_id, [int(each) for each in answer.reason_codes]) == (7, [code, 0])
        car.send(mqtt5.UnsubscribePacket(8, [own, own]))
        gone = await car.expect(mqtt5.UnsubAckPacket)
        assert [int(each) for each in gone.reason_codes] == [0, 0x11]


async def test_too_many_subscriptions(rig: Rig) -> None:
    async with await rig.vehicle() as car:
        car.send(SubscribePacket(1, [TopicFilter(f"kaido/v/car-1/{number}") for number in range(33)]))
        answer = await car.expect(mqtt5.SubAckPacket)
        assert [int(each) for each in answer.reason_codes] == [1] * 32 + [0x97]


async def test_silence_beyond_the_keep_alive(tmp_path: Path) -> None:
    async with Rig(tmp_path) as rig, await rig.vehicle(keep_alive=1) as car:
        car.send(mqtt5.PingReqPacket())
        await car.expect(mqtt5.PingRespPacket)
        await car.refused(0x8D)
        assert rig.counters['ended_total{reason="keep_alive"}'] == 1


async def test_a_vehicle_that_pings_stays(rig: Rig) -> None:
    async with await rig.vehicle(keep_alive=1) as car:
        for _ in range(10):
            await asyncio.sleep(0.25)  # a busy machine has a second more
            car.send(mqtt5.PingReqPacket())
            await car.expect(mqtt5.PingRespPacket)


async def test_reason_strings_say_why(rig: Rig) -> None:
    async with await rig.vehicle() as car:
        car.send(publish("a/b"))
        packet = await car.expect(mqtt5.DisconnectPacket)
        assert packet.reason_str == "a topic under another id"
    await until(lambda: rig.gateway.report.gauges.get("connections") == 0)
