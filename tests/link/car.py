"""What the tests ask of a client that nobody here wrote, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.rig import Credentials

WAIT = 30.0


@dataclass(frozen=True)
class Will:
    """What is to be published should the vehicle be lost."""

    topic: str
    payload: bytes = b"lost"
    qos: int = 1
    retain: bool = False


@dataclass(frozen=True)
class How:
    """How to connect."""

    port: int
    trust: Path
    credentials: Credentials | None
    client_id: str = "car-1"
    clean: bool = True
    expiry: int = 60
    keep_alive: int = 30
    will: Will | None = None
    patience: float = WAIT
    """Seconds until a client that does not notice its refusal gives up."""


@dataclass(frozen=True)
class Message:
    """What arrived."""

    topic: str
    payload: bytes
    qos: int


class RefusedError(Exception):
    """No connection came about.

    Args:
        code: of the CONNACK; None where TLS failed or the gateway hung up.
    """

    def __init__(self, code: int | None) -> None:
        super().__init__(f"refused: {code}")
        self.code = code


class Car(Protocol):
    """A vehicle's client."""

    async def connect(self, how: How) -> bool:
        """Whether a session was there. Raises RefusedError."""

    async def publish(self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False) -> int:
        """The reason code of the PUBACK; 0 where there is none, or where the client does not tell."""

    async def subscribe(self, filters: list[str]) -> list[int]:
        """The reason codes, or granted QoS, of filters asked for with QoS 1."""

    async def message(self) -> Message:
        """The next message."""

    async def ended(self) -> int | None:
        """The reason code of the DISCONNECT with which the gateway ended the connection; None if it sent none."""

    async def goodbye(self) -> None:
        """DISCONNECT, as it should be."""

    async def vanish(self) -> None:
        """Lose the connection without a word."""

    async def close(self) -> None:
        """Leave no thread and no socket behind."""
