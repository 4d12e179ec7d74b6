from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from kaido.errors import InvalidInputError, NotFoundError
from kaido.lake import Lake
from kaido.sim import truth
from kaido.sim.truth import signals as names

if TYPE_CHECKING:
    from pathlib import Path

DAYS = 5
EACH = [truth.fleet(2, kind, seed=3) for kind in ("bev", "phev", "series")]
CARS = [car for cars in EACH for car in cars]


@pytest.fixture(scope="module", params=CARS, ids=[car.id for car in CARS])
def car(request: pytest.FixtureRequest) -> truth.TruthCar:
    found: truth.TruthCar = request.param
    return found


def test_every_moment_is_in_exactly_one_record(car: truth.TruthCar) -> None:
    true = car.days(truth.START, DAYS)
    spans = pa.concat_tables([table.select(["start", "end"]) for table in (true.trips, true.charges, true.idles)])
    spans = spans.sort_by("start")
    assert spans["start"][1:].to_pylist() == spans["end"][:-1].to_pylist()
    whole = (spans["end"][-1].as_py() - spans["start"][0].as_py()).total_seconds()
    assert whole == DAYS * 86_400


def test_the_balance_closes_but_for_heat(car: truth.TruthCar) -> None:
    true = car.days(truth.START, DAYS)
    battery = car.battery(truth.START.timestamp())
    first = min(table["soc_start_percent"][0].as_py() for table in (true.idles,))
    stretches = car.stretches(truth.START, DAYS)
    assert first == pytest.approx(100 * stretches[0].flow.soc[0])
    last = float(stretches[-1].flow.soc[-1])
    grid = np.linspace(first / 100, last, 400)
    stored = battery.capacity_ah * float(np.trapezoid(battery.at_rest(grid), grid))
    into = _sum(true.charges, "energy_battery_wh") + _sum(true.trips, "energy_in_wh")
    out = _sum(true.trips, "energy_out_wh") + _sum(true.idles, "energy_wh")
    lost = _sum(true.charges, "loss_wh") + _sum(true.trips, "loss_wh")
    assert into - out - lost == pytest.approx(stored, abs=0.005 * (into + out) + 5)


def test_charge_over_change_of_state_of_charge_is_the_capacity(car: truth.TruthCar) -> None:
    charges = car.days(truth.START, DAYS).charges
    for row in charges.to_pylist():
        change = (row["soc_end_percent"] - row["soc_start_percent"]) / 100
        assert row["charge_ah"] / change == pytest.approx(car.battery(truth.START.timestamp()).capacity_ah, rel=1e-3)
        assert row["power_max_w"] > 0
        assert row["energy_wall_wh"] > row["energy_battery_wh"]


def test_the_state_of_charge_stays_where_one_can_be(car: truth.TruthCar) -> None:
    for one in car.stretches(truth.START, DAYS):
        assert one.flow.soc.min() > 0.03
        assert one.flow.soc.max() < 1.01


def test_samples_are_those_of_the_lake_and_always_the_same(car: truth.TruthCar, tmp_path: Path) -> None:
    end = truth.START + dt.timedelta(days=2)
    samples = car.samples(truth.START, end)
    assert samples.equals(car.samples(truth.START, end))
    assert pc.min(samples["time"]).as_py() >= truth.START
    assert pc.max(samples["time"]).as_py() < end
    lake = Lake(tmp_path, "acme")
    assert lake.append(samples, app_id="truth", version=1)
    assert lake.statistics()["signals"]["rows"] == len(samples)


def test_two_halves_are_the_whole() -> None:
    car = EACH[0][0]
    days = [truth.START + dt.timedelta(days=number) for number in range(3)]
    halves = pa.concat_tables([car.samples(days[0], days[1]), car.samples(days[1], days[2])])
    assert len(halves) == len(car.samples(days[0], days[2]))


def test_signals_are_off_as_much_as_they_are_said_to_be() -> None:
    how = truth.Measuring(current_hz=10, current_offset=2.0, current_noise=0.3, gaps=0.0)
    car = truth.fleet(1, seed=5, measuring=[how])[0]
    trip = next(one for one in car.stretches(truth.START, 1) if one.kind == "trip")
    meter = car.meter(truth.START.timestamp())
    seconds, amperes = meter.current(trip, np.random.default_rng(1))
    assert len(seconds) == 10 * int(trip.seconds[-1])
    off = amperes - trip.current_at(seconds)
    assert np.mean(off) == pytest.approx(car.offset_a, abs=0.02)
    assert np.std(off) == pytest.approx(0.3, rel=0.1)
    shown = meter.soc(trip, np.random.default_rng(1)) / how.soc_step
    assert np.allclose(shown, np.rint(shown))


def test_sentinels_and_texts() -> None:
    how = truth.Measuring(sentinels=1.0, text_states=True)
    car = truth.fleet(1, seed=5, measuring=[how])[0]
    samples = car.samples(truth.START, truth.START + dt.timedelta(days=4))
    states = samples.filter(pc.equal(samples["signal"], names.STATE))
    assert set(states["text"].to_pylist()) == {"ON", "OFF", "LOCK"}
    assert states["value"].null_count == len(states)
    assert 511.5 in samples.filter(pc.equal(samples["signal"], names.VOLTAGE))["value"].to_pylist()
    assert 1023.0 in samples.filter(pc.equal(samples["signal"], names.SOC))["value"].to_pylist()


def test_a_fleet_is_written_once(tmp_path: Path) -> None:
    lake = Lake(tmp_path, "acme")
    cars = truth.fleet(3, seed=2)
    written = truth.write(cars, lake, truth.START, 2, rows=20_000)
    assert truth.write(cars, lake, truth.START, 2, rows=20_000) == written == lake.statistics()["signals"]["rows"]


def test_batteries_age() -> None:
    car = truth.fleet(1, seed=4)[0]
    now, later = (car.battery(truth.START.timestamp() + years * 3.2e7).capacity_ah for years in (0, 3))
    assert 0.7 * now < later < now <= car.model.capacity_ah


def test_what_there_is_not() -> None:
    with pytest.raises(InvalidInputError, match="no day"):
        truth.fleet(1)[0].days(truth.START - dt.timedelta(days=9), 1)
    with pytest.raises(NotFoundError):
        truth.models_of("diesel")  # type: ignore[arg-type]  # that is the point


def _sum(table: pa.Table, column: str) -> float:
    return pc.sum(table[column]).as_py() or 0.0
