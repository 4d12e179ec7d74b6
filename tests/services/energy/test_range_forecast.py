"""Ranges: distributions that move as physics says and hold what they state."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.errors import InvalidInputError
from kaido.services.energy import Capacity, Fit, Forecast, Route, Trips, fit, forecast
from tests.services.energy.trip_rows import VEHICLE, trip_rows

CAPACITY = Capacity(60_000, 1_200, "known")
TRUE = (1.1, 0.9, 1.2, 0.8, 1.0)


@pytest.fixture(scope="module")
def learned() -> Fit:
    return fit(VEHICLE, Trips.of(trip_rows(120, TRUE)))


def ask(
    learned: Fit, *, soc: float = 60, temperature: float = 20, reserve: float = 0, route: Route | None = None
) -> Forecast:
    return forecast(learned, CAPACITY, soc_percent=soc, temperature_c=temperature, reserve_percent=reserve, route=route)


@settings(max_examples=15, deadline=None)
@given(st.floats(0, 100), st.floats(-40, 50), st.floats(0, 100))
def test_quantiles_stand_in_order_and_are_the_same_when_asked_again(
    learned: Fit, soc: float, temperature: float, reserve: float
) -> None:
    found = ask(learned, soc=soc, temperature=temperature, reserve=reserve)
    for one in (found.range_m, found.wh_per_m, found.energy_wh):
        assert 0 <= one.p10 <= one.p50 <= one.p90 < float("inf")
    assert found.wh_per_m.p10 > 0
    assert ask(learned, soc=soc, temperature=temperature, reserve=reserve).range_m == found.range_m
    if soc + 2 < reserve:
        assert found.range_m.p90 == 0


def test_more_charge_goes_further_and_cold_less_far(learned: Fit) -> None:
    by_soc = [ask(learned, soc=soc).range_m.p50 for soc in (10, 40, 70, 100)]
    assert by_soc == sorted(by_soc)
    by_cold = [ask(learned, temperature=c).range_m.p50 for c in (-25, -10, 5, 20)]
    assert by_cold == sorted(by_cold)
    assert ask(learned, soc=60, reserve=20).range_m.p50 == pytest.approx(ask(learned, soc=40).range_m.p50, rel=0.05)


def test_what_is_not_known_makes_it_wider(learned: Fit) -> None:
    def width(found: Forecast) -> float:
        return (found.range_m.p90 - found.range_m.p10) / found.range_m.p50

    way = Route.of([(100e3, 25, 0)])
    unknown, few = (fit(VEHICLE, Trips.of(trip_rows(count, TRUE))) for count in (0, 4))
    assert width(ask(unknown, route=way)) > width(ask(few, route=way)) > width(ask(learned, route=way))
    vague = forecast(learned, Capacity(60_000, 6_000, "vague"), soc_percent=60, temperature_c=20)
    assert width(vague) > width(ask(learned))


def test_stated_intervals_hold_what_they_state() -> None:
    """Cars with factors from the prior drive on as the model says, trips scattered: 80 of 100 should lie inside."""
    inside = []
    for seed in range(40):
        chance = np.random.default_rng(seed)
        factors = tuple(np.clip(chance.normal(1, (0.15, 0.3, 0.3, 0.3, 0.3)), 0.3, 2))
        trips = Trips.of(trip_rows(100, factors, seed=seed, scatter=0.08))
        past, ahead = trips.take(slice(0, 40)), trips.take(slice(40, None))
        # trips follow one another in any air: all of it is asked for at its mean, as a forecast of the weather would be
        soc, true_wh = 80.0, 60_000 * chance.normal(1, 0.02)
        used = np.append(0.0, np.cumsum(ahead.net_wh))
        upto = max(int(np.searchsorted(used, 0.8 * true_wh)), 1)
        air = float(np.average(ahead.temperature_c[:upto], weights=ahead.distance_m[:upto]))
        went = np.interp(0.8 * true_wh, used, np.append(0.0, np.cumsum(ahead.distance_m)))
        said = forecast(fit(VEHICLE, past), CAPACITY, soc_percent=soc, temperature_c=air).range_m
        inside.append(said.p10 <= went <= said.p90)
    assert 0.65 <= np.mean(inside) <= 0.97


def test_a_route_says_what_it_takes_and_whether_it_gets_there(learned: Fit) -> None:
    def on(*stretches: tuple[float, float, float], soc: float = 60) -> Forecast:
        return ask(learned, soc=soc, route=Route.of(stretches))

    level, up, down = (on((50e3, 25, climb)).on_route for climb in (0, 800, -800))
    assert level is not None
    assert up is not None
    assert down is not None
    assert down.energy_wh.p50 < level.energy_wh.p50 < up.energy_wh.p50
    height_wh = 1_800 * 9.80665 * 800 / 3_600
    assert up.energy_wh.p50 - level.energy_wh.p50 == pytest.approx(1.1 * height_wh, rel=0.15)
    fast = on((50e3, 36, 0)).on_route
    assert fast is not None
    assert fast.energy_wh.p50 > 1.3 * level.energy_wh.p50
    assert (level.distance_m, level.arrives) == (50e3, 1.0)
    far = on((500e3, 30, 0)).on_route
    assert far is not None
    assert far.arrives == 0
    assert far.arrival_soc_percent.p90 < 0


def test_a_route_of_many_stretches_is_one_of_few(learned: Fit) -> None:
    whole = ask(learned, route=Route.of([(60e3, 22, 120)]))
    parts = ask(learned, route=Route.of([(1e3, 22, 2)] * 60))
    assert parts.range_m.p50 == pytest.approx(whole.range_m.p50, rel=1e-6)


@pytest.mark.parametrize(
    "stretches",
    [[], [(0, 10, 0)], [(1e3, 0, 0)], [(1e3, 100, 0)], [(1e3, 10, 900)], [(float("nan"), 10, 0)], [(1, 1, 0)] * 10_001],
)
def test_what_is_no_route_is_refused(stretches: list[tuple[float, float, float]]) -> None:
    with pytest.raises(InvalidInputError):
        Route.of(stretches)


@pytest.mark.parametrize(("soc", "temperature", "reserve"), [(101, 20, 0), (-1, 20, 0), (50, 99, 0), (50, 20, 120)])
def test_what_no_battery_and_no_air_has_is_refused(
    learned: Fit, soc: float, temperature: float, reserve: float
) -> None:
    with pytest.raises(InvalidInputError):
        ask(learned, soc=soc, temperature=temperature, reserve=reserve)
