"""Vehicles and their certificates, through the public API; what was enrolled before is used again."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cryptography import x509

from kaido.runtime import folders

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from kaido.client import Client

_PAGE = 1_000


@dataclass(frozen=True)
class Identity:
    """The files that let a vehicle connect, in a folder of its own (as `kaido vehicle enrol --out` writes them)."""

    folder: Path

    @property
    def certificate(self) -> Path:
        """PEM."""
        return self.folder / "certificate.pem"

    @property
    def key(self) -> Path:
        """PEM, readable by its owner alone."""
        return self.folder / "key.pem"

    @property
    def ca(self) -> Path:
        """Who signed the gateway's certificate, PEM."""
        return self.folder / "gateway-ca.pem"

    @property
    def command_key(self) -> Path | None:
        """The company's public key for commands, PEM; None where it has none."""
        path = self.folder / "command-key.pem"
        return path if path.exists() else None

    @property
    def endpoint(self) -> str:
        """Where the gateway was when the vehicle was enrolled, ``host:port``."""
        return (self.folder / "endpoint").read_text().strip()

    def serial(self) -> str | None:
        """The certificate's, in hexadecimal digits; None where the files are not there or cannot be read."""
        whole = all(path.exists() for path in (self.key, self.ca, self.folder / "endpoint"))
        return serial_of(self.certificate) if whole else None

    def write(self, enrolled: dict[str, Any]) -> None:
        """Keep what enrolling answered."""
        folders.make(self.folder)
        folders.write_atomically(self.key, enrolled["key"].encode(), mode=0o600)
        folders.write_atomically(self.ca, enrolled["gateway_ca"].encode())
        if enrolled.get("command_key"):
            folders.write_atomically(self.folder / "command-key.pem", enrolled["command_key"].encode())
        folders.write_atomically(self.folder / "endpoint", f"{enrolled['host']}:{enrolled['port']}\n".encode())
        folders.write_atomically(self.certificate, enrolled["certificate"].encode())


def register(client: Client, vehicles: Iterable[dict[str, Any]]) -> set[str]:
    """Register those that are not yet; the ids of those that may connect (a revoked vehicle may not).

    Args:
        client: the public API.
        vehicles: each with ``id`` and what else is known (model, market, manifest), all with the same keys.
    """
    wanted = {vehicle["id"]: vehicle for vehicle in vehicles}
    known = {one["id"]: one for one in client.pages("/v1/vehicles", {"limit": _PAGE}) if one["id"] in wanted}
    missing = [vehicle for identifier, vehicle in wanted.items() if identifier not in known]
    if missing:
        table = io.StringIO()
        writer = csv.DictWriter(table, fieldnames=list(missing[0]))
        writer.writeheader()
        writer.writerows(missing)
        client.upload_stream("/v1/vehicles/bulk", io.BytesIO(table.getvalue().encode()))
    return wanted.keys() - {identifier for identifier, one in known.items() if one["revoked"]}


def enrol(client: Client, ids: Sequence[str], folder: Path) -> dict[str, Identity]:
    """An identity for each registered vehicle; a new certificate only where the platform does not know the old one."""
    found = {identifier: Identity(folder / identifier) for identifier in ids}
    for identifier, identity in found.items():
        serial = identity.serial()
        if serial is None or not is_valid(client, identifier, serial):
            identity.write(client.post(f"{path_of(identifier)}/enrol", {}))
    return found


def is_valid(client: Client, identifier: str, serial: str) -> bool:
    """Whether the platform gave the vehicle this certificate and still takes it."""
    vehicle = client.get(path_of(identifier))
    return any(one["serial"] == serial and not one["revoked"] for one in vehicle["certificates"])


def serial_of(certificate: Path) -> str | None:
    """The serial number of a certificate file, in hexadecimal digits; None where there is none."""
    try:
        return f"{x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number:x}"
    except (OSError, ValueError):
        return None


def path_of(identifier: str) -> str:
    """Where the API has a vehicle."""
    return f"/v1/vehicles/{quote(identifier, safe='')}"
