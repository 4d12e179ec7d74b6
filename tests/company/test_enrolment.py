from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaido.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from kaido.runtime import clock

if TYPE_CHECKING:
    from tests.company.conftest import Issuer, Rooms


@pytest.fixture
def fleet(rooms: Rooms) -> Rooms:
    rooms.companies.create("acme")
    rooms.vehicles.register("acme", "car-1")
    return rooms


def _request(*names: str, key: Any = None, ca: bool = False) -> bytes:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.PEM)


def test_a_new_key_and_certificate_belong_together(fleet: Rooms) -> None:
    enrolled = fleet.enrolment.enrol("acme", "car-1")
    certificate = x509.load_pem_x509_certificate(enrolled.certificate_pem.encode())
    assert enrolled.key_pem
    key = serialization.load_pem_private_key(enrolled.key_pem.encode(), None)
    assert key.public_key() == certificate.public_key()
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(enrolled.ca_pem.encode()))
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "car-1"
    extensions = certificate.extensions
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert f"{certificate.serial_number:x}" == enrolled.serial
    assert timedelta(days=365) < enrolled.not_after - clock.now() <= timedelta(days=730)


def test_a_certificate_does_not_outlast_its_authority(fleet: Rooms) -> None:
    authority = x509.load_pem_x509_certificate(fleet.companies.get("acme").ca_pem.encode())
    enrolled = fleet.enrolment.enrol("acme", "car-1", days=3650)
    assert enrolled.not_after <= authority.not_valid_after_utc
    for days in (0, -1, 3651):
        with pytest.raises(InvalidInputError, match="cannot last"):
            fleet.enrolment.enrol("acme", "car-1", days=days)


@pytest.mark.parametrize("names", [(), ("car-1",)])
@pytest.mark.parametrize("kind", ["p256", "p384", "rsa", "ed25519"])
def test_a_signing_request_is_signed(fleet: Rooms, names: tuple[str, ...], kind: str) -> None:
    key: Any = {
        "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
    }[kind]()
    enrolled = fleet.enrolment.enrol("acme", "car-1", _request(*names, key=key))
    assert enrolled.key_pem is None
    certificate = x509.load_pem_x509_certificate(enrolled.certificate_pem.encode())
    assert certificate.public_key() == key.public_key()


def test_of_a_request_only_the_key_is_taken(fleet: Rooms) -> None:
    enrolled = fleet.enrolment.enrol("acme", "car-1", _request("car-1", ca=True))
    certificate = x509.load_pem_x509_certificate(enrolled.certificate_pem.encode())
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_requests_that_are_not_to_be_signed(fleet: Rooms) -> None:
    forged = bytearray(
        x509.load_pem_x509_csr(_request("car-1")).public_bytes(serialization.Encoding.DER),
    )
    forged[-1] ^= 1
    refused = {
        "cannot be read": b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
        "for 'car-2', not 'car-1'": _request("car-2"),
        "for 'car-1, car-1'": _request("car-1", "car-1"),
        "1024 bits is too short": _request("car-1", key=rsa.generate_private_key(65537, 1024)),
        "curve secp256k1": _request("car-1", key=ec.generate_private_key(ec.SECP256K1())),
        "DSA key": _request("car-1", key=dsa.generate_private_key(2048)),
        "not signed by its own key": bytes(forged),
    }
    for words, content in refused.items():
        with pytest.raises(InvalidInputError) as caught:
            fleet.enrolment.enrol("acme", "car-1", content)
        assert words in str(caught.value)
    assert fleet.vehicles.certificates("acme", "car-1") == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 255)), max_size=4),
    missing=st.integers(0, 400),
)
def test_any_bytes_for_a_request_are_refused_in_words(
    fleet: Rooms, changes: list[tuple[int, int]], missing: int
) -> None:
    changed = bytearray(x509.load_pem_x509_csr(_request("car-2")).public_bytes(serialization.Encoding.DER))
    for place, byte in changes:
        changed[place % len(changed)] = byte
    with pytest.raises(InvalidInputError):
        fleet.enrolment.enrol("acme", "car-1", bytes(changed[: max(0, len(changed) - missing)]))


def test_who_is_not_enrolled(fleet: Rooms, issuer: Issuer) -> None:
    with pytest.raises(NotFoundError, match="Did you mean car-1"):
        fleet.enrolment.enrol("acme", "car-2")
    with pytest.raises(NotFoundError, match="no company 'other'"):
        fleet.enrolment.enrol("other", "car-1")
    fleet.vehicles.revoke("acme", "car-1")
    with pytest.raises(ConflictError, match="kaido vehicle restore car-1"):
        fleet.enrolment.enrol("acme", "car-1")
    fleet.companies.create("own", issuer.pem)
    fleet.vehicles.register("own", "car-1")
    with pytest.raises(ConflictError, match=r"common name \(CN\) is 'car-1'"):
        fleet.enrolment.enrol("own", "car-1")


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n"])
def test_a_lost_or_damaged_key_is_named(fleet: Rooms, content: bytes | None) -> None:
    file = fleet.companies.key_file("acme")
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    with pytest.raises(UnavailableError, match=r"ca\.key\) cannot be read") as caught:
        fleet.enrolment.enrol("acme", "car-1")
    assert "back-up" in caught.value.fix
