from __future__ import annotations

import itertools
from datetime import UTC, datetime

import numpy as np
import pytest

from kaido.errors import NotFoundError
from kaido.sim.car import Car
from kaido.sim.markets import markets
from kaido.sim.models import MODELS, models_in
from kaido.sim.routine import WEEK_S
from kaido.sim.segment import Kind

pytest.importorskip("fastsim")

MONDAY = datetime(2026, 11, 16, tzinfo=UTC).timestamp()
B = "Vehicle.Powertrain.TractionBattery"
ALL = [(model.name, market) for model in MODELS for market in model.markets]
SOME = [
    ("Nissan Leaf 30 kWh", "JP", 3),
    ("Renault Zoe ZE50", "FR", 1),
    ("Tesla Model 3 RWD", "US", 2),
    ("Chevrolet Bolt EV", "CA", 8),
]


def test_a_car_follows_from_model_market_and_seed() -> None:
    times = MONDAY + np.arange(0, 86_400, 60.0)
    one, same, other = (Car("Renault Zoe ZE50", "FR", seed).signals(times) for seed in (5, 5, 6))
    assert all((one[path] == same[path]).all() for path in one)
    assert any((one[path] != other[path]).any() for path in one)


def test_moments_asked_alone_or_together_are_the_same() -> None:
    car = Car("Nissan Leaf 30 kWh", "DE", 4)
    times = MONDAY + np.arange(0, 7_200, 0.1)
    together = car.signals(times)
    for index in (0, 30_000, 71_999):
        alone = car.signals(times[index : index + 1])
        assert {path: values[0] for path, values in alone.items()} == pytest.approx(
            {path: values[index] for path, values in together.items()}
        )


@pytest.mark.parametrize(("model", "market", "seed"), SOME)
def test_speed_power_charge_odometer_and_position_agree(model: str, market: str, seed: int) -> None:
    car = Car(model, market, seed)
    times = MONDAY + 5 * 86_400 + np.arange(0, 2.3 * 86_400, 0.5)  # a weekend and its night
    signals, state = car.signals(times), car.state(times)
    step = np.diff(times)

    def integral(values: np.ndarray) -> np.ndarray:
        return np.concatenate([[0.0], np.cumsum((values[1:] + values[:-1]) / 2 * step)])

    soc = signals[f"{B}.StateOfCharge.Current"] / 100
    stored = (soc - soc[0]) * car.build.capacity_j
    assert np.abs(stored - integral(signals[f"{B}.CurrentPower"])).max() < 0.002 * car.build.capacity_j
    driven = 1_000 * (signals["Vehicle.TraveledDistance"] - signals["Vehicle.TraveledDistance"][0])
    assert np.abs(driven - integral(signals["Vehicle.Speed"] / 3.6)).max() < 0.001 * max(driven[-1], 1)

    earth = 6_371_008.8
    north = np.diff(np.radians(signals["Vehicle.CurrentLocation.Latitude"])) * earth
    east = np.diff(np.radians(signals["Vehicle.CurrentLocation.Longitude"])) * earth
    east *= np.cos(np.radians(signals["Vehicle.CurrentLocation.Latitude"][1:]))
    moved = np.hypot(north, east)
    assert np.abs(moved - np.diff(driven)).max() < 0.05
    fast = moved > 5
    course = np.degrees(np.arctan2(east[fast], north[fast]))
    heading = signals["Vehicle.CurrentLocation.Heading"][1:][fast]
    assert np.abs((course - heading + 180) % 360 - 180).max() < 3

    power = signals[f"{B}.CurrentPower"]
    product = signals[f"{B}.CurrentVoltage"] * signals[f"{B}.CurrentCurrent"]
    assert (np.abs(product - power) <= np.maximum(1e-9 * np.abs(power), 1e-6)).all()
    charging = signals[f"{B}.Charging.IsCharging"] > 0
    assert charging.any()
    assert (state.speed > 0).any()
    assert not state.speed[charging].any()
    assert (state.plugged[charging] > 0).all()
    assert (signals[f"{B}.CurrentPower"][charging] > 0).all()
    assert (soc[charging] <= state.limit[charging] + 1e-9).all()
    wheels = [path for path in signals if path.endswith(("Left.Speed", "Right.Speed"))]
    assert len(wheels) == 4
    assert all((signals[path] == signals["Vehicle.Speed"]).all() for path in wheels)


@pytest.mark.parametrize(("model", "market"), ALL)
def test_weeks_join_without_a_jump(model: str, market: str) -> None:
    """Whatever the seed and season: a week ends at home, charged to the limit, where the next begins."""
    for seed in range(3):
        car = Car(model, market, seed)
        for week in range(seed, 52, 17):
            start = MONDAY + week * WEEK_S
            segments = car.segments(start, start + 2 * WEEK_S)
            for before, after in itertools.pairwise(segments):
                end = before.at(np.array([before.end]))
                assert before.end == pytest.approx(after.start, abs=1e-6)
                assert end.soc[0] == pytest.approx(after.soc, abs=1e-9)
                assert end.odometer[0] == pytest.approx(after.odometer, abs=1e-3)
                assert float(end.latitude[0]) == pytest.approx(after.at(np.array([after.start])).latitude[0], abs=1e-7)
            assert all(0.05 < segment.soc <= car.body.limit + 1e-9 for segment in segments)


def test_cars_drive_at_all_hours_and_charge_both_ways() -> None:
    kinds = set()
    busy = np.zeros(24)
    for seed in range(40):
        car = Car("Nissan Leaf 30 kWh", "JP", seed)
        state = car.state(MONDAY + np.arange(0.0, 86_400, 3_600))
        kinds |= set(state.kind)
        busy += state.kind == Kind.DRIVE
        kinds |= {segment.kind for segment in car.segments(MONDAY, MONDAY + WEEK_S)}
    assert kinds == set(Kind)
    assert (busy > 0).sum() >= 23


def test_every_market_has_models_and_every_unknown_name_its_neighbour() -> None:
    assert all(models_in(code) for code in markets())
    with pytest.raises(NotFoundError, match="Renault Zoe"):
        Car("Renault Zo", "FR", 1)
    with pytest.raises(NotFoundError, match="US, CA, JP"):
        Car("Renault Zoe ZE50", "Mars", 1)
