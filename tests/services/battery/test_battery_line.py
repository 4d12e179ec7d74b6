from __future__ import annotations

import numpy as np
import pytest

from kaido.services.battery.line import regress, t95

stats = pytest.importorskip("scipy.stats")

NOTHING = np.zeros(2)
ANY = np.full(2, np.inf)


@pytest.mark.parametrize("freedom", [3, 5, 10, 30, 1000])
def test_the_quantile_is_students(freedom: int) -> None:
    assert t95(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=0.01)


def test_without_beliefs_it_is_weighted_least_squares() -> None:
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(40), rng.uniform(0, 10, 40)])
    variance = rng.uniform(0.5, 2.0, 40)
    y = x @ [3.0, -2.0] + rng.normal(0, np.sqrt(variance))
    line = regress(x, y, variance, NOTHING, ANY)
    weight = np.diag(1 / variance)
    assert line.mean == pytest.approx(np.linalg.solve(x.T @ weight @ x, x.T @ weight @ y), rel=1e-6)
    assert line.scale == pytest.approx(1.0, abs=0.3)


def test_a_belief_stands_where_no_point_speaks_against_it() -> None:
    x = np.column_stack([np.arange(1.0, 6.0), np.zeros(5)])
    line = regress(x, 2 * x[:, 0], np.full(5, 0.01), np.array([0.0, 7.0]), np.array([np.inf, 4.0]))
    assert line.mean == pytest.approx([2.0, 7.0], abs=1e-6)
    assert line.covariance[1, 1] == pytest.approx(4.0)


def test_what_contradicts_all_others_is_left_out() -> None:
    rng = np.random.default_rng(2)
    x = np.arange(1.0, 21.0)[:, np.newaxis]
    y = 3 * x[:, 0] + rng.normal(0, 0.1, 20)
    y[[4, 11]] += 30
    line = regress(x, y, np.full(20, 0.01), np.zeros(1), np.array([np.inf]))
    assert np.flatnonzero(~line.kept).tolist() == [4, 11]
    assert line.mean[0] == pytest.approx(3.0, abs=0.01)


def test_larger_errors_than_said_widen_the_interval() -> None:
    rng = np.random.default_rng(3)
    x = np.ones((60, 1))
    noise = rng.normal(0, 1, 60)
    said, larger = (
        regress(x, size * noise, np.ones(60), np.zeros(1), np.array([np.inf])).interval(np.ones(1)) for size in (1, 4)
    )
    assert larger[2] - larger[1] > 3 * (said[2] - said[1])


@pytest.mark.parametrize("points", [1, 3, 12])
def test_intervals_cover(points: int) -> None:
    rng = np.random.default_rng(points)
    inside = 0
    for _ in range(400):
        x = rng.uniform(1, 5, (points, 1))
        y = 2 * x[:, 0] + rng.normal(0, 0.5, points)
        _, low, high = regress(x, y, np.full(points, 0.25), np.zeros(1), np.array([np.inf])).interval(np.ones(1))
        inside += low <= 2 <= high
    assert 0.92 <= inside / 400 <= 0.995


def test_errors_of_nearly_proportional_columns_do_not_move_the_slope() -> None:
    """Charges that are all alike: what was counted, and for how long, differ by noise alone."""
    rng = np.random.default_rng(4)
    slopes: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(60):
        hours = rng.uniform(3.0, 5.0, 50)
        counted = hours * (10 + rng.normal(0, 0.1, 50))
        rise = hours * 10 / 100 + rng.normal(0, 0.003, 50)
        x, belief = np.column_stack([counted, -hours]), np.array([np.inf, 0.0015**2])
        blur = np.column_stack([0.1 * hours, np.zeros(50)])
        for known in (True, False):
            line = regress(x, rise, np.full(50, 9e-6), NOTHING, belief, blur if known else None)
            slopes[known].append(float(line.mean[0]))
    assert np.mean(slopes[True]) == pytest.approx(0.01, rel=0.002)
    assert np.mean(slopes[False]) < 0.00994
