from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from kaido.errors import InvalidInputError
from kaido.wire import signing

KEY = Ed25519PrivateKey.generate()
_parts = st.tuples(st.text(max_size=20), st.text(max_size=20), st.binary(max_size=40))


@given(_parts, _parts)
def test_a_signature_holds_for_one_vehicle_command_and_request_alone(
    one: tuple[str, str, bytes], other: tuple[str, str, bytes]
) -> None:
    signature = signing.sign(KEY, *one)
    assert len(signature) == signing.SIGNATURE_BYTES
    assert signing.is_signed(KEY.public_key(), *one, signature)
    assert signing.is_signed(KEY.public_key(), *other, signature) == (one == other)


@given(st.binary(max_size=80))
def test_what_is_no_signature_is_none(garbage: bytes) -> None:
    assert not signing.is_signed(KEY.public_key(), "car-1", "c1", b"request", garbage)


def test_another_key_is_another_company() -> None:
    signature = signing.sign(Ed25519PrivateKey.generate(), "car-1", "c1", b"x")
    assert not signing.is_signed(KEY.public_key(), "car-1", "c1", b"x", signature)


def test_the_key_goes_round_as_pem() -> None:
    pem = signing.pem_of(KEY.public_key())
    assert signing.pem_of(signing.read_key(pem)) == pem


def test_a_key_of_another_kind_is_refused() -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(InvalidInputError, match="right kind"):
        signing.read_key(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


@given(st.binary(max_size=200))
def test_what_is_no_key_is_refused(garbage: bytes) -> None:
    with pytest.raises(InvalidInputError):
        signing.read_key(garbage)
