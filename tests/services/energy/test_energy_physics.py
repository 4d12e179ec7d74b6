"""The account of a drive closes, and goes the way that physics says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.errors import InvalidInputError
from kaido.services.energy.cycle import Cycle, schedule
from kaido.services.energy.physics import Account, drive
from kaido.services.energy.vehicle import RoadLoad, Vehicle

VEHICLES = st.builds(
    lambda mass, a, b, c, power: Vehicle(name="any", mass_kg=mass, road_load=RoadLoad(a, b, c), motor_w=power),
    st.floats(900, 4_500),
    st.floats(50, 400),
    st.floats(0, 5),
    st.floats(0.2, 1.5),
    st.floats(5e4, 6e5),
)
STEPS = st.lists(st.tuples(st.floats(0, 40), st.floats(-1, 1)), min_size=2, max_size=30)


def cycle_of(steps: list[tuple[float, float]]) -> Cycle:
    speed = np.array([mps for mps, _ in steps])
    mean = (speed[1:] + speed[:-1]) / 2
    climb = np.array([0.1 * slope for _, slope in steps[1:]]) * mean * 5
    return Cycle("any", 5.0 * np.arange(len(speed), dtype=np.float64), speed, climb)


@settings(max_examples=60, deadline=None)
@given(VEHICLES, STEPS, st.floats(-30, 45))
def test_what_the_cells_gave_is_where_it_went(
    vehicle: Vehicle, steps: list[tuple[float, float]], temperature: float
) -> None:
    account = drive(vehicle, cycle_of(steps), temperature_c=temperature)
    size = account.out_j + account.in_j + abs(account.kinetic) + abs(account.climbing) + 1
    assert abs(account.cells_j - account.gone_j) < 1e-9 * size
    assert min(account.brakes, account.driveline, account.auxiliary, account.battery) >= 0


@settings(max_examples=40, deadline=None)
@given(VEHICLES, st.sampled_from(["UDDS", "HWFET", "US06"]), st.floats(1.01, 1.5))
def test_more_of_a_burden_never_takes_less(vehicle: Vehicle, name: str, more: float) -> None:
    cycle = schedule(name)
    load = vehicle.road_load
    before = drive(vehicle, cycle).cells_j
    heavier = replace(vehicle, mass_kg=more * vehicle.mass_kg)
    assert drive(heavier, cycle).cells_j > before
    for field in ("a_n", "c_n_per_mps2"):
        burdened = replace(vehicle, road_load=replace(load, **{field: more * getattr(load, field)}))
        assert drive(burdened, cycle).cells_j > before
    assert drive(vehicle, cycle, auxiliary_w=1_000).cells_j > drive(vehicle, cycle, auxiliary_w=500).cells_j
    without = replace(vehicle, regeneration=replace(vehicle.regeneration, share=0.0))
    assert drive(without, cycle).cells_j >= before
    assert drive(without, cycle, auxiliary_w=0).in_j == 0


def test_cold_and_heat_take_more() -> None:
    vehicle = Vehicle(name="any", mass_kg=1_800, road_load=RoadLoad(130, 1, 0.43))
    taken = [drive(vehicle, schedule("UDDS"), temperature_c=c).cells_j for c in (-20, -5, 10, 20)]
    assert taken == sorted(taken, reverse=True)
    assert drive(vehicle, schedule("UDDS"), temperature_c=38).cells_j > taken[-1]


def test_a_hill_takes_its_height_and_gives_most_of_it_back() -> None:
    vehicle = Vehicle(name="any", mass_kg=1_800, road_load=RoadLoad(130, 1, 0.43))

    def on(slope: float) -> Account:
        seconds = np.arange(0, 600.0, 10)
        return drive(vehicle, Cycle("hill", seconds, np.full(60, 20.0), np.full(59, 200 * slope)), auxiliary_w=0)

    level, up, down = (on(slope).cells_j for slope in (0.0, 0.05, -0.05))
    height_j = 1_800 * 9.80665 * 590 * 20 * 0.05
    assert height_j < up - level < 1.15 * height_j
    assert 0.75 * height_j < level - down < height_j


@pytest.mark.parametrize(
    ("seconds", "speed"),
    [([0.0], [0.0]), ([0.0, 1.0], [0.0]), ([0.0, 0.0], [1.0, 1.0]), ([0.0, 1.0], [1.0, -1.0]), ([0, np.nan], [1, 1])],
)
def test_what_is_no_drive_is_refused(seconds: list[float], speed: list[float]) -> None:
    with pytest.raises(InvalidInputError):
        Cycle("none", np.array(seconds), np.array(speed))
