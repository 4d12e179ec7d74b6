from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.company import VehicleState
from kaido.company.registrations import Registration

if TYPE_CHECKING:
    from tests.company.conftest import Rooms


def test_it_knows_what_was_committed_when_it_was_refreshed(rooms: Rooms) -> None:
    directory = rooms.directory
    assert directory.refresh()
    assert not directory.refresh()
    assert directory.authorities() == []
    company = rooms.companies.create("acme")
    rooms.vehicles.register("acme", "car-1")
    assert directory.vehicle("acme", "car-1") == VehicleState(registered=False, revoked=False)
    assert directory.refresh()
    assert not directory.refresh()
    assert directory.authorities() == [("acme", company.ca_pem)]
    assert directory.vehicle("acme", "car-1") == VehicleState(registered=True, revoked=False)
    assert directory.vehicle("acme", "car-2") == VehicleState(registered=False, revoked=False)
    assert directory.vehicle("other", "car-1") == VehicleState(registered=False, revoked=False)


def test_it_sees_revoking_and_restoring(rooms: Rooms) -> None:
    rooms.companies.create("acme")
    rooms.vehicles.register("acme", "car-1")
    serial = rooms.enrolment.enrol("acme", "car-1").serial
    rooms.directory.refresh()
    assert not rooms.directory.certificate_revoked("acme", serial)
    rooms.vehicles.revoke("acme", "car-1")
    rooms.directory.refresh()
    assert rooms.directory.vehicle("acme", "car-1") == VehicleState(registered=True, revoked=True)
    assert rooms.directory.certificate_revoked("acme", serial)
    assert not rooms.directory.certificate_revoked("other", serial)
    rooms.vehicles.restore("acme", "car-1")
    rooms.directory.refresh()
    assert rooms.directory.vehicle("acme", "car-1") == VehicleState(registered=True, revoked=False)
    assert rooms.directory.certificate_revoked("acme", serial)


def test_a_change_in_a_large_fleet_is_read_alone(rooms: Rooms) -> None:
    rooms.companies.create("acme")
    rooms.vehicles.register_all("acme", [Registration(f"car-{number}") for number in range(3000)])
    rooms.directory.refresh()
    rooms.vehicles.revoke("acme", "car-1234")
    changed = rooms.vehicles.changed_since(rooms.directory._revision)
    assert [vehicle.id for vehicle in changed] == ["car-1234"]
    assert rooms.directory.refresh()
    assert rooms.directory.vehicle("acme", "car-1234").revoked
    assert sum(state.registered for state in rooms.directory._vehicles.values()) == 3000


def test_tokens_are_no_change(rooms: Rooms) -> None:
    rooms.directory.refresh()
    rooms.tokens.create(None, "ops", ["read"])
    assert not rooms.directory.refresh()
