from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kaido.sim.profile import Profile, resting

NODES = st.lists(st.tuples(st.floats(0.01, 100), st.floats(0, 50), st.floats(-1e6, 1e6)), min_size=2, max_size=30)


def made(nodes: list[tuple[float, float, float]]) -> Profile:
    steps, speed, energy = (np.array(column) for column in zip(*nodes, strict=True))
    return Profile(np.cumsum(steps) - steps[0], speed, energy - energy[0])


@given(NODES)
def test_distance_is_the_integral_of_speed_and_energy_that_of_power(
    nodes: list[tuple[float, float, float]],
) -> None:
    profile = made(nodes)
    times = np.linspace(0, profile.duration, 4_001)
    fine = np.union1d(times, profile.seconds)
    middle = (fine[1:] + fine[:-1]) / 2
    moment = profile.at(middle)
    assert np.isclose(np.sum(moment.speed * np.diff(fine)), profile.length, rtol=1e-6, atol=1e-6)
    assert np.isclose(
        np.sum(moment.power * np.diff(fine)), profile.energy[-1], rtol=1e-6, atol=1e-6 * np.ptp(profile.energy) + 1e-6
    )


@given(NODES, NODES)
def test_one_after_the_other_adds_up(
    first: list[tuple[float, float, float]], second: list[tuple[float, float, float]]
) -> None:
    one = made(first)
    two = made([(step, one.speed[-1] if index == 0 else speed, e) for index, (step, speed, e) in enumerate(second)])
    both = one.then(two)
    assert np.isclose(both.duration, one.duration + two.duration)
    assert np.isclose(both.length, one.length + two.length)
    assert np.isclose(both.energy[-1], one.energy[-1] + two.energy[-1], atol=1e-6)


def test_beyond_the_end_nothing_grows() -> None:
    profile = made([(1, 0, 0), (1, 10, -50), (1, 0, -80)])
    late = profile.at(np.array([2.0, 1e9]))
    assert late.distance.tolist() == [profile.length] * 2
    assert late.energy.tolist() == [profile.energy[-1]] * 2


def test_at_rest_nothing_moves() -> None:
    moment = resting(3_600).at(np.arange(0.0, 3_600))
    assert not moment.speed.any()
    assert not moment.power.any()
