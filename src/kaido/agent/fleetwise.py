"""The configuration file of a FleetWise edge agent, as far as our agent has the same settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kaido.agent.bus import BusName
from kaido.agent.config import parse_endpoint, read_json
from kaido.errors import InvalidInputError
from kaido.runtime import folders
from kaido.wire.topics import FLEETWISE, Prefixes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PEM = "-----BEGIN"


@dataclass(frozen=True)
class FileSettings:
    """What a configuration file says; None where it says nothing.

    Attributes:
        buses: the CAN interfaces, under the interface ids that decoder manifests use.
        diagnostics: those whose ECUs may be asked (``obdInterface``), likewise.
        obd_s: between two rounds of asking.
    """

    vehicle: str | None = None
    host: str | None = None
    port: int | None = None
    certificate: Path | None = None
    key: Path | None = None
    ca: Path | None = None
    keep_alive_s: int | None = None
    ping_timeout_s: float | None = None
    session_expiry_s: int | None = None
    prefixes: Prefixes | None = None
    buses: list[BusName] = field(default_factory=list)
    diagnostics: list[BusName] = field(default_factory=list)
    obd_s: int | None = None


def read_config(path: Path, state: Path) -> FileSettings:
    """Read ``staticConfig.mqttConnection`` and the CAN interfaces.

    Args:
        path: the JSON file.
        state: where certificates and keys that stand in the file itself are written (mode 0600): TLS wants files.

    Raises:
        InvalidInputError: it cannot be read, or a key has a value that cannot be.
    """
    document = read_json(path, "the configuration")
    connection = _mapping(_mapping(document, "staticConfig", path), "mqttConnection", path)
    host, port = parse_endpoint(_text(connection, "endpointUrl", path)) if "endpointUrl" in connection else (None, None)
    return FileSettings(
        vehicle=_text(connection, "clientId", path) if "clientId" in connection else None,
        host=host,
        port=port,
        certificate=_pem(connection, "certificate", path, state),
        key=_pem(connection, "privateKey", path, state),
        ca=_pem(connection, "rootCA", path, state),
        keep_alive_s=_number(connection, "keepAliveIntervalSeconds", path),
        ping_timeout_s=_seconds(_number(connection, "pingTimeoutMs", path)),
        session_expiry_s=_number(connection, "sessionExpiryIntervalSeconds", path),
        prefixes=_prefixes(connection, path),
        buses=_buses(document, "canInterface"),
        diagnostics=_buses(document, "obdInterface"),
        obd_s=_obd_seconds(document, path),
    )


def _prefixes(connection: dict[str, Any], path: Path) -> Prefixes | None:
    """FleetWise's prefixes end before ``vehicles/{id}/`` and ``things/{id}/``; ours hold ``{id}``."""
    keys = ("iotFleetWiseTopicPrefix", "commandsTopicPrefix")
    if not any(key in connection for key in keys):
        return None
    data, commands = (_text(connection, key, path) if key in connection else "" for key in keys)
    return Prefixes(_prefix(data, "vehicles", FLEETWISE.vehicle), _prefix(commands, "things", FLEETWISE.commands))


def _prefix(text: str, branch: str, default: str) -> str:
    if not text:
        return default
    text = text if text.endswith("/") else f"{text}/"
    return text if "{id}" in text else f"{text}{branch}/{{id}}/"


def _interfaces(document: dict[str, Any], kind: str) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """The network interfaces of a kind, with their ids."""
    interfaces = document.get("networkInterfaces")
    for one in interfaces if isinstance(interfaces, list) else []:
        settings = one.get(kind) if isinstance(one, dict) else None
        if isinstance(settings, dict):
            yield one.get("interfaceId"), settings


def _buses(document: dict[str, Any], kind: str) -> list[BusName]:
    found = []
    for name, settings in _interfaces(document, kind):
        channel = settings.get("interfaceName")
        if isinstance(channel, str):
            found.append(BusName(str(channel if name is None else name), "socketcan", channel))
    return found


def _obd_seconds(document: dict[str, Any], path: Path) -> int | None:
    """The shortest interval between requests; 0 is FleetWise's way to ask for none."""
    stated = [_number(one, "pidRequestIntervalSeconds", path) for _, one in _interfaces(document, "obdInterface")]
    return min((seconds for seconds in stated if seconds), default=None)


def _pem(connection: dict[str, Any], key: str, path: Path, state: Path) -> Path | None:
    """The file of a certificate or key: named, or in the configuration itself."""
    name = f"{key}Filename"
    if name in connection:
        return path.parent / _text(connection, name, path)
    if key not in connection:
        return None
    text = _text(connection, key, path)
    if _PEM not in text:
        raise InvalidInputError(f"{key} in {path} is no PEM", fix=f"Name a file with {name}")
    file = state / f"config-{key}.pem"
    folders.write_atomically(file, text.encode(), mode=0o600)
    return file


def _mapping(document: dict[str, Any], key: str, path: Path) -> dict[str, Any]:
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise InvalidInputError(f"{key} in {path} is no JSON object")
    return value


def _text(document: dict[str, Any], key: str, path: Path) -> str:
    value = document[key]
    if not isinstance(value, str) or not value:
        raise InvalidInputError(f"{key} in {path} is no text")
    return value


def _number(document: dict[str, Any], key: str, path: Path) -> int | None:
    value = document.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 32:
        raise InvalidInputError(f"{key} in {path} is no number from 0 to 4294967295")
    return value


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
