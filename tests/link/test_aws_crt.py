"""What the AWS CRT does that the other clients do not, as it does it inside of the FleetWise edge agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awscrt import mqtt5  # type: ignore[import-untyped]  # it has no types

from kaido.flow import DownKind, UpKind
from kaido.gateway import connecting
from kaido.wire.topics import FLEETWISE
from tests.link.car import How
from tests.link.crt_car import CrtCar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import mqtt5 as codec

    from kaido.gateway.connection import Connection
    from kaido.gateway.gateway import Gateway
    from tests.gateway.rig import Rig

TOPIC = FLEETWISE.up("car-1", UpKind.SIGNALS)
METRICS = "?SDK=CPPv2&Version=1.34.0"


@pytest.fixture
async def cars() -> AsyncIterator[list[CrtCar]]:
    made: list[CrtCar] = []
    yield made
    for car in made:
        await car.close()


def how(rig: Rig) -> How:
    return How(rig.gateway.port, rig.trust, rig.credentials())


@pytest.mark.parametrize("alpn", ["x-amzn-mqtt-ca", "mqtt", None])
async def test_the_protocol_it_names_on_port_443(rig: Rig, cars: list[CrtCar], alpn: str | None) -> None:
    cars.append(car := CrtCar(alpn))
    await car.connect(how(rig))
    assert await car.publish(TOPIC, b"x") == 0


async def test_the_metrics_in_its_user_name(rig: Rig, cars: list[CrtCar], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[codec.ConnectPacket] = []
    taken = connecting.connect

    def noted(host: Gateway, connection: Connection, packet: codec.ConnectPacket) -> None:
        seen.append(packet)
        taken(host, connection, packet)

    monkeypatch.setattr(connecting, "connect", noted)
    cars.append(car := CrtCar("x-amzn-mqtt-ca", disable_metrics=False))
    await car.connect(how(rig), username=METRICS, password=b"")
    assert await car.publish(TOPIC, b"x") == 0
    assert "SDK=" in str(seen[0].username)


async def test_what_the_connack_offers_it(rig: Rig, cars: list[CrtCar]) -> None:
    cars.append(car := CrtCar())
    await car.connect(how(rig))
    offered = car.settings
    assert offered is not None
    assert offered.maximum_qos == mqtt5.QoS.AT_LEAST_ONCE
    assert offered.receive_maximum_from_server == rig.gateway.settings.gateway_receive_maximum
    assert offered.maximum_packet_size_to_server == rig.gateway.settings.gateway_max_packet_bytes
    assert (offered.server_keep_alive_sec, offered.client_id) == (30, "car-1")
    assert not any(
        (offered.retain_available, offered.subscription_identifiers_available, offered.shared_subscriptions_available)
    )
    assert offered.wildcard_subscriptions_available


async def test_it_connects_again_by_itself_and_resumes(rig: Rig, cars: list[CrtCar]) -> None:
    cars.append(car := CrtCar(min_reconnect_delay_ms=100, max_reconnect_delay_ms=200))
    before = how(rig)
    await car.connect(How(before.port, before.trust, before.credentials, clean=False))
    await car.subscribe(FLEETWISE.subscriptions("car-1"))
    session = rig.gateway.sessions.get("acme", "car-1")
    assert session is not None
    assert session.connection is not None
    session.connection._link.abort()  # the line is cut
    await rig.down("car-1", DownKind.COLLECTION_SCHEMES, b"meanwhile")
    _, data = await car.event("up")
    assert data.negotiated_settings.rejoined_session
    assert (await car.message()).payload == b"meanwhile"


async def test_many_under_way_at_once(rig: Rig, cars: list[CrtCar]) -> None:
    """More than the receive maximum: the client keeps to it, and everything is acknowledged in the end."""
    cars.append(car := CrtCar())
    await car.connect(how(rig))
    assert car.client is not None
    sent = [b"%d" % number for number in range(1_000)]
    packets = [mqtt5.PublishPacket(topic=TOPIC, payload=payload, qos=mqtt5.QoS.AT_LEAST_ONCE) for payload in sent]
    for done in [car.client.publish(packet) for packet in packets]:
        assert (await car._done(done)).puback.reason_code == 0
    assert [row["payload"] for row in await rig.journaled()] == sent
