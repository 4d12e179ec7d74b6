from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kaido.company.registrations import Registration
from kaido.errors import ConflictError, InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from tests.company.conftest import Rooms


def test_a_vehicle_is_registered_with_what_is_known_of_it(rooms: Rooms) -> None:
    rooms.companies.create("acme")
    made = rooms.vehicles.register(
        "acme", "car-1", vin="ZE1-012345", platform="CMF-EV", model="leaf", market="JP", manifest="leaf-2"
    )
    assert rooms.vehicles.get("acme", "car-1") == made
    assert (made.vin, made.platform, made.model, made.market, made.manifest, made.revoked) == (
        "ZE1-012345",
        "CMF-EV",
        "leaf",
        "JP",
        "leaf-2",
        None,
    )


def test_two_companies_may_both_have_a_car_1(rooms: Rooms) -> None:
    for company in ("a", "b"):
        rooms.companies.create(company)
        rooms.vehicles.register(company, "car-1", model=f"of-{company}")
    rooms.vehicles.revoke("a", "car-1")
    assert rooms.vehicles.get("a", "car-1").model == "of-a"
    assert rooms.vehicles.get("b", "car-1").revoked is None


def test_a_companys_errors_do_not_name_anothers_vehicles(rooms: Rooms) -> None:
    for company in ("a", "b"):
        rooms.companies.create(company)
    rooms.vehicles.register("b", "secret-car")
    with pytest.raises(NotFoundError) as caught:
        rooms.vehicles.get("a", "secret-cat")
    assert "secret-car" not in str(caught.value)
    assert rooms.vehicles.list("a") == []


def test_an_id_is_taken_once(rooms: Rooms) -> None:
    rooms.companies.create("acme")
    rooms.vehicles.register("acme", "car-1")
    with pytest.raises(ConflictError, match="'car-1' already"):
        rooms.vehicles.register("acme", "car-1")


def test_a_list_is_registered_as_a_whole_or_not_at_all(rooms: Rooms) -> None:
    rooms.companies.create("acme")
    rooms.vehicles.register("acme", "car-7")
    many = [Registration(f"car-{number}", source=f"line {number}") for number in range(2000)]
    with pytest.raises(ConflictError, match="line 7: there is a vehicle 'car-7' already"):
        rooms.vehicles.register_all("acme", many)
    with pytest.raises(InvalidInputError, match="line 3: the vehicle id 'x' is given twice"):
        rooms.vehicles.register_all("acme", [Registration("x"), Registration("x", source="line 3")])
    assert [vehicle.id for vehicle in rooms.vehicles.list("acme")] == ["car-7"]
    assert len(rooms.vehicles.register_all("acme", many[8:])) == 1992


def test_lists_come_in_pages(rooms: Rooms) -> None:
    rooms.companies.create("acme")
    rooms.vehicles.register_all("acme", [Registration(f"car-{number:03}") for number in range(25)])
    seen: list[str] = []
    while page := rooms.vehicles.list("acme", limit=10, after=seen[-1] if seen else None):
        seen += [vehicle.id for vehicle in page]
    assert seen == [f"car-{number:03}" for number in range(25)]


def test_attributes_change_and_go(rooms: Rooms) -> None:
    rooms.companies.create("acme")
    rooms.vehicles.register("acme", "car-1", model="leaf", market="JP")
    changed = rooms.vehicles.update("acme", "car-1", model="zoe", market=None)
    assert (changed.model, changed.market) == ("zoe", None)
    with pytest.raises(InvalidInputError, match="has no 'colour'"):
        rooms.vehicles.update("acme", "car-1", colour="red")
    with pytest.raises(NotFoundError, match="Did you mean car-1"):
        rooms.vehicles.update("acme", "car-2", model="zoe")
    assert rooms.vehicles.get("acme", "car-1") == changed


def test_revoking_takes_the_certificates_with_it_for_good(rooms: Rooms) -> None:
    rooms.companies.create("acme")
    rooms.vehicles.register("acme", "car-1")
    first = rooms.enrolment.enrol("acme", "car-1")
    revoked = rooms.vehicles.revoke("acme", "car-1")
    assert revoked.revoked is not None
    assert rooms.vehicles.revoke("acme", "car-1").revoked == revoked.revoked
    assert rooms.vehicles.restore("acme", "car-1").revoked is None
    second = rooms.enrolment.enrol("acme", "car-1")
    states = {one.serial: one.revoked is None for one in rooms.vehicles.certificates("acme", "car-1")}
    assert states == {first.serial: False, second.serial: True}


def test_changes_are_found_by_revision(rooms: Rooms) -> None:
    rooms.companies.create("acme")
    rooms.vehicles.register_all("acme", [Registration(f"car-{number}") for number in range(5)])
    before = rooms.store.revision()
    assert rooms.vehicles.changed_since(before) == []
    rooms.vehicles.update("acme", "car-3", model="zoe")
    assert [vehicle.id for vehicle in rooms.vehicles.changed_since(before)] == ["car-3"]
