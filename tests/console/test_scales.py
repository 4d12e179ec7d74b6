"""Axes of drawings, and what a choice of signals is elsewhere."""

from __future__ import annotations

import math
import shlex
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.console.chosen import ALL, POINTS, Chosen, by_clock, with_zone
from kaido.console.scales import WIDTH, Scale

TOKYO = ZoneInfo("Asia/Tokyo")
numbers = st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda value: value == 0 or abs(value) > 1e-3)
names = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20).filter(lambda text: text[0] != "-")


@given(st.lists(st.none() | numbers, max_size=12), st.booleans())
def test_every_value_lies_between_round_ends(values: list[float | None], zero: bool) -> None:
    scale = Scale.over(values, zero=zero)
    found = [value for value in values if value is not None] + ([0.0] if zero else [])
    room = 1e-9 * (scale.high - scale.low)
    assert all(scale.low - room <= value <= scale.high + room for value in found)
    assert (scale.ticks[0], scale.ticks[-1]) == pytest.approx((scale.low, scale.high))
    assert all(before < after for before, after in pairwise(scale.ticks))
    assert 2 <= len(scale.ticks) <= 7
    places = [scale.at(value) for value in sorted(found)]
    assert places == sorted(places)
    assert all(0 <= place <= WIDTH for place in places)


@given(st.lists(numbers, min_size=2, max_size=5))
def test_ticks_are_told_apart_by_their_digits(values: list[float]) -> None:
    scale = Scale.over(values)
    if scale.high - scale.low > 1e-6 * max(abs(scale.low), abs(scale.high)):
        told = [f"{tick:.{scale.digits}f}" for tick in scale.ticks]
        assert len({*told}) == len(told)
        assert all(
            math.isclose(float(text), tick, abs_tol=0.5 * 10**-scale.digits)
            for text, tick in zip(told, scale.ticks, strict=True)
        )


@given(st.lists(names, min_size=1, max_size=4, unique=True), st.lists(names, min_size=1, max_size=4, unique=True))
def test_the_copied_command_says_the_same_to_a_shell(vehicles: list[str], signals: list[str]) -> None:
    chosen = Chosen(tuple(vehicles), tuple(signals), "-2h")
    words = shlex.split(chosen.command())
    assert words[:3] == ["kaido", "signals", vehicles[0]]
    assert words[3 : 3 + len(signals)] == signals
    rest = words[3 + len(signals) :]
    assert rest == [*(f"--vehicle={one}" for one in vehicles[1:]), "--start=-2h", f"--points={POINTS}"]
    compile(chosen.python("http://127.0.0.1:8642"), "copied", "exec")


def test_all_of_the_time_is_asked_for_without_a_start() -> None:
    chosen = Chosen(("car-1",), ("Vehicle.Speed",), ALL)
    assert chosen.series() == f"/signals/series?vehicle=car-1&signal=Vehicle.Speed&points={POINTS}"
    assert "start" not in chosen.command()
    assert chosen.url() == "/signals?vehicle=car-1&signal=Vehicle.Speed&start=all"
    assert Chosen().series() == ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-01-31 12:00", "2026-01-31T03:00:00Z"),
        ("2026-01-31", "2026-01-30T15:00:00Z"),
        ("2026-01-31T12:00:00+01:00", "2026-01-31T12:00:00+01:00"),
        (" -2h ", "-2h"),
        ("soon", "soon"),
        ("", ""),
    ],
)
def test_a_time_without_a_zone_is_by_the_persons_clock(written: str, meant: str) -> None:
    assert with_zone(written, TOKYO) == meant
    assert with_zone(by_clock(meant, TOKYO), TOKYO) in {meant, "2026-01-31T11:00:00Z"}
