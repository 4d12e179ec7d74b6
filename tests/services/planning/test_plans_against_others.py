"""Plans cost what HiGHS finds, and what trying everything finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.services.planning import Site, plan, plan_many
from kaido.services.planning.problem import Problem
from kaido.services.planning.solving import COUNTING, GREEDY, VALUES, by_value
from kaido.services.tariffs import Tariff, shipped
from tests.services.planning import oracle, wishes

ALMOST = pytest.approx


def close(value: float) -> object:
    return ALMOST(value, rel=1e-6, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_plan_is_as_cheap_as_the_mixed_integer_program(seed: int) -> None:
    wish = wishes.by_chance(np.random.default_rng(seed))
    problem = Problem.of(wish)
    found = plan(wish)
    if not found.reaches_target:
        return
    assert found.gap == 0
    wall, high, low = found.wall_wh, problem.high_w * problem.hours, problem.low_w * problem.hours
    assert found.energy_battery_wh >= problem.need_wh - 1e-5
    assert ((wall <= high + 1e-5) & ((wall < 1e-9) | (wall >= low - 1e-5))).all()
    best = oracle.mixed(problem)
    assert found.value == close(best)
    assert problem.value(by_value(problem).wall_wh) == close(best)
    if not problem.solar_wh.any():
        assert oracle.enumerated(problem) == close(best)
    if found.method == GREEDY:
        assert oracle.linear(problem) == close(best)


def test_large_plans_are_as_cheap_as_the_linear_program() -> None:
    tariff = Tariff.read(shipped.document("example-us-ev-time-of-use"))
    chance = np.random.default_rng(1)
    for _ in range(5):
        site = Site(
            limit_w=9_000, base_w=chance.uniform(0, 6_000, 192).tolist(), solar_w=chance.uniform(0, 4_000, 192).tolist()
        )
        wish = wishes.wish(tariff, 48, 95, step_s=900, site=site)
        found = plan(wish)
        assert found.method == GREEDY
        assert found.value == close(oracle.linear(Problem.of(wish)))


def test_large_plans_with_least_power_and_standby_are_as_cheap_as_the_mixed_integer_program() -> None:
    tariff = Tariff.read(shipped.document("example-ca-overnight"))
    for base, method in ((0, COUNTING), (np.random.default_rng(2).uniform(0, 3_000, 96).tolist(), VALUES)):
        wish = wishes.wish(
            tariff,
            24,
            90,
            step_s=900,
            car=wishes.car(min_w=1_440, standby_w=150),
            site=Site(limit_w=8_000, base_w=base),
        )
        found = plan(wish)
        assert found.method == method
        assert found.value == close(oracle.mixed(Problem.of(wish)))


def test_a_fleet_at_once_gets_the_plans_of_each() -> None:
    chance = np.random.default_rng(3)
    many = [wishes.by_chance(chance) for _ in range(60)]
    for together, alone in zip(plan_many(many), (plan(one) for one in many), strict=True):
        assert together.value == close(alone.value)
        assert together.reaches_target == alone.reaches_target
        assert together.wall_wh == ALMOST(alone.wall_wh, abs=1e-5)


TAPER = ((60.0, 7_000.0), (80.0, 4_000.0), (90.0, 2_000.0), (100.0, 1_000.0))


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_battery_s_own_limits_cost_what_the_mixed_integer_program_says(seed: int) -> None:
    chance = np.random.default_rng(seed)
    tariff = wishes.hourly(chance.choice([0.1, 0.2, 0.35], 24).tolist())
    given = wishes.car(soc_percent=float(chance.uniform(40, 75)), taper=TAPER)
    wish = wishes.wish(tariff, int(chance.integers(7, 13)), float(chance.uniform(85, 97)), car=given)
    found = plan(wish)
    if not found.reaches_target:
        return
    problem = Problem.of(wish)
    assert found.value == close(oracle.tapered(problem))
    levels = problem.level_wh + np.concatenate([[0], np.cumsum(found.gain_wh)])
    assert (levels[1:] <= problem.most(7_200)(levels[:-1]) + 1e-5).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rising=st.booleans(), min_w=st.sampled_from([0.0, 1_400.0, 7_200.0]))
def test_tiers_over_two_months_cost_what_the_mixed_integer_program_says(seed: int, rising: bool, min_w: float) -> None:
    chance = np.random.default_rng(seed)
    ends = np.add(np.sort(chance.uniform(5, 40, 2)), [0, 0.1]).round(2)
    prices = np.sort(chance.uniform(0.05, 0.4, 3)).round(3)[:: 1 if rising else -1].tolist()
    tiers = [{"up_to_kwh": end, "price_per_kwh": price} for end, price in zip([*ends, None], prices, strict=True)]
    tiers[-1].pop("up_to_kwh")
    tariff = wishes.hourly(chance.choice([0.1, 0.15, 0.2], 24).tolist(), parts=[{"name": "blocks", "tiers": tiers}])
    site = Site(used_kwh=float(chance.uniform(0, 40)), base_w=float(chance.choice([0, 500])))
    wish = wishes.wish(tariff, 14, float(chance.uniform(30, 90)), site=site, car=wishes.car(min_w=min_w))
    wish = replace(wish, start=wish.start - timedelta(hours=6), departure=wish.departure - timedelta(hours=6))
    found = plan(wish)
    best = oracle.with_tiers(Problem.of(wish))
    assert found.value - found.gap - 1e-5 <= best <= found.value + 1e-5
    if not (rising and min_w):
        assert found.gap == 0
    assert found.cost.amount == close(found.value)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_demand_charge_costs_what_the_linear_program_says(seed: int) -> None:
    chance = np.random.default_rng(seed)
    demand = {
        "price_per_kw": float(chance.uniform(0.1, 5)),
        "interval_minutes": 60,
        "windows": [{"hours": "02:00-08:00"}],
    }
    tariff = wishes.hourly(chance.choice([0.1, 0.2, 0.35], 24).tolist(), demand=demand)
    site = Site(base_w=chance.uniform(0, 3_000, 10).tolist(), peak_kw=float(chance.choice([0, 2, 4])))
    wish = wishes.wish(tariff, 10, float(chance.uniform(30, 95)), site=site)
    found = plan(wish)
    if not found.reaches_target:
        return
    assert found.value == ALMOST(oracle.with_demand(Problem.of(wish)), rel=1e-5, abs=1e-6)
    assert found.cost.amount == close(found.value)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_least_power_against_the_battery_s_limits_is_as_cheap_as_any_of_many_ways(seed: int) -> None:
    chance = np.random.default_rng(seed)
    tariff = wishes.hourly(chance.choice([0.1, 0.2, 0.35], 24).tolist())
    given = wishes.car(soc_percent=float(chance.uniform(60, 80)), min_w=2_400, standby_w=200, taper=TAPER)
    wish = wishes.wish(tariff, 6, float(chance.uniform(82, 95)), car=given)
    found = plan(wish)
    if not found.reaches_target:
        return
    assert found.value <= oracle.sampled(Problem.of(wish), 4) * (1 + 1e-9)
    free = plan(replace(wish, car=replace(wish.car, min_w=0.0, standby_w=0.0)))
    assert found.value >= free.value * (1 - 1e-9)
