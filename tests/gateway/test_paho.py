"""The gateway as a client sees it that nobody here wrote: Eclipse Paho, MQTT 5, mutual TLS."""

from __future__ import annotations

import asyncio
import queue
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from kaido.flow import DownKind, UpKind
from kaido.wire.topics import FLEETWISE
from tests.gateway.rig import until

if TYPE_CHECKING:
    from tests.gateway.rig import Rig


class Car:
    """A paho client in its own thread, whose events are in a queue."""

    def __init__(self, rig: Rig, client_id: str = "car-1") -> None:
        self.events: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5)
        credentials = rig.credentials()
        self.client.tls_set(str(rig.trust), str(credentials.certificate), str(credentials.key))
        self.client.username_pw_set("?SDK=paho")
        self.client.on_connect = lambda *args: self.events.put(("connect", args[2].session_present, args[3].value))
        self.client.on_disconnect = lambda *args: self.events.put(("disconnect", args[3].value))
        self.client.on_message = lambda *args: self.events.put(("message", args[2].topic, args[2].payload, args[2].qos))
        self.client.on_subscribe = lambda *args: self.events.put(("subscribe", [code.value for code in args[3]]))
        self.client.on_publish = lambda *args: self.events.put(("publish", args[3].value))

    async def connect(self, rig: Rig, *, clean: bool = True, expiry: int = 60) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
        properties.SessionExpiryInterval = expiry
        await asyncio.to_thread(
            self.client.connect, "localhost", rig.gateway.port, 30, clean_start=clean, properties=properties
        )
        self.client.loop_start()

    async def event(self) -> tuple[Any, ...]:
        return await asyncio.to_thread(self.events.get, timeout=30)

    async def close(self) -> None:
        await asyncio.to_thread(self.client.disconnect)
        await asyncio.to_thread(self.client.loop_stop)


async def test_a_day_of_a_vehicle(rig: Rig) -> None:
    car = Car(rig)
    await car.connect(rig)
    assert await car.event() == ("connect", False, 0)
    car.client.subscribe([(pattern, 1) for pattern in FLEETWISE.subscriptions("car-1")])
    assert await car.event() == ("subscribe", [1, 1, 1, 1, 1])
    for number in range(100):
        car.client.publish(FLEETWISE.up("car-1", UpKind.SIGNALS), b"%d" % number, qos=1)
    assert [await car.event() for _ in range(100)] == [("publish", 0)] * 100
    assert [row["payload"] for row in await rig.journaled()] == [b"%d" % number for number in range(100)]
    await rig.down("car-1", DownKind.COMMAND_REQUEST, b"flash", id="c1")
    topic = "$aws/commands/things/car-1/executions/c1/request/protobuf"
    assert await car.event() == ("message", topic, b"flash", 1)
    await car.close()
    assert await car.event() == ("disconnect", 0)

    await until(lambda: rig.gateway.report.gauges.get("connections") == 0)
    await rig.down("car-1", DownKind.COLLECTION_SCHEMES, b"schemes")
    again = Car(rig)
    await again.connect(rig, clean=False)
    events = [await again.event(), await again.event()]
    assert ("connect", True, 0) in events
    assert ("message", FLEETWISE.down("car-1", DownKind.COLLECTION_SCHEMES), b"schemes", 1) in events
    await again.close()


async def test_it_is_told_why_it_is_refused(rig: Rig) -> None:
    car = Car(rig, client_id="car-9")
    await car.connect(rig)
    assert await car.event() == ("connect", False, 0x85)
    await car.close()


async def test_it_is_told_that_it_was_revoked(rig: Rig) -> None:
    car = Car(rig)
    await car.connect(rig)
    await car.event()
    rig.vehicles.revoke("acme", "car-1")
    assert await car.event() == ("disconnect", 0x98)
    await car.close()
