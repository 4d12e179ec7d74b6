"""What an agent is told before it starts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kaido.errors import InvalidInputError
from kaido.wire.topics import FLEETWISE, VEHICLE_ID, Prefixes

if TYPE_CHECKING:
    from pathlib import Path

MAX_PAYLOAD_BYTES = 131_072
"""The largest payload a vehicle sends (wire.md)."""

MAX_DOCUMENT_BYTES = 128_000_000
"""The largest document a vehicle takes (wire.md)."""

DEFAULT_PORT = 8883


@dataclass(frozen=True)
class Endpoint:
    """Where the cloud is, and what proves each side to the other.

    Attributes:
        certificate: the vehicle's own certificate (with its chain), PEM.
        key: its private key, PEM.
        ca: the authorities of the gateway's certificate, PEM.
        server_name: the name in the gateway's certificate, where that is not ``host``.
    """

    host: str
    port: int
    certificate: Path
    key: Path
    ca: Path
    server_name: str | None = None


@dataclass(frozen=True)
class AgentConfig:
    """All settings of one agent.

    Attributes:
        vehicle: the vehicle id: MQTT client id and CN of the certificate.
        state: the folder of the outbox and of the documents that the vehicle holds.
        prefixes: the spelling of the topics.
        window: publishes without PUBACK at most; the cloud's receive maximum may lower it.
        outbox_bytes: what the outbox holds of what may be sent before the oldest is dropped.
        stored_bytes: what it holds in all partitions together, until they may be sent.
        pending_samples: samples that all schemes together hold in memory before the oldest is dropped.
        give_up_s: without a link for so long, or refused, the agent ends with the error; None: it never does.
        live_lag_s: how long after a period's end its event is made, so that frames on their way still count.
        campaign_wait_s: how long a recording waits for a campaign before its first frame; None: for ever.
        settle_s: without a new document for so long after a checkin, a recording begins.
        command_key: the company's public key (Ed25519, PEM); with it, only commands that the company signed are
            carried out.
    """

    vehicle: str
    endpoint: Endpoint
    state: Path
    prefixes: Prefixes = field(default=FLEETWISE)
    keep_alive_s: int = 60
    ping_timeout_s: float = 10.0
    session_expiry_s: int = 86_400
    connect_timeout_s: float = 20.0
    checkin_interval_s: float = 120.0
    backoff_first_s: float = 1.0
    backoff_longest_s: float = 60.0
    window: int = 64
    outbox_bytes: int = 256_000_000
    stored_bytes: int = 256_000_000
    pending_samples: int = 2_000_000
    give_up_s: float | None = None
    live_lag_s: float = 0.1
    campaign_wait_s: float | None = None
    settle_s: float = 1.0
    command_key: Path | None = None

    def __post_init__(self) -> None:
        if not VEHICLE_ID.fullmatch(self.vehicle):
            raise InvalidInputError(
                f"the vehicle id {self.vehicle!r} cannot be",
                why="it takes letters, digits and _ : . -, at most 128, the first a letter or digit",
            )


def parse_endpoint(text: str) -> tuple[str, int]:
    """Host and port of ``host``, ``host:port``, ``[v6]:port`` or one of these behind ``scheme://``.

    Raises:
        InvalidInputError: there is no host, or the port is no port.
    """
    rest = text.strip().rpartition("://")[2].rstrip("/")
    host, separator, port = rest.rpartition(":")
    if not separator or (":" in host and not host.startswith("[")) or rest.endswith("]"):
        host, port = rest, ""
    host = host.strip("[]")
    number = int(port) if port.isdecimal() else (DEFAULT_PORT if not port else -1)
    if not host or not 0 < number <= 65_535:  # noqa: PLR2004  # ports are 16 bit
        raise InvalidInputError(f"the endpoint {text!r} cannot be read", fix="Write it as host:port")
    return host, number


def read_json(path: Path, what: str) -> dict[str, object]:
    """A JSON object from a file.

    Raises:
        InvalidInputError: the file is not there or holds no JSON object.
    """
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise InvalidInputError(f"{what} {path} cannot be read", why=error.strerror or str(error)) from error
    except ValueError as error:
        raise InvalidInputError(f"{what} {path} is no JSON", why=str(error)) from error
    if not isinstance(document, dict):
        raise InvalidInputError(f"{what} {path} is no JSON object")
    return document
