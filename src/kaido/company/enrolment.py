"""Enrolling vehicles: a certificate from their company's authority."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kaido.company import authorities
from kaido.company.model import Enrolled
from kaido.company.vehicles import find
from kaido.errors import ConflictError, InvalidInputError, UnavailableError
from kaido.runtime import clock
from kaido.store.tables import CertificateRow

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

    from kaido.company.companies import Companies
    from kaido.store import Store

DAYS = 730
_MOST_DAYS = 3650
_LONGEST_COMMON_NAME = 64
"""X.509's bound (RFC 5280, appendix A.1, ub-common-name); a vehicle's id may be longer."""


class Enrolment:
    """Issues vehicle certificates."""

    def __init__(self, store: Store, companies: Companies) -> None:
        self._store = store
        self._companies = companies

    def enrol(
        self,
        company: str,
        id: str,  # noqa: A002  # it is what the field calls it
        csr_pem: str | bytes | None = None,
        days: int = DAYS,
    ) -> Enrolled:
        """A certificate for a registered vehicle, on a new key or on that of a signing request.

        Raises:
            NotFoundError: the company has no such vehicle.
            InvalidInputError: the signing request is not to be signed.
            ConflictError: the vehicle is revoked, or the platform does not hold the company's key.
        """
        if not 1 <= days <= _MOST_DAYS:
            raise InvalidInputError(f"a certificate cannot last {days} days", why=f"1 to {_MOST_DAYS} can be")
        if len(id) > _LONGEST_COMMON_NAME:
            raise InvalidInputError(
                f"the id has {len(id)} characters",
                why=f"it stands in the certificate as its common name (CN), which has at most {_LONGEST_COMMON_NAME}",
                fix="Register the vehicle under a shorter id",
            )
        request = None if csr_pem is None else _read_request(csr_pem, id)
        owner = self._companies.get(company)
        if not owner.has_key:
            raise ConflictError(
                f"company {company} signs its vehicles' certificates itself",
                why="it registered an authority whose key the platform does not hold",
                fix=f"Sign one there whose common name (CN) is '{id}', for client authentication",
            )
        authority = x509.load_pem_x509_certificate(owner.ca_pem.encode())
        key = None if request else ec.generate_private_key(ec.SECP256R1())
        certificate = _sign(
            x509.Name(
                [
                    x509.NameAttribute(NameOID.ORGANIZATION_NAME, company),
                    x509.NameAttribute(NameOID.COMMON_NAME, id),
                ]
            ),
            (key or request).public_key(),  # type: ignore[union-attr]  # one of the two is there
            authority,
            self._signing_key(company),
            days,
        )
        serial = f"{certificate.serial_number:x}"
        with self._store.session() as session:
            vehicle = find(session, company, id, change=True)  # not revoked meanwhile
            if vehicle.revoked:
                raise ConflictError(f"vehicle {id} is revoked", fix=f"kaido vehicle restore {id}")
            session.add(
                CertificateRow(
                    company=company,
                    serial=serial,
                    vehicle=id,
                    fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
                    not_after=certificate.not_valid_after_utc,
                )
            )
        return Enrolled(
            certificate_pem=authorities.pem(certificate),
            key_pem=_key_pem(key) if key else None,
            ca_pem=owner.ca_pem,
            serial=serial,
            not_after=certificate.not_valid_after_utc,
        )

    def _signing_key(self, company: str) -> ec.EllipticCurvePrivateKey:
        path = self._companies.key_file(company)
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise UnavailableError(
                f"the key of company {company} ({path}) cannot be read",
                why=reason or "",
                fix="Put its back-up in its place",
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise UnavailableError(f"{path} holds another kind of key", fix="Put its back-up in its place")
        return key


def _read_request(data: str | bytes, identifier: str) -> x509.CertificateSigningRequest:
    raw = data.encode() if isinstance(data, str) else data
    try:
        pem = raw.lstrip().startswith(b"-----BEGIN")
        request = x509.load_pem_x509_csr(raw) if pem else x509.load_der_x509_csr(raw)
        genuine = request.is_signature_valid
        weak = authorities.weakness(request.public_key())
        common_names = [str(one.value) for one in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    except authorities.UNREADABLE as error:
        raise InvalidInputError(
            "the certificate signing request cannot be read",
            why=str(error) if b"-----BEGIN" in raw else "it holds no PEM block, and is no DER",
            fix="Give one CSR as PEM or DER",
        ) from error
    if not genuine:
        raise InvalidInputError("the certificate signing request is not signed by its own key", fix="Make it anew")
    if weak:
        raise InvalidInputError("the certificate signing request is not signed by us", why=weak)
    if common_names not in ([], [identifier]):
        raise InvalidInputError(
            f"the certificate signing request is for '{', '.join(common_names)}', not '{identifier}'",
            fix=f"Make it with the common name (CN) '{identifier}' or none",
        )
    return request


def _sign(
    subject: x509.Name,
    public: CertificatePublicKeyTypes,
    authority: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    days: int,
) -> x509.Certificate:
    # Only the key is taken from a request: everything else in it is what its maker would like to be true.
    now = clock.now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - authorities.SKEW)
        .not_valid_after(min(now + timedelta(days=days), authority.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(authorities.usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
