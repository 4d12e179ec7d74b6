"""A broker, and an agent's configuration for it."""

from __future__ import annotations

import datetime as dt
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kaido.agent.config import AgentConfig, Endpoint
from kaido.agent.testing import Broker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


@pytest.fixture(scope="session")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of an authority that the broker does not know."""
    folder = tmp_path_factory.mktemp("strangers")
    make_certificates(folder)
    return folder


@pytest.fixture
async def broker(certificates: Path) -> AsyncIterator[Broker]:
    broker = Broker()
    await broker.start(server_context(certificates))
    yield broker
    await broker.stop()


@pytest.fixture
def make_config(certificates: Path, tmp_path: Path) -> Callable[..., AgentConfig]:
    def make(port: int, **changes: Any) -> AgentConfig:
        endpoint = Endpoint(
            "localhost",
            port,
            changes.pop("certificate", certificates / "vehicle.pem"),
            changes.pop("key", certificates / "vehicle.key"),
            changes.pop("ca", certificates / "ca.pem"),
        )
        defaults: dict[str, Any] = {"backoff_first_s": 0.02, "backoff_longest_s": 0.2, "connect_timeout_s": 20}
        return AgentConfig("car-1", endpoint, tmp_path / "state", **{**defaults, **changes})

    return make


def make_certificates(folder: Path, vehicle: str = "car-1") -> None:
    """ca.pem, server.pem, server.key, vehicle.pem, vehicle.key, other-ca.pem."""
    ca_key, ca = _certificate("Test CA", None, None)
    _, other = _certificate("Other CA", None, None)
    server_key, server = _certificate("localhost", ca, ca_key)
    vehicle_key, own = _certificate(vehicle, ca, ca_key)
    for name, certificate in {"ca": ca, "other-ca": other, "server": server, "vehicle": own}.items():
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    for name, key in {"server": server_key, "vehicle": vehicle_key}.items():
        (folder / f"{name}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


def server_context(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _certificate(
    name: str, issuer: x509.Certificate | None, issuer_key: ec.EllipticCurvePrivateKey | None
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is None:
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(usage, critical=True)
    else:
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        builder = builder.add_extension(names, critical=False)
    return key, builder.sign(issuer_key or key, hashes.SHA256())
