"""The gateway's own certificate, from an authority of the platform's own, below ``data/secrets/gateway``.

Vehicles trust ``ca.pem``, which enrolment hands out. A server certificate lasts about a year and is renewed in time.
An operator may put files of their own there (``ca.pem``, ``server.pem``, ``server.key``, no ``ca.key``): they are used
as they are.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kaido.errors import InvalidInputError
from kaido.runtime import clock, folders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kaido.runtime.settings import Settings

AUTHORITY_LIFE = timedelta(days=365 * 20)
SERVER_LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=60)
_SKEW = timedelta(minutes=5)
_SERVER_KEY_USAGE = {"digital_signature": True}
_AUTHORITY_KEY_USAGE = {"key_cert_sign": True, "crl_sign": True}


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the gateway's certificate lies."""

    ca: Path
    """What vehicles trust (PEM)."""
    certificate: Path
    key: Path


def ensure(settings: Settings, names: Iterable[str] = ()) -> Paths:
    """The gateway's certificate, made or renewed where that is needed. Several processes may call this at once.

    Args:
        settings: says where the data lies and which address the gateway has.
        names: further host names and IP addresses that vehicles reach the gateway by.

    Raises:
        InvalidInputError: a file that is there cannot be read.
        UnavailableError: the folder cannot be written.
    """
    folder = folders.make(settings.data / "secrets" / "gateway")
    folder.chmod(0o700)
    paths = Paths(ca=folder / "ca.pem", certificate=folder / "server.pem", key=folder / "server.key")
    wanted = _names(settings, names)
    with _alone(folder):
        authority, key = _authority(folder / "ca.key", paths.ca)
        if key is None:
            _require_own(paths)
        elif not _still_good(paths, authority, wanted):
            _issue(paths, authority, key, wanted)
    return paths


def _names(settings: Settings, names: Iterable[str]) -> set[str]:
    """What the certificate is for: this machine's names and loopback, the listener's address, and what is asked for."""
    host = socket.gethostname()
    found = {"localhost", host, "127.0.0.1", "::1", *(name.strip() for name in names)}
    if settings.gateway_host not in {"0.0.0.0", "::"}:  # noqa: S104  # any address is no name
        found.add(settings.gateway_host)
    found.add(settings.gateway_address.rpartition(":")[0])
    return {name for name in found if name}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _authority(key_file: Path, ca_file: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey | None]:
    """The platform's authority; without its key where the operator brought only a certificate."""
    if ca_file.exists():
        certificate = _read(ca_file)
        if not key_file.exists():
            return certificate, None
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise InvalidInputError(
                f"{key_file} is not the key of {ca_file}", fix=f"Restore both, or remove {ca_file.parent} to begin anew"
            )
        return certificate, key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Kaido gateway authority {clock.now():%Y-%m-%d}")])
    certificate = (
        _builder(name, name, key.public_key(), AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(**_AUTHORITY_KEY_USAGE), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    folders.write_atomically(key_file, _pem(key), mode=0o600)
    folders.write_atomically(ca_file, certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, key


def _still_good(paths: Paths, authority: x509.Certificate, wanted: set[str]) -> bool:
    if not (paths.certificate.exists() and paths.key.exists()):
        return False
    certificate = _read(paths.certificate)
    try:
        certificate.verify_directly_issued_by(authority)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, InvalidSignature, x509.ExtensionNotFound):
        return False
    covered = {str(name.value) for name in names}
    return wanted <= covered and certificate.not_valid_after_utc - clock.now() > RENEW_BEFORE


def _require_own(paths: Paths) -> None:
    for file in (paths.certificate, paths.key):
        if not file.exists():
            raise InvalidInputError(
                f"{file} is missing",
                why=f"and the key of {paths.ca} is not here to make another",
                fix=f"Put it there, or remove {paths.ca.parent} to begin anew",
            )


def _issue(
    paths: Paths, authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey, names: set[str]
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Kaido gateway")])
    certificate = (
        _builder(subject, authority.subject, key.public_key(), SERVER_LIFE)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in sorted(names)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(**_SERVER_KEY_USAGE), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    folders.write_atomically(paths.key, _pem(key), mode=0o600)
    folders.write_atomically(paths.certificate, certificate.public_bytes(serialization.Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: timedelta
) -> x509.CertificateBuilder:
    now = clock.now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + life)
    )


def _usage(**allowed: bool) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in every})


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _read(file: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except ValueError as error:
        raise InvalidInputError(
            f"{file} is no certificate in PEM", fix="Restore it, or remove it to have another made"
        ) from error


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
