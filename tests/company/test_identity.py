from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaido.company import Directory, Identity, IdentityError
from tests.company.conftest import DAY, Issuer

if TYPE_CHECKING:
    from tests.company.conftest import Rooms


@pytest.fixture
def own(rooms: Rooms, issuer: Issuer) -> Rooms:
    """A company with an authority of its own, and a vehicle."""
    rooms.companies.create("acme", issuer.pem)
    rooms.vehicles.register("acme", "car-1")
    rooms.directory.refresh()
    return rooms


def _reason(directory: Directory, der: bytes) -> str:
    with pytest.raises(IdentityError) as caught:
        directory.identify(der)
    assert caught.value.what
    return caught.value.reason


def test_the_issuer_says_the_company_and_the_name_the_vehicle(own: Rooms, issuer: Issuer) -> None:
    identity = own.directory.identify(issuer.vehicle("car-1", serial=0xABC))
    assert (identity.company, identity.vehicle, identity.serial) == ("acme", "car-1", "abc")


def test_what_the_platform_enrolled_is_identified(rooms: Rooms) -> None:
    rooms.companies.create("acme")
    rooms.vehicles.register("acme", "car-1")
    enrolled = rooms.enrolment.enrol("acme", "car-1")
    rooms.directory.refresh()
    identity = rooms.directory.identify(_der(enrolled.certificate_pem))
    assert identity == Identity("acme", "car-1", enrolled.serial, enrolled.not_after)


def test_two_companies_may_both_have_a_car_1(rooms: Rooms) -> None:
    issuers = {name: Issuer(name=f"PKI of {name}") for name in ("a", "b")}
    for name, authority in issuers.items():
        rooms.companies.create(name, authority.pem)
        rooms.vehicles.register(name, "car-1")
    rooms.vehicles.revoke("a", "car-1")
    rooms.directory.refresh()
    assert _reason(rooms.directory, issuers["a"].vehicle("car-1")) == "revoked"
    assert rooms.directory.identify(issuers["b"].vehicle("car-1")).company == "b"


def test_authorities_of_the_same_name_are_told_apart_by_their_signature(rooms: Rooms) -> None:
    issuers = {f"company-{number}": Issuer(name="Vehicle CA") for number in range(5)}
    for name, authority in issuers.items():
        rooms.companies.create(name, authority.pem)
        rooms.vehicles.register(name, "car-1")
    rooms.directory.refresh()
    for name, authority in issuers.items():
        assert rooms.directory.identify(authority.vehicle("car-1")).company == name
    assert _reason(rooms.directory, Issuer(name="Vehicle CA").vehicle("car-1")) == "unknown_issuer"


@pytest.mark.parametrize(
    ("reason", "names", "how"),
    [
        ("expired", ["car-1"], {"begins": -2 * DAY, "ends": -timedelta(seconds=1)}),
        ("not_yet_valid", ["car-1"], {"begins": timedelta(hours=1)}),
        ("no_common_name", [], {}),
        ("several_common_names", ["car-1", "car-2"], {}),
        ("bad_common_name", ["../car-1"], {}),
        ("bad_common_name", ["car-1/#"], {}),
        ("not_registered", ["car-9"], {}),
        ("not_for_clients", ["car-1"], {"eku": ExtendedKeyUsageOID.SERVER_AUTH}),
    ],
)
def test_why_a_certificate_is_refused(
    own: Rooms, issuer: Issuer, reason: str, names: list[str], how: dict[str, Any]
) -> None:
    assert _reason(own.directory, issuer.vehicle(*names, **how)) == reason


@pytest.mark.parametrize("eku", [None, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
def test_a_certificate_that_restricts_nothing_is_taken(own: Rooms, issuer: Issuer, eku: Any) -> None:
    assert own.directory.identify(issuer.vehicle("car-1", eku=eku)).vehicle == "car-1"


def test_weak_signatures_are_refused(rooms: Rooms) -> None:
    authority = Issuer(key=rsa.generate_private_key(65537, 2048))
    rooms.companies.create("acme", authority.pem)
    rooms.vehicles.register("acme", "car-1")
    rooms.directory.refresh()
    assert rooms.directory.identify(authority.vehicle("car-1", algorithm=hashes.SHA256())).vehicle == "car-1"
    assert _reason(rooms.directory, authority.vehicle("car-1", algorithm=hashes.SHA224())) == "weak_signature"


def test_an_authority_that_ended_vouches_for_nobody(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Issuer(ends=timedelta(days=2))
    rooms.companies.create("acme", authority.pem)
    rooms.vehicles.register("acme", "car-1")
    rooms.directory.refresh()
    der = authority.vehicle("car-1", ends=timedelta(days=9))
    rooms.directory.identify(der)
    later = authority.certificate.not_valid_after_utc + timedelta(seconds=1)
    monkeypatch.setattr("kaido.company.directory.clock.now", lambda: later)
    assert _reason(rooms.directory, der) == "expired"


def test_strangers_and_rubbish(own: Rooms, issuer: Issuer) -> None:
    assert _reason(own.directory, Issuer().vehicle("car-1")) == "unknown_issuer"
    assert _reason(own.directory, issuer.der) == "bad_common_name"  # the authority itself is no vehicle
    for der in (b"", b"\x30", b"\x00" * 500, issuer.vehicle("car-1")[:-1]):
        assert _reason(own.directory, der) == "unreadable"


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # cryptography says so, and reads on
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 255)), min_size=1, max_size=3))
def test_no_changed_byte_makes_another_vehicle(own: Rooms, issuer: Issuer, changes: list[tuple[int, int]]) -> None:
    good = issuer.vehicle("car-1")
    changed = bytearray(good)
    for place, byte in changes:
        changed[place % len(changed)] = byte
    if changed != good:
        assert _reason(own.directory, bytes(changed)) in {"unreadable", "unknown_issuer"}


def test_a_revoked_vehicle_or_certificate_is_refused_although_it_was_known(rooms: Rooms) -> None:
    rooms.companies.create("acme")
    rooms.vehicles.register("acme", "car-1")
    first = _der(rooms.enrolment.enrol("acme", "car-1").certificate_pem)
    rooms.directory.refresh()
    rooms.directory.identify(first)
    rooms.vehicles.revoke("acme", "car-1")
    rooms.directory.refresh()
    assert _reason(rooms.directory, first) == "revoked"
    rooms.vehicles.restore("acme", "car-1")
    second = _der(rooms.enrolment.enrol("acme", "car-1").certificate_pem)
    rooms.directory.refresh()
    assert _reason(rooms.directory, first) == "revoked"
    assert rooms.directory.identify(second).vehicle == "car-1"


def test_memory_of_certificates_is_bounded_and_strangers_take_none_of_it(own: Rooms, issuer: Issuer) -> None:
    directory = Directory(own.store, remembered=10)
    directory.refresh()
    for _ in range(30):
        directory.identify(issuer.vehicle("car-1"))
    assert len(directory._claims) == 10
    known = list(directory._claims)
    for _ in range(20):
        _reason(directory, Issuer().vehicle("car-1"))
    assert list(directory._claims) == known


def _der(pem: str) -> bytes:
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(serialization.Encoding.DER)
