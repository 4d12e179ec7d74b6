"""A car's factors are learned from its trips, with an honest width."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from kaido.services.energy import Trips, fit
from kaido.services.energy.fit import PRIOR_SD, UNKNOWN_SD
from kaido.services.energy.models import UNKNOWN
from tests.services.energy.trip_rows import VEHICLE, trip_rows

TRUE = (1.15, 0.8, 1.3, 0.6, 1.4)


def test_true_factors_are_found_and_lie_in_their_intervals() -> None:
    found = fit(VEHICLE, Trips.of(trip_rows(300, TRUE)))
    assert found.factors[:2] == pytest.approx(TRUE[:2], abs=0.03)
    assert (np.abs(found.factors - TRUE) < 3 * found.sd).all()
    assert found.scatter == pytest.approx(0.03, abs=0.02)
    assert found.used == 300


def test_intervals_hold_the_truth_as_often_as_they_state() -> None:
    inside = []
    for seed in range(25):
        found = fit(VEHICLE, Trips.of(trip_rows(40, TRUE, seed=seed, scatter=0.08)))
        inside.append(np.abs(found.factors - TRUE) < 1.645 * found.sd)
    assert 0.8 < np.mean(inside) <= 1.0


def test_without_trips_it_is_the_model_with_the_prior_s_width() -> None:
    for vehicle, width in ((VEHICLE, PRIOR_SD), (UNKNOWN, UNKNOWN_SD)):
        found = fit(vehicle, Trips.none())
        assert (found.factors == 1).all()
        assert found.sd == pytest.approx(width)
        assert (found.used, found.left_out) == (0, 0)


def test_each_trip_narrows_what_is_known() -> None:
    widths = [fit(VEHICLE, Trips.of(trip_rows(count, TRUE))).sd[0] for count in (1, 5, 25, 125)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 0.04


def test_a_towed_car_and_a_trailer_hardly_count() -> None:
    rows = trip_rows(60, TRUE)
    out = rows["energy_out_wh"].to_numpy().copy()
    out[[3, 20]] *= 2.5  # a trailer
    out[[7, 30]] *= 0.02  # towed
    odd = fit(
        VEHICLE, Trips.of(rows.set_column(rows.column_names.index("energy_out_wh"), "energy_out_wh", pa.array(out)))
    )
    straight = fit(VEHICLE, Trips.of(rows))
    assert odd.left_out == 4
    assert odd.factors[0] == pytest.approx(straight.factors[0], abs=0.05)


def test_state_of_charge_serves_where_energy_was_not_measured() -> None:
    nothing = pa.nulls(200, pa.float64())
    found = fit(VEHICLE, Trips.of(trip_rows(200, TRUE, energy_out_wh=nothing, energy_in_wh=nothing)))
    assert found.used > 150
    assert abs(found.factors[0] - TRUE[0]) < 3 * found.sd[0]
    measured = fit(VEHICLE, Trips.of(trip_rows(200, TRUE)))
    assert found.sd[1] > 1.5 * measured.sd[1], "what comes back is harder to tell from what is taken"


def test_trips_that_say_nothing_are_left_out() -> None:
    def kept(**columns: Any) -> int:
        return len(Trips.of(trip_rows(4, **columns)))

    assert kept() == 4
    assert kept(complete=[True, False, False, True]) == 2
    assert kept(distance_m=[100.0, 4e3, 5e3, 1e8]) == 2
    assert kept(engine_s=[0.0, 10.0, 600.0, 0.0]) == 2
    assert kept(engine_s=[10.0] * 4, generator_wh=[500.0] * 4) == 4, "a series hybrid's generator was measured"
    assert kept(engine_s=[10.0] * 4, generator_wh=[500.0] * 4, fuel_l=[0.1, 0.2, 1.0, 2.0]) == 2, "an engine drove"
    assert kept(distance_m=pa.nulls(4, pa.float64())) == 0


def test_a_generator_s_energy_counts_as_taken() -> None:
    rows = trip_rows(4)
    with_generator = Trips.of(trip_rows(4, engine_s=[300.0] * 4, generator_wh=[1_000.0] * 4))
    assert with_generator.net_wh == pytest.approx(Trips.of(rows).net_wh + 1_000)
    assert np.isnan(with_generator.in_wh).all()
