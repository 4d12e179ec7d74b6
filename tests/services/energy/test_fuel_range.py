"""How far a hybrid's fuel goes."""

from __future__ import annotations

import pyarrow as pa
import pytest

from kaido.services.energy.fuel import FUEL_LEVEL_PATH, LEAST_TRIPS, Burnt
from kaido.services.energy.stored import said
from kaido.sim import truth


def test_fuel_goes_as_far_as_it_did_in_trips_that_it_alone_drove() -> None:
    rows = [(20_000.0, 1.0, 900.0, 800.0), (40_000.0, 2.2, 100.0, 100.0), (30_000.0, 1.5, 0.0, 0.0)]
    depleting = [(10_000.0, 0.1, 1_500.0, 100.0), (12_000.0, 0.0, 1_800.0, 0.0), (15_000.0, None, None, None)]
    columns = zip(*rows, *depleting, strict=True)
    names = ("distance_m", "fuel_l", "energy_out_wh", "energy_in_wh")
    table = pa.table({name: pa.array(column, pa.float64()) for name, column in zip(names, columns, strict=True)})
    burnt = Burnt.of(table)
    assert len(burnt) == len(rows)
    found = burnt.range_m(10)
    assert found is not None
    assert found.p10 < found.p50 < found.p90
    assert found.p50 == pytest.approx(10 * 90_000 / 4.7, rel=0.02)
    assert Burnt.of(table.slice(0, LEAST_TRIPS - 1)).range_m(10) is None


def test_a_series_hybrid_goes_as_far_as_it_then_did() -> None:
    (car,) = truth.fleet(1, "series", seed=5)
    learned, ahead = (car.days(truth.START, days).trips for days in (10, 20))
    ahead = ahead.slice(len(learned))
    litres = sum(ahead["fuel_l"].to_pylist())
    found = Burnt.of(learned).range_m(litres)
    assert found is not None
    assert found.p50 == pytest.approx(sum(ahead["distance_m"].to_pylist()), rel=0.1)


def test_the_tank_is_read_from_what_the_car_says() -> None:
    now = truth.START
    assert said([(FUEL_LEVEL_PATH, 31.0, now)], now) == {"fuel_level": (31.0, 0.0)}
