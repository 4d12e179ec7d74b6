from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from kaido.company import authorities
from kaido.errors import ConflictError, InvalidInputError, NotFoundError
from kaido.runtime import clock
from tests.company.conftest import Issuer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.company.conftest import Rooms

AUTHORITY = Issuer()


def test_a_new_company_has_an_authority_of_its_own(rooms: Rooms) -> None:
    company = rooms.companies.create("acme")
    assert (company.name, company.has_key) == ("acme", True)
    certificate = x509.load_pem_x509_certificate(company.ca_pem.encode())
    basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert basic.critical
    assert (basic.value.ca, basic.value.path_length) == (True, 0)
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    lasts = certificate.not_valid_after_utc - clock.now()
    assert timedelta(days=19 * 365) < lasts < timedelta(days=21 * 365)
    assert rooms.companies.get("acme") == company


def test_the_key_is_its_owners_alone(rooms: Rooms) -> None:
    rooms.companies.create("acme")
    file = rooms.companies.key_file("acme")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.parent.stat().st_mode & 0o777 == 0o700
    assert file.read_text() not in rooms.companies.get("acme").ca_pem


@pytest.mark.parametrize("form", ["pem", "der"])
def test_a_company_may_bring_its_own_authority(rooms: Rooms, issuer: Issuer, form: str) -> None:
    company = rooms.companies.create("acme", issuer.pem if form == "pem" else issuer.der)
    assert (company.ca_pem, company.has_key) == (issuer.pem, False)
    assert not rooms.companies.key_file("acme").exists()


def test_what_cannot_be_an_authority_is_refused_with_the_reason(
    rooms: Rooms, unfit_authorities: dict[str, bytes]
) -> None:
    for words, content in unfit_authorities.items():
        with pytest.raises(InvalidInputError) as caught:
            rooms.companies.create("acme", content)
        assert words in str(caught.value), content
    assert rooms.companies.list() == []


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # cryptography says so, and reads on
@given(changes=st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 255)), min_size=1, max_size=4))
def test_any_bytes_for_an_authority_are_read_or_refused_in_words(changes: list[tuple[int, int]]) -> None:
    changed = bytearray(AUTHORITY.der)
    for place, byte in changes:
        changed[place % len(changed)] = byte
    with contextlib.suppress(InvalidInputError):
        assert authorities.key_hash(authorities.read(bytes(changed)))


def test_one_authority_cannot_be_two_companies(rooms: Rooms, issuer: Issuer) -> None:
    rooms.companies.create("first", issuer.pem)
    with pytest.raises(ConflictError, match="registered already") as caught:
        rooms.companies.create("second", issuer.pem)
    assert "first" not in str(caught.value)  # whose it is, is not another company's business
    made = rooms.companies.create("third")
    with pytest.raises(ConflictError, match="registered already"):
        rooms.companies.create("fourth", made.ca_pem)


def test_a_name_is_taken_once(rooms: Rooms, issuer: Issuer) -> None:
    rooms.companies.create("acme")
    key = rooms.companies.key_file("acme").read_bytes()
    for authority in (None, issuer.pem):
        with pytest.raises(ConflictError, match="'acme' already"):
            rooms.companies.create("acme", authority)
    assert rooms.companies.key_file("acme").read_bytes() == key


def test_a_key_without_its_company_is_not_overwritten(rooms: Rooms, tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "acme" / "ca.key"
    file.parent.mkdir(parents=True)
    file.write_text("the key of ten thousand cars")
    with pytest.raises(ConflictError, match="Restore the database"):
        rooms.companies.create("acme")
    assert file.read_text() == "the key of ten thousand cars"


def test_an_unknown_company_is_named_with_the_nearest(rooms: Rooms) -> None:
    with pytest.raises(NotFoundError, match="kaido company create acme"):
        rooms.companies.get("acme")
    rooms.companies.create("acme")
    with pytest.raises(NotFoundError, match="Did you mean acme"):
        rooms.companies.get("acne")


def test_companies_are_listed_by_name(rooms: Rooms) -> None:
    for name in ("b", "c", "a"):
        rooms.companies.create(name)
    assert [company.name for company in rooms.companies.list()] == ["a", "b", "c"]
