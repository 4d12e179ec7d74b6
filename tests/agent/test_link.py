from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import mqtt5
import pytest

from kaido.agent.errors import LinkError, LinkRefusedError
from kaido.agent.link import Link
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kaido.agent.config import AgentConfig
    from kaido.agent.testing import Broker

    MakeConfig = Callable[..., AgentConfig]


def nothing(_topic: str, _payload: bytes) -> None:
    pass


async def test_it_logs_in_as_the_vehicle_and_subscribes_to_the_way_down(
    broker: Broker, make_config: MakeConfig
) -> None:
    link = await Link.open(make_config(broker.port, session_expiry_s=321), nothing)
    (connect,) = broker.connects
    assert (connect.client_id, connect.clean_start, connect.session_expiry_interval) == ("car-1", False, 321)
    assert "$aws/iotfleetwise/vehicles/car-1/decoder_manifests" in broker.filters
    assert "$aws/commands/things/car-1/executions/+/request/protobuf" in broker.filters
    await link.close()
    assert len(broker.disconnects) == 1
    assert link.lost.done()


async def test_a_publish_is_acknowledged_and_a_message_arrives(broker: Broker, make_config: MakeConfig) -> None:
    got: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
    link = await Link.open(make_config(broker.port), lambda topic, payload: got.put_nowait((topic, payload)))
    acknowledged: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    assert link.publish("t", b"x", 5, lambda code, _: acknowledged.set_result(int(code)))
    assert await asyncio.wait_for(acknowledged, 30) == 0
    big = b"manifest" * 100_000
    broker.send("down", big)
    assert await asyncio.wait_for(got.get(), 30) == ("down", big)
    await link.close()


async def test_the_clouds_receive_maximum_is_the_window(broker: Broker, make_config: MakeConfig) -> None:
    broker.connack = {"receive_max": 3, "max_packet_size": 1_000}
    broker.verdict = lambda _: None
    link = await Link.open(make_config(broker.port, window=10), nothing)
    assert link.free == 3
    assert link.publish("t", b"x", 1, lambda *_: None)
    assert link.free == 2
    assert not link.publish("t", b"x" * 1_000, 2, lambda *_: None)
    assert link.pending == [1]
    await link.close()


async def test_a_silent_cloud_is_found_by_the_ping(broker: Broker, make_config: MakeConfig) -> None:
    broker.connack = {"server_keep_alive": 1}
    link = await Link.open(make_config(broker.port, ping_timeout_s=1), nothing)
    async with asyncio.timeout(30):
        while broker.pings < 2:  # noqa: ASYNC110  # a test
            await asyncio.sleep(0.01)
    assert not link.lost.done()
    broker.answer_pings = False
    assert "ping" in (await asyncio.wait_for(link.lost, 30)).text


async def test_a_goodbye_of_the_cloud_has_its_reason(broker: Broker, make_config: MakeConfig) -> None:
    link = await Link.open(make_config(broker.port), nothing)
    broker.connections[0].end(mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER)
    reason = await asyncio.wait_for(link.lost, 30)
    assert reason.code == mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER
    assert "session taken over (0x8e)" in reason.text
    assert link.free == 0


@pytest.mark.parametrize("rubbish", [b"\x00\x00", b"\xff\xff\xff\xff\xff", b"\x20\x7f" + bytes(127), b"\xd0\x01\x00"])
async def test_what_is_no_mqtt_ends_the_link(broker: Broker, make_config: MakeConfig, rubbish: bytes) -> None:
    link = await Link.open(make_config(broker.port), nothing)
    broker.connections[0].write(rubbish)
    assert "no MQTT" in (await asyncio.wait_for(link.lost, 30)).text


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (mqtt5.ConnAckReasonCode.NOT_AUTHORIZED, LinkRefusedError),
        (mqtt5.ConnAckReasonCode.SERVER_BUSY, LinkError),
    ],
)
async def test_a_refusal_says_why(
    broker: Broker, make_config: MakeConfig, code: mqtt5.ConnAckReasonCode, kind: type[LinkError]
) -> None:
    broker.connack = {"reason_code": code, "reason_str": "since I say so"}
    with pytest.raises(kind, match=r"refused vehicle car-1: .*0x8[79]\), since I say so") as caught:
        await Link.open(make_config(broker.port), nothing)
    assert type(caught.value) is kind


async def test_nobody_listens(make_config: MakeConfig) -> None:
    with pytest.raises(LinkError, match=r"localhost:1 cannot be reached.*kaido status"):
        await Link.open(make_config(1), nothing)


async def test_a_gateway_of_another_authority(broker: Broker, make_config: MakeConfig, certificates: Path) -> None:
    with pytest.raises(LinkRefusedError, match="does not vouch for"):
        await Link.open(make_config(broker.port, ca=certificates / "other-ca.pem"), nothing)


async def test_a_vehicle_that_the_gateway_does_not_know(
    broker: Broker, make_config: MakeConfig, strangers: Path
) -> None:
    config = make_config(broker.port, certificate=strangers / "vehicle.pem", key=strangers / "vehicle.key")
    with pytest.raises(LinkError, match="before the log-in was done"):
        await Link.open(config, nothing)


@pytest.mark.parametrize("missing", ["certificate", "key", "ca"])
async def test_a_file_that_is_not_there(broker: Broker, make_config: MakeConfig, tmp_path: Path, missing: str) -> None:
    with pytest.raises(InvalidInputError, match=r"nowhere\.pem cannot be read: No such file.*kaido vehicle enrol"):
        await Link.open(make_config(broker.port, **{missing: tmp_path / "nowhere.pem"}), nothing)


async def test_a_key_of_another_certificate(broker: Broker, make_config: MakeConfig, certificates: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be used together"):
        await Link.open(make_config(broker.port, key=certificates / "server.key"), nothing)
    with pytest.raises(InvalidInputError, match="no PEM certificate"):
        await Link.open(make_config(broker.port, ca=certificates / "server.key"), nothing)


async def test_a_cloud_that_does_not_answer(make_config: MakeConfig) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(LinkError, match="did not answer"):
        await Link.open(make_config(silent.getsockname()[1], connect_timeout_s=0.3), nothing)
