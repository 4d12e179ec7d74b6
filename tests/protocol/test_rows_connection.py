"""wire.md, "Connection", a row each."""

from __future__ import annotations

import contextlib
import json
import ssl
from typing import TYPE_CHECKING

import pytest

from tests.protocol.cloud import plain_socket
from tests.protocol.edge import USERNAME, Edge
from tests.protocol.messages import WIRE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.protocol.cloud import Cloud


def changed(config: Path, name: str, **keys: object) -> Edge:
    """A vehicle with another configuration; None takes a key out."""
    document = json.loads(config.read_text())
    mqtt = document["staticConfig"]["mqttConnection"] | keys
    document["staticConfig"]["mqttConnection"] = {key: value for key, value in mqtt.items() if value is not None}
    other = config.with_name(name)
    other.write_text(json.dumps(document))
    return Edge(other)


def test_mqtt_5_over_mutual_tls_with_qos_1_in_both_directions(cloud: Cloud) -> None:
    edge = cloud.edge("qos-1")
    settings = edge.connect()
    assert int(settings.maximum_qos) == 1
    assert edge.subscribe() == [1] * 6
    edge.checkin()  # it asserts the PUBACK
    edge.until(lambda: bool(edge.received), "a document")
    assert {one.qos for one in edge.received} == {1}
    edge.close()


def test_without_tls_nothing_is_said(cloud: Cloud) -> None:
    with plain_socket(cloud.platform.record["gateway"]) as bare:
        bare.sendall(bytes.fromhex("100f00044d5154540502003c00000000"))  # CONNECT, MQTT 5
        answer = bare.recv(1)  # a TLS alert, or the end
    assert answer in {b"", b"\x15"}


def test_without_a_client_certificate_there_is_no_connection(cloud: Cloud) -> None:
    context = ssl.create_default_context(cadata=(cloud.vehicle("no-certificate").with_name("ca.pem")).read_text())
    context.check_hostname = False
    answer = b"nothing yet"
    with (
        contextlib.suppress(OSError),  # TLS errors among them; TLS 1.3 tells a client late
        plain_socket(cloud.platform.record["gateway"]) as bare,
        context.wrap_socket(bare, server_hostname="localhost") as wrapped,
    ):
        wrapped.sendall(bytes.fromhex("100f00044d5154540502003c00000000"))
        answer = wrapped.recv(4)
    assert answer in {b"", b"nothing yet"}


def test_the_client_id_is_the_vehicle_id_and_the_certificates_cn(cloud: Cloud) -> None:
    edge = cloud.edge("own-id")
    with pytest.raises(ConnectionError, match="133"):  # 0x85, client identifier not valid
        edge.connect(client_id="another-id")
    edge.close()
    edge.connect()
    edge.close()


def test_the_alpn_name_of_port_443_and_the_user_name_with_metrics_are_accepted(cloud: Cloud) -> None:
    for number, alpn in enumerate(("x-amzn-mqtt-ca", None)):
        edge = cloud.edge(f"alpn-{number}")
        edge.connect(alpn=alpn, username=USERNAME)
        edge.checkin()
        edge.close()


@pytest.mark.parametrize("inline", [False, True], ids=["files", "inline"])
def test_the_keys_of_the_configuration_file(cloud: Cloud, inline: bool) -> None:
    config = cloud.vehicle(f"config-{'inline' if inline else 'files'}")
    folder = config.parent
    keys = {
        "certificate": (folder / "certificate.pem").read_text() if inline else None,
        "certificateFilename": None if inline else "certificate.pem",
        "privateKey": (folder / "key.pem").read_text() if inline else None,
        "privateKeyFilename": None if inline else "key.pem",
        "rootCA": (folder / "ca.pem").read_text() if inline else None,
        "rootCAFilename": None if inline else "ca.pem",
        "keepAliveIntervalSeconds": 30,
        "pingTimeoutMs": 5_000,
        "sessionExpiryIntervalSeconds": 120,
        "iotFleetWiseTopicPrefix": "$aws/iotfleetwise/",
        "commandsTopicPrefix": "$aws/commands/",
        "deviceShadowTopicPrefix": "$aws/things/",
        "jobsTopicPrefix": "$aws/things/",
        "metricsUploadTopic": None,
        "loggingUploadTopic": None,
    }
    with changed(config, "other.json", **keys) as edge:
        edge.until(lambda: edge.manifest is not None, "a manifest")


def test_the_session_is_kept_for_its_expiry(cloud: Cloud) -> None:
    edge = cloud.edge("session")
    assert not edge.connect().rejoined_session
    edge.subscribe()
    edge.close()
    again = Edge(edge.config)
    assert again.connect(clean=False).rejoined_session
    again.close()


def test_the_largest_payload_of_an_edge_agent_is_taken(cloud: Cloud) -> None:
    """131,072 bytes."""
    with cloud.running("largest") as edge:
        fixed = len(WIRE.encode("VehicleData", {"decoder_sync_id": edge.manifest["sync_id"]})) if edge.manifest else 0
        signal = {"relative_time_ms": 0, "signal_id": edge.id_of(), "double_value": 1.5}
        one = len(WIRE.encode("VehicleData", {"captured_signals": [signal]}))
        count = (131_072 - fixed - 60) // one
        edge.send([signal] * count, snappy=False)
        assert cloud.rows("largest", 1)
    assert count * one > 130_000


def test_a_large_document_is_taken_in_one_piece(cloud: Cloud) -> None:
    """A decoder manifest of 10,000 signals. An edge agent takes documents of up to 128,000,000 bytes."""
    signals = "".join(f' SG_ BIT{bit} : {bit}|1@1+ (1,0) [0|1] "" ECU\n' for bit in range(50))
    messages = "".join(f"BO_ {identifier} M{identifier}: 8 ECU\n{signals}\n" for identifier in range(200))
    cloud.import_database(f'VERSION ""\n\nBU_: ECU\n\n{messages}', mapping={}, name="large")
    with cloud.edge("large", manifest="large") as edge:
        edge.until(lambda: edge.manifest is not None, "a manifest")
        assert edge.manifest is not None
        assert len(edge.manifest["can_signals"]) == 10_000
