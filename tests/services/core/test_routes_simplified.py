"""Routes for drawing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.services.route import _distances, flat, simplified

POINTS = st.lists(st.tuples(st.integers(-500, 500), st.integers(-500, 500)), min_size=1, max_size=40)


@settings(max_examples=40)
@given(points=POINTS, tolerance=st.floats(0, 300))
def test_no_point_is_further_from_the_line_than_the_tolerance(points: list[tuple[int, int]], tolerance: float) -> None:
    line = np.array(points, float)
    kept = np.flatnonzero(simplified(line, tolerance))
    assert kept[0] == 0
    assert kept[-1] == len(line) - 1
    for first, last in pairwise(kept):
        assert (_distances(line[first : last + 1], line[first], line[last]) <= tolerance + 1e-9).all()


def test_a_straight_line_is_its_ends() -> None:
    line = np.column_stack([np.linspace(35, 35.1, 50), np.full(50, 139.0)])
    assert simplified(flat(line), 1.0).sum() == 2


def test_the_date_line_is_no_way_around_the_world() -> None:
    assert abs(flat(np.array([[52.0, 179.99], [52.0, -179.99]]))[1, 0]) < 2_000
