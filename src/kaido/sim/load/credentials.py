"""Certificates for tens of thousands of vehicles: one key for all of them, so that none has to be made."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kaido.runtime import folders
from kaido.sim.identities import is_valid, path_of, register, serial_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kaido.client import Client

_AT_ONCE = 4


@dataclass(frozen=True)
class Credentials:
    """A PEM file of certificate and key for each vehicle.

    Attributes:
        ca: who signed the gateway's certificate.
        endpoint: where the gateway was when the vehicles were enrolled, ``host:port``.
    """

    files: list[Path]
    ca: Path
    endpoint: str


def load_ids(vehicles: int) -> list[str]:
    """The ids of load vehicles."""
    return [f"load-{number:06d}" for number in range(vehicles)]


def credentials(
    client: Client, ids: Sequence[str], folder: Path, progress: Callable[[int], None] = lambda _: None
) -> Credentials:
    """Credentials for each id.

    Files of an earlier run are used again, all or none: the first tells whether the platform still takes them.

    Args:
        client: the public API.
        ids: registered where they are not yet.
        folder: of one company, on one platform.
        progress: called with how many are there.
    """
    ca, endpoint = folders.make(folder) / "gateway.ca", folder / "endpoint"
    files = [folder / f"{identifier}.pem" for identifier in ids]
    if (serial := serial_of(files[0])) is None or not is_valid(client, ids[0], serial):
        for file in folder.glob("*.pem"):
            file.unlink()
    missing = [(identifier, file) for identifier, file in zip(ids, files, strict=True) if not file.exists()]
    progress(len(ids) - len(missing))
    if missing:
        register(client, ({"id": identifier} for identifier, _ in missing))
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
        request = csr.public_bytes(serialization.Encoding.PEM).decode()

        def enrol(one: tuple[str, Path]) -> None:
            identifier, file = one
            made = client.post(f"{path_of(identifier)}/enrol", {"csr": request})
            ca.write_text(made["gateway_ca"])
            endpoint.write_text(f"{made['host']}:{made['port']}")
            file.touch(mode=0o600)
            file.write_bytes(made["certificate"].encode() + private)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for done, _ in enumerate(pool.map(enrol, missing), len(ids) - len(missing) + 1):
                progress(done)
    return Credentials(files, ca, endpoint.read_text())
