"""Which company's authority signed a vehicle's certificate, and what it says. Pure, and fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kaido.company.errors import IdentityError
from kaido.wire.topics import VEHICLE_ID

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_STRONG = (hashes.SHA256, hashes.SHA384, hashes.SHA512, hashes.SHA3_256, hashes.SHA3_384, hashes.SHA3_512)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a certificate says, its signature verified; whether it counts today is not asked yet."""

    company: str
    vehicle: str
    serial: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Authority:
    """A company's authority, ready to verify with."""

    company: str
    certificate: x509.Certificate
    key_identifier: bytes | None

    @classmethod
    def of(cls, company: str, pem: str) -> Authority:
        """From its PEM certificate."""
        certificate = x509.load_pem_x509_certificate(pem.encode())
        try:
            extension = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
            identifier = extension.value.digest
        except x509.ExtensionNotFound:
            identifier = None
        return cls(company, certificate, identifier)


class Authorities:
    """All companies' authorities. Several may carry the same name: the signature decides."""

    def __init__(self, authorities: Iterable[Authority]) -> None:
        self._by_name: dict[bytes, list[Authority]] = {}
        for authority in authorities:
            name = authority.certificate.subject.public_bytes()
            self._by_name.setdefault(name, []).append(authority)

    def read(self, der: bytes) -> Claim:
        """What a vehicle's certificate says.

        Raises:
            IdentityError: ``unreadable``, ``unknown_issuer``, ``weak_signature``, ``not_for_clients``,
                ``no_common_name``, ``several_common_names``, ``bad_common_name``.
        """
        try:
            certificate = x509.load_der_x509_certificate(der)
            authority = self._issuer(certificate)
            _check_use(certificate)
            return Claim(
                company=authority.company,
                vehicle=_common_name(certificate),
                serial=f"{certificate.serial_number:x}",
                not_before=max(certificate.not_valid_before_utc, authority.certificate.not_valid_before_utc),
                not_after=min(certificate.not_valid_after_utc, authority.certificate.not_valid_after_utc),
            )
        except IdentityError:
            raise
        except Exception as error:  # hostile bytes; the parser raises more kinds than it lists
            raise IdentityError("unreadable", "the certificate cannot be read", why=str(error)) from error

    def _issuer(self, certificate: x509.Certificate) -> Authority:
        candidates = self._by_name.get(certificate.issuer.public_bytes(), [])
        if len(candidates) > 1:
            named = _authority_key(certificate)
            candidates = sorted(candidates, key=lambda one: one.key_identifier != named)
        for candidate in candidates:
            try:
                certificate.verify_directly_issued_by(candidate.certificate)
            except (InvalidSignature, ValueError, TypeError):
                continue
            algorithm = certificate.signature_hash_algorithm  # None: Ed25519 has none to choose
            if algorithm is not None and not isinstance(algorithm, _STRONG):
                raise IdentityError(
                    "weak_signature", f"the certificate is signed with {algorithm.name}", fix="Sign it with SHA-256"
                )
            return candidate
        raise IdentityError(
            "unknown_issuer",
            "no company has registered the authority that issued the certificate",
            why=certificate.issuer.rfc4514_string(),
        )


def _authority_key(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        return None


def _check_use(certificate: x509.Certificate) -> None:
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(uses):
        raise IdentityError("not_for_clients", "the certificate is not for client authentication")


def _common_name(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not found:
        raise IdentityError("no_common_name", "the certificate has no common name (CN)")
    if len(found) > 1:
        raise IdentityError("several_common_names", "the certificate has several common names (CN)")
    name = found[0].value
    if not isinstance(name, str) or not VEHICLE_ID.fullmatch(name):
        raise IdentityError("bad_common_name", "the certificate's common name (CN) is no vehicle id")
    return name
