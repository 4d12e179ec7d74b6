"""The folder that ``kaido vehicle enrol`` writes: what a vehicle proves itself with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import NameOID

from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

CERTIFICATE = "certificate.pem"
KEY = "key.pem"
GATEWAY_CA = "gateway-ca.pem"
COMMAND_KEY = "command-key.pem"


@dataclass(frozen=True)
class Credentials:
    """Paths of certificate, key, the gateway's authority, and the company's key for commands where it has one."""

    certificate: Path
    key: Path
    ca: Path
    command_key: Path | None = None

    @classmethod
    def in_folder(cls, folder: Path) -> Credentials:
        """Those that lie in a folder; whether they do shows when they are used."""
        command_key = folder / COMMAND_KEY
        own = command_key if command_key.exists() else None
        return cls(folder / CERTIFICATE, folder / KEY, folder / GATEWAY_CA, own)


def vehicle_of(certificate: Path) -> str:
    """The vehicle id that a certificate is made out to (its subject's CN).

    Raises:
        InvalidInputError: the file cannot be read, or is no certificate with one CN.
    """
    try:
        subject = x509.load_pem_x509_certificate(certificate.read_bytes()).subject
        (name,) = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except OSError as error:
        raise InvalidInputError(
            f"the certificate {certificate} cannot be read",
            why=error.strerror or str(error),
            fix="`kaido vehicle enrol ID --out DIR` writes it; name the folder with --credentials DIR",
        ) from error
    except ValueError as error:
        raise InvalidInputError(
            f"{certificate} is no certificate of a vehicle",
            why="it is no certificate in PEM with one common name (CN)",
            fix="`kaido vehicle enrol ID --out DIR` writes one",
        ) from error
    return str(name.value)
