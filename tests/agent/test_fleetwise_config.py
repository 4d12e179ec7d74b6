from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kaido.agent.bus import BusName
from kaido.agent.config import AgentConfig, Endpoint, parse_endpoint
from kaido.agent.credentials import vehicle_of
from kaido.agent.fleetwise import read_config
from kaido.errors import InvalidInputError
from kaido.wire.topics import FLEETWISE, KAIDO

if TYPE_CHECKING:
    from pathlib import Path

PEM = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"


def write(folder: Path, connection: dict[str, Any], **more: Any) -> Path:
    file = folder / "config.json"
    file.write_text(json.dumps({"version": "1.0", "staticConfig": {"mqttConnection": connection}, **more}))
    return file


def test_a_whole_file(tmp_path: Path) -> None:
    connection = {
        "connectionType": "iotCore",
        "endpointUrl": "gateway.example",
        "clientId": "car-1",
        "certificateFilename": "/etc/car.pem",
        "privateKeyFilename": "car.key",
        "rootCA": PEM,
        "keepAliveIntervalSeconds": 30,
        "pingTimeoutMs": 2500,
        "sessionExpiryIntervalSeconds": 3600,
        "iotFleetWiseTopicPrefix": "$aws/iotfleetwise/",
        "commandsTopicPrefix": "$aws/commands/",
    }
    networks = [
        {"interfaceId": "1", "type": "canInterface", "canInterface": {"interfaceName": "vcan0"}},
        {"interfaceId": "2", "type": "obdInterface"},
        {
            "interfaceId": "3",
            "type": "obdInterface",
            "obdInterface": {"interfaceName": "vcan1", "pidRequestIntervalSeconds": 7, "dtcRequestIntervalSeconds": 9},
        },
    ]
    read = read_config(write(tmp_path, connection, networkInterfaces=networks), tmp_path / "state")
    assert (read.vehicle, read.host, read.port) == ("car-1", "gateway.example", 8883)
    assert str(read.certificate) == "/etc/car.pem"
    assert read.key == tmp_path / "car.key"
    assert read.ca is not None
    assert read.ca.read_text() == PEM
    assert (read.keep_alive_s, read.ping_timeout_s, read.session_expiry_s) == (30, 2.5, 3600)
    assert read.prefixes == FLEETWISE
    assert read.buses == [BusName("1", "socketcan", "vcan0")]
    assert (read.diagnostics, read.obd_s) == ([BusName("3", "socketcan", "vcan1")], 7)


def test_prefixes_of_our_own(tmp_path: Path) -> None:
    ours = {"iotFleetWiseTopicPrefix": KAIDO.vehicle, "commandsTopicPrefix": KAIDO.commands}
    assert read_config(write(tmp_path, ours), tmp_path).prefixes == KAIDO


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    read = read_config(write(tmp_path, {}), tmp_path)
    assert (read.vehicle, read.host, read.certificate, read.prefixes, read.buses) == (None, None, None, None, [])


@pytest.mark.parametrize(
    "connection",
    [
        {"endpointUrl": ""},
        {"endpointUrl": 5},
        {"rootCA": "no pem"},
        {"pingTimeoutMs": -1},
        {"keepAliveIntervalSeconds": "x"},
    ],
)
def test_a_value_that_cannot_be(tmp_path: Path, connection: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        read_config(write(tmp_path, connection), tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"staticConfig": 5}'])
def test_a_file_that_is_no_configuration(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(InvalidInputError):
        read_config(tmp_path / "c.json", tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host", ("host", 8883)),
        ("host:1883", ("host", 1883)),
        ("mqtts://host:443/", ("host", 443)),
        ("[::1]:8883", ("::1", 8883)),
        ("[fe80::1]", ("fe80::1", 8883)),
        ("10.0.0.1:1", ("10.0.0.1", 1)),
    ],
)
def test_endpoints(text: str, expected: tuple[str, int]) -> None:
    assert parse_endpoint(text) == expected


@pytest.mark.parametrize("text", ["", ":8883", "host:0", "host:99999", "host:abc", "tls://"])
def test_endpoints_that_cannot_be(text: str) -> None:
    with pytest.raises(InvalidInputError, match="host:port"):
        parse_endpoint(text)


def test_the_vehicle_is_the_certificates_cn(certificates: Path, tmp_path: Path) -> None:
    assert vehicle_of(certificates / "vehicle.pem") == "car-1"
    with pytest.raises(InvalidInputError, match="is no certificate"):
        vehicle_of(certificates / "vehicle.key")
    with pytest.raises(InvalidInputError, match="kaido vehicle enrol"):
        vehicle_of(tmp_path / "none")


def test_a_vehicle_id_that_is_unsafe_in_a_topic(tmp_path: Path) -> None:
    endpoint = Endpoint("h", 1, tmp_path, tmp_path, tmp_path)
    with pytest.raises(InvalidInputError, match="cannot be"):
        AgentConfig("a/b", endpoint, tmp_path)
