"""What each client that nobody here wrote is told when it is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from kaido.flow import UpKind
from kaido.wire.topics import FLEETWISE, KAIDO
from tests.gateway.rig import self_made, until
from tests.link.car import How, RefusedError, Will
from tests.link.paho_car import PahoCar

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.rig import Credentials, Rig
    from tests.link.conftest import Garage

TOPIC = KAIDO.up("car-1", UpKind.SIGNALS)


async def refused(garage: Garage, how: How) -> int | None:
    with pytest.raises(RefusedError) as caught:
        await garage.car().connect(how)
    code: int | None = caught.value.code
    return code


async def given_company(rig: Rig, folder: Path, common_name: str, ends: timedelta = timedelta(days=1)) -> Credentials:
    """A certificate of an authority that a company brought."""
    authority, key, files = self_made(folder, "given", authority=True)
    rig.companies.create("given", files.certificate.read_bytes())
    await rig.gateway.gatekeeper.refresh()
    *_, credentials = self_made(folder, common_name, issuer=(authority, key), ends=ends)
    return credentials


async def test_by_tls(rig: Rig, garage: Garage, tmp_path: Path) -> None:
    ended = await given_company(rig, tmp_path, "car-1", ends=timedelta(seconds=-5))
    *_, alone = self_made(tmp_path, "car-1")
    for credentials, reason in ((None, "no_certificate"), (alone, "self_signed"), (ended, "expired")):
        assert await refused(garage, garage.how(credentials=credentials, patience=1)) is None
        await until(lambda reason=reason: rig.refused(reason) == 1)  # type: ignore[misc]  # a default is no argument


async def test_for_who_it_is(rig: Rig, garage: Garage, tmp_path: Path) -> None:
    assert await refused(garage, garage.how(client_id="car-2")) == 0x85
    assert rig.refused("client_id") == 1
    unknown = await given_company(rig, tmp_path, "car-9")
    assert await refused(garage, garage.how(credentials=unknown, client_id="car-9")) == 0x87
    how = garage.how()
    rig.vehicles.revoke("acme", "car-1")
    await rig.gateway.gatekeeper.refresh()
    assert await refused(garage, how) == 0x8A


async def test_for_a_will_that_is_not_its_own(rig: Rig, garage: Garage) -> None:
    for topic in (KAIDO.up("car-2", UpKind.SIGNALS), "$aws/things/car-10/x", "a/b"):
        assert await refused(garage, garage.how(will=Will(topic))) == 0x87
    assert rig.refused("will_topic") == 3
    assert len(rig.gateway.sessions) == 0


async def test_while_the_journal_is_away(rig: Rig, garage: Garage) -> None:
    await rig.server.stop()
    await until(lambda: not rig.gateway.ready)
    assert await refused(garage, garage.how()) == 0x88


@pytest.mark.parametrize(
    "topic",
    [
        *(prefixes.up("car-2", UpKind.SIGNALS) for prefixes in (FLEETWISE, KAIDO)),
        "kaido/v/car-10/signals",
        "kaido/v/../car-2/signals",
        "$SYS/broker/uptime",
        "a/b",
    ],
)
async def test_for_a_topic_of_another(rig: Rig, garage: Garage, topic: str) -> None:
    car = await garage.connected()
    await car.publish(topic, b"x", qos=0)
    assert await car.ended() == 0x87
    assert await rig.journaled() == []


async def test_a_topic_that_nobody_reads_costs_no_connection(rig: Rig, garage: Garage) -> None:
    car = await garage.connected()
    code = await car.publish("$aws/things/car-1/shadow/update", b"x")
    assert code == (0 if type(car).__name__ == "AiomqttCar" else 0x90)  # aiomqtt does not tell
    assert await car.publish(TOPIC, b"kept") == 0
    assert [row["payload"] for row in await rig.journaled()] == [b"kept"]


async def test_subscriptions_one_by_one(rig: Rig, garage: Garage) -> None:
    car = await garage.connected()
    foreign = ["kaido/v/car-2/#", "kaido/v/+/decoder_manifests", "#", "$aws/commands/things/car-2/executions/+/request"]
    own = FLEETWISE.subscriptions("car-1")
    assert await car.subscribe([*foreign, *own]) == [0x87] * len(foreign) + [1] * len(own)
    many = [f"kaido/v/car-1/{number}" for number in range(30)]
    assert (await car.subscribe(many))[-2:] == [0x97, 0x97]
    assert rig.refused("foreign_filter") == 4


class TestWhatPahoAloneLetsThrough:
    """The others refuse these themselves, by what the CONNACK says."""

    @pytest.fixture
    async def car(self, rig: Rig) -> PahoCar:
        car = PahoCar()
        await car.connect(How(rig.gateway.port, rig.trust, rig.credentials()))
        return car

    @pytest.mark.parametrize(
        ("qos", "retain", "size", "code"), [(2, False, 1, 0x9B), (0, True, 1, 0x9A), (0, False, 300_000, 0x95)]
    )
    async def test_publishes(self, car: PahoCar, qos: int, retain: bool, size: int, code: int) -> None:
        car.client.publish(TOPIC, bytes(size), qos, retain)
        assert await car.ended() == code
        await car.close()

    async def test_a_topic_alias(self, car: PahoCar) -> None:
        await car.publish(TOPIC, b"x", qos=0, TopicAlias=1)
        assert await car.ended() == 0x94
        await car.close()

    async def test_a_subscription_identifier(self, car: PahoCar) -> None:
        with pytest.raises(ConnectionError):
            await car.subscribe(["kaido/v/car-1/#"], SubscriptionIdentifier=5)
        assert await car.ended() == 0xA1
        await car.close()

    async def test_a_shared_subscription(self, car: PahoCar) -> None:
        assert await car.subscribe(["$share/group/kaido/v/car-1/#"]) == [0x9E]
        await car.close()

    @pytest.mark.parametrize(
        ("will", "code"), [(Will(TOPIC, qos=2), 0x9B), (Will(TOPIC, retain=True), 0x9A)], ids=["QoS 2", "retained"]
    )
    async def test_wills(self, rig: Rig, will: Will, code: int) -> None:
        car = PahoCar()
        with pytest.raises(RefusedError) as caught:
            await car.connect(How(rig.gateway.port, rig.trust, rig.credentials(), will=will))
        assert caught.value.code == code
        await car.close()

    async def test_another_way_to_prove_who_it_is(self, rig: Rig) -> None:
        car = PahoCar()
        with pytest.raises(RefusedError) as caught:
            await car.connect(How(rig.gateway.port, rig.trust, rig.credentials()), AuthenticationMethod="SCRAM-SHA-1")
        assert caught.value.code == 0x8C
        await car.close()

    async def test_another_version_of_mqtt(self, rig: Rig) -> None:
        car = PahoCar(MQTTProtocolVersion.MQTTv311)
        with pytest.raises(RefusedError):
            await car.connect(How(rig.gateway.port, rig.trust, rig.credentials()))
        assert rig.refused("mqtt_version") == 1
        await car.close()
