"""What kaido.company does, on either database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kaido.company import Companies, Directory, Enrolment, IdentityError, Tokens, Vehicles, VehicleState
from kaido.company.registrations import Registration
from kaido.errors import ConflictError
from kaido.runtime.settings import load

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.store import Store


@pytest.fixture
def companies(store: Store, tmp_path: Path) -> Companies:
    return Companies(store, load(data=tmp_path))


def test_a_vehicles_life(store: Store, companies: Companies) -> None:
    vehicles, directory = Vehicles(store), Directory(store)
    companies.create("acme")
    vehicles.register_all("acme", [Registration(f"car-{number}") for number in range(1500)])
    enrolled = Enrolment(store, companies).enrol("acme", "car-7")
    der = x509.load_pem_x509_certificate(enrolled.certificate_pem.encode()).public_bytes(Encoding.DER)
    assert directory.refresh()
    assert directory.identify(der).vehicle == "car-7"
    vehicles.revoke("acme", "car-7")
    assert directory.refresh()
    assert not directory.refresh()
    with pytest.raises(IdentityError, match="revoked"):
        directory.identify(der)
    assert vehicles.update("acme", "car-8", market="JP").market == "JP"
    assert vehicles.count("acme") == 1500
    assert [one.id for one in vehicles.list("acme", limit=2, after="car-10")] == ["car-100", "car-1000"]


def test_one_of_many_who_want_a_name_gets_it(store: Store, companies: Companies) -> None:
    def attempt(_: int) -> bool:
        try:
            Tokens(store).create(None, "ops", ["read"])
            companies.create("acme")
            Vehicles(store).register("acme", "car-1")
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(attempt, range(6)))
    assert sum(won) <= 1
    assert len(companies.list()) == 1


def test_a_certificate_cannot_slip_through_a_revocation(store: Store, companies: Companies) -> None:
    companies.create("acme")
    vehicles, enrolment, directory = Vehicles(store), Enrolment(store, companies), Directory(store)
    vehicles.register("acme", "car-1")

    def enrol(_: int) -> None:
        try:
            enrolment.enrol("acme", "car-1")
        except ConflictError:
            return

    with ThreadPoolExecutor(4) as pool:
        work = pool.map(enrol, range(12))
        vehicles.revoke("acme", "car-1")
        list(work)
    vehicles.restore("acme", "car-1")
    directory.refresh()
    assert directory.vehicle("acme", "car-1") == VehicleState(registered=True, revoked=False)
    assert all(one.revoked for one in vehicles.certificates("acme", "car-1"))


def test_a_directory_misses_nothing_while_many_write(store: Store, companies: Companies) -> None:
    companies.create("acme")
    vehicles, directory = Vehicles(store), Directory(store)

    def register(number: int) -> None:
        vehicles.register("acme", f"car-{number}")

    with ThreadPoolExecutor(6) as pool:
        work = pool.map(register, range(120))
        for _ in range(40):
            directory.refresh()
        list(work)
    directory.refresh()
    assert all(directory.vehicle("acme", f"car-{number}").registered for number in range(120))
