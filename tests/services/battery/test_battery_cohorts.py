from __future__ import annotations

import numpy as np
import pytest

from kaido.services.battery.cohorts import LEAST, Member, cohorts, effects
from kaido.services.battery.estimate import Estimate
from kaido.services.battery.health import Use


def member(
    number: int, value: float | None, *, age: float = 1.5, half: float = 1.0, fast: float = 20.0, **who: str
) -> Member:
    low, high = (None, None) if value is None else (value - half, value + half)
    return Member(
        vehicle=f"car-{number:03d}",
        model=who.get("model", "Compact"),
        market=who.get("market", "JP"),
        age_years=age,
        estimate=Estimate(quantity="health", value=value, unit="%", low=low, high=high, method="", sessions=9),
        use=Use(fast_share_percent=fast, mean_temperature_c=20.0 + number % 3, mean_depth_percent=40.0 + number % 5),
    )


def fleet(count: int = 40, *, age: float = 1.5) -> list[Member]:
    rng = np.random.default_rng(1)
    return [member(number, float(rng.normal(93, 1.0)), age=age) for number in range(count)]


def test_cohorts_are_of_one_model_market_and_age() -> None:
    found = cohorts([*fleet(10), *fleet(10, age=2.5), member(90, 90.0, market="US"), member(91, None, model="Saloon")])
    shown = [(one.model, one.market, one.age_from_years, one.vehicles, one.estimated) for one in found]
    assert shown == [
        ("Compact", "JP", 1.0, 10, 10),
        ("Compact", "JP", 2.0, 10, 10),
        ("Compact", "US", 1.0, 1, 1),
        ("Saloon", "JP", 1.0, 1, 0),
    ]
    assert found[0].percentiles["p5"] < found[0].percentiles["p50"] < found[0].percentiles["p95"]
    assert found[-1].percentiles == {}


def test_who_leaves_its_cohort_is_named_and_nobody_else() -> None:
    [found] = cohorts([*fleet(), member(77, 80.0)])
    assert [one.vehicle for one in found.odd] == ["car-077"]
    assert found.odd[0].z < -3.5


def test_an_uncertain_battery_does_not_leave() -> None:
    [found] = cohorts([*fleet(), member(77, 80.0, half=10.0)])
    assert found.odd == []


def test_few_say_nothing_of_one() -> None:
    [found] = cohorts([*fleet(LEAST - 2), member(77, 60.0)])
    assert found.odd == []


def test_what_fast_charging_goes_with_is_found_with_its_interval() -> None:
    rng = np.random.default_rng(2)
    members = []
    for number in range(120):
        fast, age = float(rng.uniform(0, 80)), float(rng.uniform(0, 6))
        members.append(member(number, 98 - 1.5 * age - 0.4 * fast / 10 + float(rng.normal(0, 0.5)), age=age, fast=fast))
    found = {effect.of: effect for effect in effects(members)["Compact"]}
    assert found["age"].change == pytest.approx(-1.5, abs=0.2)
    assert found["fast charging"].low < -0.4 < found["fast charging"].high < 0
    assert found["temperature while charging"].low < 0 < found["temperature while charging"].high


def test_effects_need_many_cars_that_differ() -> None:
    assert effects(fleet(10)) == {}
    assert "age" not in {effect.of for effect in effects(fleet(60)).get("Compact", [])}
