from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import mqtt5
from mqtt5 import DisconnectReasonCode, PubAckPacket

from kaido.company import Directory
from kaido.flow import DownKind
from kaido.gateway import Gateway
from kaido.gateway.downlink import Downlink
from kaido.gateway.listener import listen
from kaido.gateway.neighbours import Neighbours
from kaido.store import Store
from tests.gateway.client import Client, tls_context
from tests.gateway.rig import Rig, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

COMMANDS = "kaido/c/car-1/executions/+/request/protobuf"


@asynccontextmanager
async def neighbour(rig: Rig) -> AsyncIterator[Gateway]:
    """A second gateway beside the rig's, each knowing of the other."""
    store = Store.open(rig.settings.database)
    gateway = Gateway(rig.settings, Directory(store))
    await Downlink(gateway.sessions, gateway.report).listen(rig.journal.nats)
    both = [Neighbours(rig.journal.nats, one) for one in (rig.gateway, gateway)]
    for one in both:
        await one.listen()
    gateway.attach(rig.journal, rig.journal.nats.max_payload)
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()
        for one in both:
            await one.close()
        store.close()


async def connected(rig: Rig, gateway: Gateway, **fields: Any) -> Client:
    client = await Client.open(gateway.port, tls_context(rig.trust, rig.credentials()))
    assert (await client.connect("car-1", **fields)).reason_code == 0
    return client


async def subscribe(car: Client, *patterns: str) -> None:
    car.send(
        mqtt5.SubscribePacket(1, [mqtt5.TopicFilter(pattern, max_qos=mqtt5.QoS.AT_LEAST_ONCE) for pattern in patterns])
    )
    await car.expect(mqtt5.SubAckPacket)


async def test_a_vehicle_that_connects_to_another_gateway_loses_its_connection_here(rig: Rig) -> None:
    async with neighbour(rig) as other:
        here = await rig.vehicle(session_expiry_interval=60)
        there = await connected(rig, other)
        ended = await here.expect(mqtt5.DisconnectPacket)
        assert ended.reason_code == DisconnectReasonCode.SESSION_TAKEN_OVER
        await until(lambda: rig.gateway.sessions.get("acme", "car-1") is None)
        there.send(mqtt5.PingReqPacket())
        await there.expect(mqtt5.PingRespPacket)
        back = await connected(rig, rig.gateway)
        assert (await there.expect(mqtt5.DisconnectPacket)).reason_code == DisconnectReasonCode.SESSION_TAKEN_OVER
        await back.close()


async def test_what_waited_for_a_vehicle_reaches_it_where_it_is_now(rig: Rig) -> None:
    async with neighbour(rig) as other:
        here = await rig.vehicle(session_expiry_interval=60)
        await subscribe(here, COMMANDS)
        await rig.down("car-1", DownKind.COMMAND_REQUEST, b"first", id="c1")
        await here.expect(mqtt5.PublishPacket)  # and no PUBACK
        await here.close()
        await until(lambda: rig.gateway.report.gauges.get("connections") == 0)
        await rig.down("car-1", DownKind.COMMAND_REQUEST, b"second", id="c2")
        session = rig.gateway.sessions.get("acme", "car-1")
        assert session is not None
        await until(lambda: session.waiting == 1)
        there = await connected(rig, other, clean_start=False, session_expiry_interval=60)
        await until(lambda: rig.gateway.sessions.get("acme", "car-1") is None)
        await subscribe(there, COMMANDS)
        got = [await there.expect(mqtt5.PublishPacket) for _ in range(2)]
        assert [packet.payload for packet in got] == [b"first", b"second"]
        for packet in got:
            assert packet.packet_id is not None
            there.send(PubAckPacket(packet.packet_id))
        await there.close()


async def test_a_clean_start_elsewhere_wants_nothing_of_what_waited(rig: Rig) -> None:
    async with neighbour(rig) as other:
        here = await rig.vehicle(session_expiry_interval=60)
        await subscribe(here, COMMANDS)
        await here.close()
        await until(lambda: rig.gateway.report.gauges.get("connections") == 0)
        await rig.down("car-1", DownKind.COMMAND_REQUEST, b"old", id="c1")
        there = await connected(rig, other, clean_start=True)
        await until(lambda: rig.gateway.sessions.get("acme", "car-1") is None)
        await subscribe(there, COMMANDS)
        await rig.down("car-1", DownKind.COMMAND_REQUEST, b"new", id="c2")
        assert (await there.expect(mqtt5.PublishPacket)).payload == b"new"
        await there.close()


async def test_nonsense_from_another_gateway_ends_nothing(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    async with neighbour(rig):
        car = await rig.vehicle()
        for content in (b"", b"{}", b'{"gateway": "x", "events": [["acme"]]}', b"\xff", b"[]"):
            await rig.journal.nats.publish("kaido.presence", content)
        await rig.journal.nats.flush()
        await until(lambda: caplog.text.count("makes no sense") >= 5)
        car.send(mqtt5.PingReqPacket())
        await car.expect(mqtt5.PingRespPacket)
        await car.close()


async def test_gateways_share_a_port() -> None:
    first = listen("127.0.0.1", 0, share=True)
    second = listen("127.0.0.1", first.getsockname()[1], share=True)
    assert first.getsockname() == second.getsockname()
    first.close()
    second.close()
