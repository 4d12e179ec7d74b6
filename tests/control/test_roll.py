"""Who is connected where, against a simple model: a dictionary that misses nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.control.roll import SILENT_S, Roll, Stay

VEHICLES, GATEWAYS = ["car-1", "car-2", "car-3"], ["a", "b"]


def said(number: int, *events: tuple[str, float, str], gateway: str = "a") -> dict[str, Any]:
    return {"gateway": gateway, "number": number, "at": 0.0, "events": [["acme", *one] for one in events]}


def all_of(number: int, *vehicles: tuple[str, float], gateway: str = "a", **more: Any) -> dict[str, Any]:
    page = [["acme", *one] for one in vehicles]
    return {"gateway": gateway, "number": number, "at": 0.0, "first": True, "last": True, "vehicles": page} | more


def is_connected(roll: Roll, vehicle: str) -> bool:
    stay = roll.get("acme", vehicle)
    return stay is not None and stay.until is None


def test_a_vehicle_comes_and_goes() -> None:
    roll = Roll()
    roll.take_all(all_of(0), now=0)
    assert not roll.take(said(1, ("car-1", 10.0, "entered")), now=10)
    assert roll.get("acme", "car-1") == Stay("a", 10.0)
    assert roll.entered == [("acme", "car-1")]
    roll.take(said(2, ("car-1", 20.0, "left")), now=20)
    assert roll.get("acme", "car-1") == Stay("a", 10.0, 20.0)
    assert roll.get("beta", "car-1") is None


def test_who_missed_something_has_to_ask() -> None:
    roll = Roll()
    assert roll.take(said(7), now=0)
    roll.take_all(all_of(7, ("car-1", 1.0)), now=0)
    assert not roll.take(said(8), now=1)
    assert roll.take(said(10, ("car-2", 5.0, "entered")), now=2)
    assert is_connected(roll, "car-2")
    roll.take_all(all_of(10, ("car-2", 5.0)), now=3)
    assert not is_connected(roll, "car-1")
    assert not roll.take(said(11), now=4)


def test_an_answer_that_is_older_than_what_is_known_does_not_count_as_complete() -> None:
    roll = Roll()
    roll.take(said(9), now=0)
    roll.take_all(all_of(8), now=0)
    assert roll.take(said(10), now=1)


def test_pages_are_one_answer() -> None:
    roll = Roll()
    roll.take_all(all_of(3, ("car-1", 1.0), last=False), now=0)
    assert not is_connected(roll, "car-1")
    roll.take_all(all_of(3, ("car-2", 1.0), first=False), now=0)
    assert is_connected(roll, "car-1")
    assert is_connected(roll, "car-2")


def test_where_it_connected_last_counts_whoever_is_heard_first() -> None:
    roll = Roll()
    roll.take(said(1, ("car-1", 10.0, "entered")), now=10)
    roll.take(said(1, ("car-1", 12.0, "entered"), gateway="b"), now=12)
    roll.take(said(2, ("car-1", 12.1, "left")), now=12)
    assert roll.get("acme", "car-1") == Stay("b", 12.0)
    roll.take(said(3, ("car-1", 11.0, "entered")), now=13)
    assert roll.get("acme", "car-1") == Stay("b", 12.0)


def test_the_vehicles_of_a_silent_gateway_are_offline_since_its_last_word() -> None:
    roll = Roll()
    roll.take(said(1, ("car-1", 10.0, "entered")), now=10)
    roll.take(said(1, ("car-2", 10.0, "entered"), gateway="b"), now=10)
    roll.take(said(2, gateway="b"), now=10 + SILENT_S + 1)
    assert roll.forget_silent(10 + SILENT_S + 1) == ["a"]
    assert roll.get("acme", "car-1") == Stay("a", 10.0, 10.0)
    assert is_connected(roll, "car-2")
    assert roll.connected == 1


def test_what_was_known_before_ends_where_no_gateway_claims_it() -> None:
    roll = Roll()
    roll.restore(("acme", "car-1"), Stay("old", 10.0))
    roll.restore(("acme", "car-2"), Stay("old", 10.0))
    roll.restore(("acme", "car-3"), Stay("older", 10.0))
    roll.take(said(1, ("car-2", 50.0, "entered")), now=50)
    roll.end_unclaimed({"old": 40.0})
    assert roll.get("acme", "car-1") == Stay("old", 10.0, 40.0)
    assert roll.get("acme", "car-2") == Stay("a", 50.0)
    assert roll.get("acme", "car-3") == Stay("older", 10.0, 10.0)
    assert roll.connected == 1


_steps = st.lists(
    st.tuples(st.sampled_from(VEHICLES), st.sampled_from(GATEWAYS), st.sampled_from(["enter", "leave", "missed"])),
    max_size=30,
)


@given(_steps)
def test_whatever_is_missed_an_answer_of_all_puts_it_right(steps: list[tuple[str, str, str]]) -> None:
    roll, where, numbers = Roll(), dict[str, str](), dict.fromkeys(GATEWAYS, 0)
    for now, (vehicle, gateway, what) in enumerate(steps, 1):
        missed = what == "missed"
        numbers[gateway] += 1
        if what == "leave":
            if where.get(vehicle) != gateway:
                continue
            del where[vehicle]
        else:
            where[vehicle] = gateway
        word = "left" if what == "leave" else "entered"
        if not missed:
            roll.take(said(numbers[gateway], (vehicle, float(now), word), gateway=gateway), now)
        if missed:
            for one in GATEWAYS:
                here = [(car, float(now)) for car, place in where.items() if place == one]
                roll.take_all(all_of(numbers[one], *here, gateway=one), now)
        assert {car for car in VEHICLES if is_connected(roll, car)} == set(where)
        assert roll.connected == len(where)


@pytest.mark.parametrize(
    "nonsense",
    [{}, {"gateway": "a"}, {"gateway": "a", "number": "x", "events": []}, said(1) | {"events": [["acme"]]}, []],
)
def test_nonsense_changes_nothing(nonsense: Any) -> None:
    roll = Roll()
    with pytest.raises((ValueError, LookupError, TypeError)):
        roll.take(nonsense, 0)
    with pytest.raises((ValueError, LookupError, TypeError)):
        roll.take_all(nonsense, 0)
    assert roll.heard() == {}
