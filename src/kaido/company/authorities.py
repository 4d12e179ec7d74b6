"""Certificate authorities: making one, and reading one that a company gives us."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID

from kaido.errors import InvalidInputError
from kaido.runtime import clock

SKEW = timedelta(minutes=5)
"""How far a certificate's beginning lies back, since clocks differ."""

UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What reading a certificate or a request that is none may raise."""

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)

_YEARS = timedelta(days=365 * 20)
_RSA_BITS = 2048


def make(company: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A new authority: ECDSA P-256, 20 years, for vehicles only (path length 0)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, company),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{company} vehicles"),
        ]
    )
    public = key.public_key()
    now = clock.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def read(data: bytes | str) -> x509.Certificate:
    """An authority's certificate (PEM or DER) as a company gives it.

    Raises:
        InvalidInputError: it is no certificate of an authority that we can take.
    """
    content = data.encode() if isinstance(data, str) else data
    try:
        certificate = _parse(content)
        subject = certificate.subject.rfc4514_string() or "(no subject)"
        reason = _unfit(certificate)
    except UNREADABLE as error:
        raise InvalidInputError(
            "this is no certificate",
            why="it holds no PEM block, and is no DER" if b"-----BEGIN" not in content else str(error),
            fix="Give one certificate as PEM or DER",
        ) from error
    if reason:
        raise InvalidInputError(
            f"the certificate of {subject} cannot be a company's authority",
            why=reason,
            fix="Give the certificate (PEM or DER) whose key signs your vehicles' certificates",
        )
    return certificate


def key_hash(certificate: x509.Certificate) -> str:
    """SHA-256 of the public key: what makes two certificates the same authority."""
    public = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(public).hexdigest()


def pem(certificate: x509.Certificate) -> str:
    """The certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    """A key usage extension with nothing allowed but what is named."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def weakness(key: object) -> str | None:
    """Why a public key is not strong enough for us; None if it is."""
    match key:
        case ec.EllipticCurvePublicKey():
            strong = isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1)
            return None if strong else f"the curve {key.curve.name} is not taken; use P-256"
        case rsa.RSAPublicKey():
            return None if key.key_size >= _RSA_BITS else f"an RSA key of {key.key_size} bits is too short"
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            return None
        case dsa.DSAPublicKey():
            return "a DSA key is not taken; use ECDSA P-256"
        case _:
            return "a key of this kind is not taken; use ECDSA P-256"


def _parse(data: bytes) -> x509.Certificate:
    if b"PRIVATE KEY" in data:
        raise InvalidInputError(
            "what was given holds a private key",
            why="Kaido needs your authority's certificate alone, and keeps no key of another's",
            fix="Give the certificate only; and treat the key as exposed if it left its place",
        )
    if not data.lstrip().startswith(b"-----BEGIN"):
        return x509.load_der_x509_certificate(data)
    several = x509.load_pem_x509_certificates(data)
    if len(several) != 1:
        raise InvalidInputError(
            f"{len(several)} certificates were given",
            fix="Give the one whose key signs your vehicles' certificates",
        )
    return several[0]


def _unfit(certificate: x509.Certificate) -> str | None:
    """Why a certificate is not that of an authority we take; None if it is."""
    basic = _extension(certificate.extensions, x509.BasicConstraints)
    usages = _extension(certificate.extensions, x509.KeyUsage)
    weak = weakness(certificate.public_key())
    now = clock.now()
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    rules = (
        (basic is not None and basic.ca, "it is not marked as an authority (basic constraints, CA)"),
        (usages is None or usages.key_cert_sign, "its key may not sign certificates (key usage)"),
        (now < ends, f"it expired on {ends:%Y-%m-%d}"),
        (begins <= now + SKEW, f"it is not valid before {begins:%Y-%m-%d}"),
        (weak is None, weak),
    )
    return next((reason for fine, reason in rules if not fine), None)


def _extension(extensions: x509.Extensions, kind: type[_Extension]) -> _Extension | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
