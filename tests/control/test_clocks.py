"""A clock that is wrong is known by two checkins that agree, and shown by the doctor to its company alone."""

from __future__ import annotations

from typing import Any

import pytest

from kaido.api.clocks import finding
from kaido.control.clocks import MOST, Clocks

NOW_US = 1_760_000_000_000_000


def check_in(clocks: Clocks, *offsets_s: float, vehicle: str = "car-1") -> list[bool]:
    return [
        clocks.checked_in("acme", vehicle, NOW_US // 1_000 + 60_000 * n + int(1e3 * offset), NOW_US + 60_000_000 * n)
        for n, offset in enumerate(offsets_s)
    ]


@pytest.mark.parametrize("offset", [3_600.0, -3_600.0, 61.0])
def test_two_checkins_tell(offset: float) -> None:
    clocks = Clocks()
    assert check_in(clocks, offset, offset, offset) == [False, True, False]
    assert clocks.wrong("acme") == {"car-1": offset}
    assert clocks.wrong("other") == {}


@pytest.mark.parametrize("offsets", [(0, 0, 0), (59, 59), (-3_600, 0, -1_800), (-900, -300)])
def test_what_came_late_tells_nothing(offsets: tuple[float, ...]) -> None:
    clocks = Clocks()
    check_in(clocks, *offsets)
    assert clocks.wrong("acme") == {}


def test_a_clock_that_was_set_is_right_again() -> None:
    clocks = Clocks()
    check_in(clocks, 3_600, 3_600, 0)
    assert clocks.wrong("acme") == {}


def test_a_checkin_without_a_time_tells_nothing() -> None:
    clocks = Clocks()
    for _ in range(3):
        clocks.checked_in("acme", "car-1", 0, NOW_US)
    assert clocks.wrong("acme") == {}


def test_the_worst_come_first_and_memory_is_bounded() -> None:
    clocks = Clocks()
    for number in range(MOST + 5):
        check_in(clocks, 100 + number, 100 + number, vehicle=f"car-{number}")
    found = clocks.wrong("acme")
    assert len(found) == MOST
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_the_doctor_names_the_worst_of_the_company_that_asks() -> None:
    worst = {f"car-{n}": 3_600.0 - n for n in range(6)}
    reports: list[dict[str, Any]] = [
        {"component": "gateway"},
        {"details": {"clocks": {"acme": {"wrong": 9, "worst": worst}, "other": {"wrong": 0, "worst": {}}}}},
    ]
    found = finding(reports, "acme")
    assert not found.ok
    assert found.what.startswith("the clocks of 9 vehicles are wrong: car-0 (+3600 s), car-1 (+3599 s)")
    assert finding(reports, "other").ok
    assert finding([], "acme").ok
