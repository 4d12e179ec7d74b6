"""Companies on SQLite, and certificates that carmakers' own authorities might make."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kaido.company import Companies, Directory, Enrolment, Tokens, Vehicles
from kaido.company.authorities import usage
from kaido.runtime import clock
from kaido.runtime.settings import load
from kaido.store import Store
from tests.databases import migrated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

DAY = timedelta(days=1)


@dataclass
class Issuer:
    """A carmaker's own certificate authority."""

    name: str = "Own PKI"
    ca: bool = True
    key_usage: x509.KeyUsage | None = None
    begins: timedelta = -DAY
    ends: timedelta = 3650 * DAY
    key: CertificateIssuerPrivateKeyTypes = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        now = clock.now()
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + self.begins)
            .not_valid_after(now + self.ends)
            .add_extension(x509.BasicConstraints(ca=self.ca, path_length=None), critical=True)
        )
        if self.key_usage is not None:
            builder = builder.add_extension(self.key_usage, critical=True)
        self.certificate = builder.sign(self.key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def vehicle(
        self,
        *names: Any,
        begins: timedelta = -DAY,
        ends: timedelta = DAY,
        algorithm: Any = None,
        eku: Any = ExtendedKeyUsageOID.CLIENT_AUTH,
        serial: int | None = None,
    ) -> bytes:
        """A vehicle's certificate (DER) with these common names."""
        now = clock.now()
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names]))
            .issuer_name(self.certificate.subject)
            .public_key(ec.generate_private_key(ec.SECP256R1()).public_key())
            .serial_number(serial or x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
        )
        if eku is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([eku]), critical=False)
        signed = builder.sign(self.key, algorithm or hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.DER)


@dataclass
class Rooms:
    """Everything of kaido.company on one store."""

    store: Store
    companies: Companies
    vehicles: Vehicles
    enrolment: Enrolment
    tokens: Tokens
    directory: Directory


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    settings = load(data=tmp_path)
    store = Store.open(migrated(tmp_path / "kaido.db"))
    companies = Companies(store, settings)
    yield Rooms(store, companies, Vehicles(store), Enrolment(store, companies), Tokens(store), Directory(store))
    store.close()


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def unfit_authorities() -> dict[str, bytes]:
    """What cannot be a company's authority, by a word of the reason that must be given."""
    key = ec.generate_private_key(ec.SECP256R1())
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    good = Issuer()
    signs_nothing = usage(digital_signature=True)
    return {
        "holds a private key": good.pem.encode() + key_pem,
        "no certificate": b"hello",
        "PEM or DER": b"",
        "2 certificates": good.pem.encode() + Issuer().pem.encode(),
        "not marked as an authority": Issuer(ca=False).der,
        "may not sign certificates": Issuer(key_usage=signs_nothing).der,
        "expired on": Issuer(begins=-2 * DAY, ends=-DAY).der,
        "not valid before": Issuer(begins=DAY).der,
        "1024 bits is too short": Issuer(key=rsa.generate_private_key(65537, 1024)).der,
        "curve secp256k1": Issuer(key=ec.generate_private_key(ec.SECP256K1())).der,
    }
