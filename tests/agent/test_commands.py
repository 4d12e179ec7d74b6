"""What ``kaido agent`` and ``kaido drive`` say when something is missing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from kaido.agent import LinkError
from kaido.cli.agent import make_config
from kaido.cli.context import make_session
from kaido.cli.main import kaido
from kaido.errors import InvalidInputError, KaidoError, NotFoundError
from kaido.wire.topics import KAIDO

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., None]


@pytest.fixture
def folder(certificates: Path, tmp_path: Path) -> Path:
    """As `kaido vehicle enrol` writes it."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    for name, source in {
        "certificate.pem": "vehicle.pem",
        "key.pem": "vehicle.key",
        "gateway-ca.pem": "ca.pem",
    }.items():
        (folder / name).write_bytes((certificates / source).read_bytes())
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(*arguments: str) -> None:
        result = CliRunner().invoke(kaido, ["--data", str(tmp_path / "data"), *arguments])
        if isinstance(result.exception, KaidoError):
            raise result.exception
        assert result.exit_code == 0, result.output

    return call


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "drive.log"
    path.write_text("(1600000000.000000) can0 100#00\n" * 10)
    return path


def test_no_credentials(run: Run, recording: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"no certificate is named.*--credentials DIR"):
        run("drive", str(recording))
    with pytest.raises(InvalidInputError, match=r"certificate\.pem cannot be read.*kaido vehicle enrol"):
        run("drive", str(recording), "--credentials", str(tmp_path / "nowhere"))


def test_no_gateway(run: Run, recording: Path, folder: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"no gateway is named.*kaido up"):
        run("drive", str(recording), "--credentials", str(folder))
    with pytest.raises(LinkError, match="localhost:1 cannot be reached"):
        run("drive", str(recording), "--credentials", str(folder), "--endpoint", "localhost:1", "--patience", "1")


def test_no_recording(run: Run, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"the recording .*none\.log is not there"):
        run("drive", str(tmp_path / "none.log"))


def test_no_bus(run: Run, folder: Path) -> None:
    who = ("--credentials", str(folder), "--endpoint", "localhost:1")
    with pytest.raises(InvalidInputError, match="no bus is named"):
        run("agent", *who)
    with pytest.raises(InvalidInputError, match="the bus 'can0' cannot be read"):
        run("agent", *who, "--bus", "can0")
    with pytest.raises(InvalidInputError, match="the bus 'can1' cannot be read"):
        run("agent", *who, "--bus", "virtual:a", "--obd", "can1")
    with pytest.raises(InvalidInputError, match="'no_car:software' names no software"):
        run("agent", *who, "--bus", "virtual:a", "--software", "no_car:software")
    with pytest.raises(KaidoError, match="socketcan:nowhere0 cannot be opened"):
        run("agent", *who, "--bus", "socketcan:nowhere0")


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "inf"])
def test_a_speed_that_cannot_be(run: Run, recording: Path, speed: str) -> None:
    with pytest.raises(AssertionError, match="neither a number above 0 nor `max`"):
        run("drive", str(recording), "--speed", speed)


def test_what_is_not_said_comes_from_the_folder_and_the_local_platform(folder: Path, tmp_path: Path) -> None:
    session = make_session(str(tmp_path), "", "", "", "", debug=False)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "platform.json").write_text(json.dumps({"gateway": "127.0.0.1:4711"}))
    config, _ = make_config(session, {"credentials": folder, "outbox_mb": 1, "stored_mb": 2, "topics": "kaido"})
    assert (config.vehicle, config.endpoint.host, config.endpoint.port) == ("car-1", "127.0.0.1", 4711)
    assert config.state == tmp_path / "agent" / "car-1"
    assert (config.prefixes, config.outbox_bytes, config.stored_bytes) == (KAIDO, 1_000_000, 2_000_000)


def test_an_option_beats_the_configuration_file(folder: Path, tmp_path: Path) -> None:
    session = make_session(str(tmp_path), "", "", "", "", debug=False)
    connection = {"endpointUrl": "there", "clientId": "car-9", "keepAliveIntervalSeconds": 7}
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"staticConfig": {"mqttConnection": connection}}))
    options = {"credentials": folder, "outbox_mb": 1, "stored_mb": 1, "config": file, "endpoint": "here:1"}
    config, _ = make_config(session, options)
    assert (config.vehicle, config.endpoint.host, config.keep_alive_s) == ("car-9", "here", 7)
