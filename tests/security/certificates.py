"""Certificates as an attacker would like them, of an authority that a company brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.gateway.rig import Credentials, self_made

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.rig import Rig

SERVER_ONLY = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)


@dataclass
class Authority:
    """An authority and where its certificates are written."""

    certificate: x509.Certificate
    key: Any
    folder: Path

    @classmethod
    async def of_company(cls, rig: Rig, folder: Path, name: str, *vehicles: str) -> Authority:
        """A company that brought its own, with these vehicles registered."""
        certificate, key, files = self_made(folder, name, authority=True)
        rig.companies.create(name, files.certificate.read_bytes())
        for vehicle in vehicles:
            rig.vehicles.register(name, vehicle)
        await rig.gateway.gatekeeper.refresh()
        return cls(certificate, key, folder)

    def signed(self, *common_names: str, extension: tuple[x509.ExtensionType, bool] | None = None) -> Credentials:
        """A client certificate, its key, and behind it the authority's own certificate as its chain."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in common_names]))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )
        builder = builder.add_extension(extension[0], critical=extension[1]) if extension else builder
        certificate = builder.sign(self.key, hashes.SHA256())
        stem = self.folder / f"signed-{certificate.serial_number:x}"
        files = Credentials(stem.with_suffix(".pem"), stem.with_suffix(".key"), f"{certificate.serial_number:x}")
        chain = [certificate, self.certificate]
        files.certificate.write_bytes(b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain))
        files.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files


def authority_of(credentials: Credentials, folder: Path) -> Authority:
    """A vehicle's certificate and key, used as if they were an authority's."""
    certificate = x509.load_pem_x509_certificate(credentials.certificate.read_bytes())
    key = serialization.load_pem_private_key(credentials.key.read_bytes(), None)
    return Authority(certificate, key, folder)
