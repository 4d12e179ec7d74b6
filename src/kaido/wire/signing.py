"""Commands signed end to end: what is signed, and by what.

A company may hold an Ed25519 key (RFC 8032) whose public half its vehicles get when they are enrolled. The signature
goes to ``executions/{command_id}/signature`` right before the request. It covers the vehicle, the command's id and the
request's exact bytes (with the value, the time of issue and the timeout), so that whoever holds a gateway can neither
forge a command nor give one vehicle's to another. A stock FleetWise agent does not subscribe to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNATURE_BYTES = 64
_PURPOSE = b"kaido-command-1"


def signed_bytes(vehicle: str, command_id: str, request: bytes) -> bytes:
    """What the signature is over: each part behind its length (32 bits, big-endian), so that none runs into the next.

    Args:
        vehicle: the vehicle's id.
        command_id: the id in the topic.
        request: the CommandRequest as it is sent.
    """
    parts = (_PURPOSE, vehicle.encode(), command_id.encode(), request)
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def sign(key: Ed25519PrivateKey, vehicle: str, command_id: str, request: bytes) -> bytes:
    """The payload of the companion topic, 64 bytes."""
    return key.sign(signed_bytes(vehicle, command_id, request))


def is_signed(key: Ed25519PublicKey, vehicle: str, command_id: str, request: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is the company's for exactly this request to this vehicle."""
    try:
        key.verify(signature, signed_bytes(vehicle, command_id, request))
    except InvalidSignature:
        return False
    return True


def read_key(pem: str | bytes) -> Ed25519PublicKey:
    """A company's public key for commands, from PEM.

    Raises:
        InvalidInputError: it is no Ed25519 public key.
    """
    try:
        key = load_pem_public_key(pem.encode() if isinstance(pem, str) else pem)
    except ValueError as error:
        raise InvalidInputError("the key for commands cannot be read", why=str(error)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidInputError("the key for commands is not of the right kind", why="Ed25519 is expected")
    return key


def pem_of(key: Ed25519PublicKey) -> str:
    """The public key as PEM (SubjectPublicKeyInfo)."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
