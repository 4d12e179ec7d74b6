"""A vehicle that proved who it is, and then sends anything at all: only its own connection ends."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import mqtt5
import pytest
from mqtt5 import PublishPacket, QoS

from kaido.flow import UpKind
from kaido.wire.topics import KAIDO
from tests.gateway.rig import Rig, until

if TYPE_CHECKING:
    from tests.gateway.client import Client

TOPIC = KAIDO.up("car-2", UpKind.SIGNALS)
SEED = [
    PublishPacket(TOPIC, b"payload", qos=QoS.AT_LEAST_ONCE, packet_id=3, user_properties=[("k", "v")]).write(),
    PublishPacket(TOPIC, bytes(300), qos=QoS.AT_LEAST_ONCE, packet_id=4).write(),
    mqtt5.SubscribePacket(1, [mqtt5.TopicFilter("kaido/v/car-2/#")]).write(),
    mqtt5.UnsubscribePacket(2, ["kaido/v/car-2/#"]).write(),
    mqtt5.ConnectPacket("car-2", will=mqtt5.Will(TOPIC)).write(),
    mqtt5.DisconnectPacket(reason_str="bye").write(),
    mqtt5.PubAckPacket(4, reason_str="why").write(),
    *(bytes.fromhex(file.read_text()) for file in sorted((Path(__file__).parent / "corpus").glob("*.hex"))),
]


async def ended(client: Client) -> None:
    """Read until the gateway closes, or until what was sent needs more bytes than came."""
    client.writer.write_eof() if client.writer.can_write_eof() else client.writer.close()
    while await client.packet() is not None:
        pass


@pytest.mark.parametrize("seed", range(4))
async def test_mutated_streams(rig: Rig, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    rig.vehicles.register("acme", "car-2")
    await rig.gateway.gatekeeper.refresh()
    dice = random.Random(seed)
    async with await rig.vehicle() as neighbour:
        for _ in range(25):
            stream = bytearray(b"".join(dice.choices(SEED, k=dice.randint(1, 5))))
            for _ in range(dice.randint(0, 6)):
                stream[dice.randrange(len(stream))] = dice.randrange(256)
            hostile = await rig.client(rig.credentials("car-2"))
            if dice.random() < 0.8:
                await hostile.connect("car-2")
            hostile.send(bytes(stream))
            await ended(hostile)
            await hostile.close()
        await until(lambda: len(rig.gateway._links) == 1)
        assert (await neighbour.publish(KAIDO.up("car-1", UpKind.SIGNALS), b"unharmed", 1)).reason_code == 0
    assert not [record for record in caplog.records if record.exc_info or "Fatal" in record.getMessage()]
    rows = await rig.journaled()
    assert {row["vehicle"] for row in rows} <= {"car-1", "car-2"}
    assert [row["payload"] for row in rows if row["vehicle"] == "car-1"] == [b"unharmed"]


async def test_a_packet_one_byte_at_a_time(rig: Rig) -> None:
    async with await rig.vehicle() as car:
        packet = PublishPacket(KAIDO.up("car-1", UpKind.SIGNALS), bytes(200), qos=QoS.AT_LEAST_ONCE, packet_id=1)
        for byte in packet.write():
            car.send(bytes([byte]))
            await car.writer.drain()
        await car.expect(mqtt5.PubAckPacket)
