from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.services.battery.chemistry import chemistry
from kaido.services.battery.sessions import Sessions, step_of
from tests.services.battery.charging import charges


def test_only_what_is_complete_and_measured_counts() -> None:
    table = charges(
        5,
        complete=[True, False, None, True, True],
        charge_ah=[30.0, 30.0, 30.0, None, 30.0],
        soc_end_percent=[80.0, 80.0, 80.0, 80.0, None],
    )
    assert len(Sessions.read(table)) == 2


def test_each_vehicle_has_its_own_in_order_of_time() -> None:
    table = pa.concat_tables([charges(4, vehicle="b"), charges(6, vehicle="a", seed=3)])
    shuffled = table.take(np.random.default_rng(1).permutation(10))
    found = Sessions.by_vehicle(shuffled)
    assert {vehicle: len(one) for vehicle, one in found.items()} == {"a": 6, "b": 4}
    for one in found.values():
        assert np.all(np.diff(one.end_s) >= 0)
    assert found["b"].charge_ah == pytest.approx(Sessions.read(charges(4, vehicle="b")).charge_ah)
    assert Sessions.by_vehicle(table.slice(0, 0)) == {}
    assert len(Sessions.read(table.slice(0, 0))) == 0


@given(step=st.sampled_from([1.0, 0.5, 0.4, 0.2, 0.1]), numbers=st.lists(st.integers(0, 100), min_size=30, max_size=60))
@settings(max_examples=20, deadline=None)
def test_steps_are_found(step: float, numbers: list[int]) -> None:
    values = np.array([*numbers, 0, 1, 3]) * step
    assert step_of(values) == pytest.approx(step)


def test_without_steps_there_is_still_one() -> None:
    assert step_of(np.array([20.1234, 33.9877])) == 0.005


def test_flat_curves_make_the_middle_uncertain_and_not_the_ends() -> None:
    table = charges(2, soc_start_percent=[2.0, 40.0], soc_end_percent=[99.5, 60.0])
    ends, middle = Sessions.read(table).change_variance(chemistry("LFP"))
    assert middle > 4 * ends
