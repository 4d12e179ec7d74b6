"""What a plan is besides cheap: late, honest about what is out of reach, and within what house and battery allow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from kaido.errors import InvalidInputError
from kaido.services.planning import Plan, Site, plan
from kaido.services.planning.solving import COUNTING, EVERYTHING, GREEDY, NOTHING, VALUES
from kaido.services.tariffs import Tariff, shipped
from tests.services.planning import wishes

if TYPE_CHECKING:
    from kaido.services.planning import Wish

FLAT = wishes.hourly([0.2] * 24)
CHEAP_NIGHT = wishes.hourly([0.3] * 2 + [0.1] * 4 + [0.3] * 18)
CAR = wishes.car(efficiency=1.0)


def on(found: Plan) -> list[int]:
    """The steps that charge."""
    return np.flatnonzero(found.wall_wh > 0).tolist()


@pytest.mark.parametrize(
    ("more", "method"),
    [
        ({}, GREEDY),
        ({"min_w": 3_600}, COUNTING),
        ({"min_w": 7_200}, COUNTING),
        ({"efficiency": ((3_600, 1.0), (7_200, 1.0))}, VALUES),
        ({"taper": ((85.0, 7_200.0), (100.0, 3_600.0))}, GREEDY),
    ],
)
def test_of_equal_ways_the_latest(more: dict[str, Any], method: str) -> None:
    found = plan(wishes.wish(FLAT, 12, 56, car=wishes.car(**({"efficiency": 1.0} | more))))
    assert found.method == method
    assert on(found) == [9, 10, 11]
    assert found.end_soc_percent == pytest.approx(56)


def test_what_is_cheap_first_and_of_that_the_latest() -> None:
    found = plan(wishes.wish(CHEAP_NIGHT, 12, 44, car=CAR))
    assert on(found) == [4, 5]
    assert found.charging == [(wishes.START + timedelta(hours=4), wishes.START + timedelta(hours=6))]
    assert found.value == pytest.approx(14.4 * 0.1)
    assert found.cost.amount == pytest.approx(found.value)


def test_out_of_reach_it_gives_the_most_and_says_so() -> None:
    found = plan(wishes.wish(FLAT, 3, 90, car=CAR))
    assert not found.reaches_target
    assert found.method == EVERYTHING
    assert on(found) == [0, 1, 2]
    assert found.end_soc_percent == pytest.approx(20 + 36)


def test_the_battery_s_limit_is_part_of_what_is_out_of_reach() -> None:
    car = wishes.car(efficiency=1.0, taper=((50.0, 7_200.0), (100.0, 600.0)))
    found = plan(wishes.wish(FLAT, 3.5, 90, step_s=1_800, car=car))
    assert not found.reaches_target
    assert found.end_soc_percent == pytest.approx(50 + 1)  # 2.5 h at 7.2 kW, then an hour at 0.6 kW


def test_who_is_there_already_needs_nothing() -> None:
    found = plan(wishes.wish(FLAT, 3, 20, car=CAR))
    assert (found.method, on(found), found.cost.amount) == (NOTHING, [], 0)
    assert found.reaches_target


def test_a_house_at_its_limit_does_not_charge() -> None:
    site = Site(limit_w=8_000, base_w=[500, 7_500, 500, 3_000])
    found = plan(wishes.wish(FLAT, 4, 50, car=wishes.car(efficiency=1.0, min_w=1_400), site=site))
    assert (found.wall_wh + np.array(site.base_w) <= 8_000 + 1e-6).all()
    assert 1 not in on(found)
    assert found.end_soc_percent == pytest.approx(50)


def test_on_or_off_may_pass_the_target_by_less_than_a_step() -> None:
    found = plan(wishes.wish(CHEAP_NIGHT, 12, 40, car=wishes.car(efficiency=1.0, min_w=7_200)))
    assert on(found) == [4, 5]
    assert found.end_soc_percent == pytest.approx(44)


def test_standby_makes_one_full_step_of_two_halves() -> None:
    tariff = wishes.hourly([0.1, 0.1, 0.101, 0.1, 0.1, 0.1])
    lossy = wishes.car(efficiency=1.0, standby_w=400)
    found = plan(wishes.wish(tariff, 6, 20 + 100 * 6.8 / 60, car=lossy))
    assert on(found) == [5]
    assert found.energy_wall_wh == pytest.approx(7_200)


def test_solar_energy_is_charged_before_the_grid_s_and_costs_what_it_would_have_brought() -> None:
    tariff = wishes.hourly([0.2] * 24, export_price_per_kwh=0.05)
    site = Site(solar_w=[0, 4_000, 9_000, 0], base_w=1_000)
    found = plan(wishes.wish(tariff, 4, 20 + 100 * 10.2 / 60, car=CAR, site=site))
    assert on(found) == [1, 2]
    assert found.energy_grid_wh == pytest.approx(0)
    assert found.cost.amount == pytest.approx(10.2 * 0.05)


def test_carbon_is_kept_low_instead_of_cost() -> None:
    tariff = Tariff.read(shipped.document("example-us-ev-time-of-use"))
    start = datetime(2026, 6, 1, 12, tzinfo=UTC)  # 05:00 in Los Angeles
    cheap = plan(wishes.wish(tariff, 24, 60, start=start))
    clean = plan(wishes.wish(tariff, 24, 60, start=start, objective="carbon"))
    assert clean.cost.carbon_g is not None
    assert cheap.cost.carbon_g is not None
    assert clean.cost.carbon_g < cheap.cost.carbon_g
    assert clean.cost.amount > cheap.cost.amount
    assert clean.value == pytest.approx(clean.cost.carbon_g)


def test_a_demand_charge_spreads_what_cannot_be_avoided() -> None:
    demand = {"price_per_kw": 10, "interval_minutes": 60}
    found = plan(wishes.wish(wishes.hourly([0.2] * 24, demand=demand), 10, 70, car=CAR))
    assert found.wall_wh == pytest.approx(np.full(10, 3_000), rel=1e-4)


@pytest.mark.parametrize("change", ["2026-03-08", "2026-11-01"])
def test_a_night_with_a_change_of_clocks_keeps_to_the_cheap_hours(change: str) -> None:
    tariff = Tariff.read(shipped.document("example-us-ev-time-of-use"))
    start = tariff.zone.moment(datetime.fromisoformat(change)) - timedelta(hours=4)
    found = plan(wishes.wish(tariff, 12, 55, start=start, step_s=900))
    for begin, end in found.charging:
        assert tariff.zone.shown(begin).hour < 6
        assert tariff.zone.shown(end - timedelta(seconds=1)).hour < 6


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"car": wishes.car(soc_percent=1_023)}, "the state of charge is 1023 %"),
        ({"car": wishes.car(min_w=9_000)}, "lowest power"),
        ({"car": wishes.car(efficiency=0)}, "the efficiency"),
        ({"car": wishes.car(efficiency=((3_000, 0.9), (3_100, 0.5)))}, "more power from the wall"),
        ({"car": wishes.car(taper=((90.0, 5_000.0), (80.0, 1.0)))}, "rise"),
        ({"site": Site(base_w=[1, 2])}, "has 2 values"),
        ({"site": Site(solar_w=-1)}, "not negative"),
        ({"step_s": 7}, "divides a day"),
        ({"hours": 0.5}, "no time to charge"),
        ({"objective": "carbon"}, "does not say what energy emits"),
    ],
)
def test_what_cannot_be_is_told(more: dict[str, Any], said: str) -> None:
    hours = more.pop("hours", 5)
    with pytest.raises(InvalidInputError, match=said):
        plan(wishes.wish(FLAT, hours, 80, **more))


def over_a_month_s_end(**more: Any) -> Wish:
    """A night over the end of March, with cheap energy in what is left of it, and little of that in the first tier."""
    parts = [{"name": "blocks", "tiers": [{"up_to_kwh": 100, "price_per_kwh": 0.1}, {"price_per_kwh": 0.3}]}]
    tariff = wishes.hourly([0.2] * 18 + [0.1] * 6, parts=parts, **more.pop("tariff", {}))
    car = wishes.car(**({"soc_percent": 40, "max_w": 7_000} | more))
    start = datetime(2026, 3, 31, 18, tzinfo=UTC)
    return wishes.wish(tariff, 12, 70, start=start, step_s=900, car=car, site=Site(used_kwh=90.5))


def test_a_demand_charge_that_nothing_can_change_is_not_searched_for_ever() -> None:
    demand = {"price_per_kw": 10, "interval_minutes": 15, "windows": [{"hours": "12:00-17:00"}]}
    found = plan(over_a_month_s_end(min_w=7_000, tariff={"demand": demand}))
    free = plan(over_a_month_s_end(min_w=7_000))
    assert found.gap == free.gap > 0
    assert found.value == free.value


@pytest.mark.parametrize(("min_w", "cost"), [(0, 5.05), (1_400, 5.05), (7_000, 5.425)])
def test_a_least_power_does_not_keep_a_plan_from_filling_a_tier(min_w: float, cost: float) -> None:
    found = plan(over_a_month_s_end(min_w=min_w))
    assert found.value == pytest.approx(cost)
    assert found.value - found.gap == pytest.approx(5.05)
