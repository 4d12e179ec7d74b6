"""What a current sensor is off by is told from many trips and charges, and taken out of each."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from kaido.api.app import create_app
from kaido.cli.main import kaido
from kaido.client import Client
from kaido.client.inprocess import InProcessTransport
from kaido.lake import Lake
from kaido.runtime.settings import load
from kaido.services import tables
from kaido.services.corrected import corrected
from kaido.services.derive import catch_up, derive_again
from kaido.services.offset import LEAST, Counted, Offset, estimate
from kaido.sim import truth

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.sim.truth import TruthCar

DAYS = 14
FLEETS: tuple[tuple[int, truth.Kind], ...] = ((8, "phev"), (3, "bev"), (2, "series"))
NEAR_S = 30.0
KNOWN = 0.005
"""An offset is known well for a charge where its standard deviation is less than this share of the charge."""


class World:
    """A fleet with known offsets, and what was derived from it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.cars: list[TruthCar] = [car for count, kind in FLEETS for car in truth.fleet(count, kind, seed=5)]
        self.lake = Lake(load(data=data).lake, "acme")
        truth.write(self.cars, self.lake, truth.START, DAYS)
        assert catch_up(self.lake) is not None
        self.truth = truth.Truth.concatenate([car.days(truth.START, DAYS) for car in self.cars])

    def both(self, name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """The truth and the corrected row of each trip or charge."""
        rows = corrected(self.lake, name, tables.read(self.lake, name).to_pylist())
        known: dict[str, list[dict[str, Any]]] = {}
        for one in getattr(self.truth, name).to_pylist():
            known.setdefault(one["vehicle"], []).append(one)
        return [(one, row) for row in rows for one in known[row["vehicle"]] if _near(one, row)]


def _near(one: dict[str, Any], row: dict[str, Any]) -> bool:
    return all(abs((one[name] - row[name]).total_seconds()) <= NEAR_S for name in ("start", "end"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("offset"))


def test_each_charge_is_within_one_percent_where_its_offset_is_known(world: World) -> None:
    pairs = world.both("charges")
    count = len(world.truth.charges) + len(tables.read(world.lake, "charges"))
    assert 2 * len(pairs) / count >= 0.99
    known = [(one, row) for one, row in pairs if _known(row)]
    assert len(known) > 0.8 * len(pairs)
    before = _off(known, "energy_battery_wh", "energy_measured_wh")
    after = _off(known, "energy_battery_wh", "energy_battery_wh")
    assert (before > 0.01).sum() > 0.1 * len(before)
    assert after.max() < 0.01
    assert np.quantile(after, 0.95) < 0.5 * np.quantile(before, 0.95)


def test_plug_in_hybrids_are_all_known_after_two_weeks(world: World) -> None:
    pairs = [(one, row) for one, row in world.both("charges") if row["vehicle"].startswith("phev")]
    assert all(_known(row) for _, row in pairs)
    assert _off(pairs, "energy_battery_wh", "energy_battery_wh").max() < 0.01


def test_energies_are_off_by_about_what_is_said(world: World) -> None:
    pairs = world.both("charges")
    off = [(row["energy_battery_wh"] - one["energy_battery_wh"]) / row["energy_battery_sd_wh"] for one, row in pairs]
    assert np.abs(off).max() < 3


@pytest.mark.parametrize("name", ["energy_out_wh", "energy_in_wh"])
def test_trips_come_nearer_to_the_truth(world: World, name: str) -> None:
    whole = [(one, row) for one, row in world.both("trips") if row["corrected"] and row["longest_gap_s"] < 20]
    whole = [(one, row) for one, row in whole if row["energy_by"] == "current" and one[name] > 100]
    before, after = _off(whole, name, name.replace("_wh", "_measured_wh")), _off(whole, name, name)
    assert len(whole) > 100
    assert (after > 0.01).sum() < (before > 0.01).sum()
    assert np.median(after) < 0.6 * np.median(before)
    assert np.median(after) < 0.005


def test_offsets_are_those_of_the_cars(world: World) -> None:
    told = {row["vehicle"]: row for _, row in world.both("trips")}
    off = [
        (told[car.id]["current_offset_a"] - car.offset_a) / told[car.id]["current_offset_sd_a"] for car in world.cars
    ]
    assert np.abs(off).max() < 3.5
    assert np.sqrt(np.mean(np.square(off))) < 1.6


def test_what_is_not_told_from_nothing_and_what_the_car_says_itself_is_left(world: World) -> None:
    rows = corrected(world.lake, "charges", tables.read(world.lake, "charges").to_pylist())
    left = [row for row in rows if not row["corrected"] or row["energy_by"] == "power"]
    assert {row["energy_by"] for row in left} == {"current", "power"}
    assert all(row["energy_battery_wh"] == row["energy_measured_wh"] for row in left)


def test_the_tables_hold_what_was_measured(world: World) -> None:
    stored = tables.read(world.lake, "charges").to_pylist()
    rows = corrected(world.lake, "charges", stored)
    assert [row["energy_measured_wh"] for row in rows] == [row["energy_battery_wh"] for row in stored]
    assert [row["charge_measured_ah"] for row in rows] == [row["charge_ah"] for row in stored]


def test_a_lake_from_before_is_read_as_it_is_until_it_is_derived_again(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.lake.folder, tmp_path / "acme")
    shutil.rmtree(tmp_path / "acme" / "currents")
    lake = Lake(tmp_path, "acme")
    stored = tables.read(lake, "charges").to_pylist()
    for row, one in zip(corrected(lake, "charges", stored), stored, strict=True):
        assert row["energy_battery_wh"] == one["energy_battery_wh"]
        assert (row["energy_by"], row["current_offset_a"], row["corrected"]) == (None, None, False)
    vehicle = stored[0]["vehicle"]
    derive_again(lake, vehicles=[vehicle])
    again, whole = (tables.read(one, "currents", vehicle=vehicle) for one in (lake, world.lake))
    assert again.equals(whole)


def test_the_api_and_the_command_line_say_the_better_number_and_how_it_is_known(world: World) -> None:
    transport = InProcessTransport(create_app(load(data=world.data), embedded=True))
    with Client("http://kaido", company="", transport=transport) as client:
        client.post("/v1/companies", {"name": "acme"})
    transport = InProcessTransport(create_app(load(data=world.data), embedded=True))
    with Client("http://kaido", company="acme", transport=transport) as client:
        listed = client.get("/v1/charges", {"limit": 1_000})["items"]
        wanted = {row["id"]: row for _, row in world.both("charges")}
        better = [one for one in listed if one["corrected"] and one["energy_by"] == "current"]
        assert len(better) > 50
        for one in better:
            row = wanted.get(one["id"])
            if row:
                assert one["energy_battery_wh"] == pytest.approx(row["energy_battery_wh"])
                assert one["energy_measured_wh"] == pytest.approx(row["energy_measured_wh"])
        charge = better[0]
        assert client.get(f"/v1/charges/{charge['id']}") == {
            name: value for name, value in charge.items() if name not in {"cost", "currency"}
        }
        trip = next(one for one in client.get("/v1/trips", {"limit": 1_000})["items"] if one["corrected"])
        assert client.get(f"/v1/trips/{trip['id']}") == trip
    said = CliRunner().invoke(kaido, ["--data", str(world.data), "--company", "acme", "charge", "show", charge["id"]])
    assert said.exit_code == 0, said.output
    assert re.search(rf"current offset +{charge['current_offset_a']:,.5g} A", said.output)
    assert f"{charge['energy_battery_wh'] / 1_000:,.2f} kWh" in said.output
    assert f"{charge['energy_measured_wh'] / 1_000:,.2f} kWh" in said.output


def test_no_rows_are_no_rows(world: World) -> None:
    assert corrected(world.lake, "trips", []) == []


def _known(row: dict[str, Any]) -> bool:
    hours = (row["end"] - row["start"]).total_seconds() / 3_600
    sd = row["current_offset_sd_a"]
    return sd is not None and sd * hours < KNOWN * row["charge_measured_ah"]


def _off(pairs: list[tuple[dict[str, Any], dict[str, Any]]], true: str, found: str) -> np.ndarray:
    return np.abs([row[found] / one[true] - 1 for one, row in pairs])


def life(
    offset_a: float,
    *,
    days: int = 20,
    step: float = 0.5,
    drain_a: float = 0.02,
    late: bool = False,
    capacity_ah: float = 50.0,
    seed: int = 0,
) -> Counted:
    """A car that drives to work and back, and charges at night; ``late``: it tells what it drew asleep when awake."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[float, ...]] = []
    held_ah, shown = 45.0, 90.0
    for day in range(days):
        begin = 86_400.0 * day + rng.uniform(25_000, 30_000)
        for start, end, current in (
            (begin, begin + 2_400, -20.0),
            (begin + 36_000, begin + 38_500, -20.0),
            (begin + 45_000, begin + 45_000 + 3_600 * rng.uniform(2.5, 4.0), 9.0),
        ):
            slept = (start - rows[-1][1]) / 3_600 if rows else 0.0
            held_ah -= drain_a * slept
            hours = (end - start) / 3_600
            before = shown if late and rows else _shown(held_ah, capacity_ah, step)
            charge_ah = hours * current if current < 0 else min(hours * current, 46.0 - held_ah)
            held_ah += charge_ah
            shown = _shown(held_ah, capacity_ah, step)
            counted = charge_ah + hours * offset_a
            rows.append((start, end, max(counted, 0.0), max(-counted, 0.0), end - start, before, shown))
    columns = np.array(rows).T
    return Counted(*[*columns, np.ones(len(rows), bool)])


def _shown(held_ah: float, capacity_ah: float, step: float) -> float:
    return step * round(100 * held_ah / capacity_ah / step)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("offset_a", [-0.2, -0.12, 0.12, 0.3])
def test_an_offset_is_found(offset_a: float, *, late: bool) -> None:
    found = estimate(life(offset_a, late=late))
    assert found is not None
    assert found.applies
    assert found.value_a == pytest.approx(offset_a, abs=3 * found.sd_a)
    assert found.sd_a < 0.04
    assert found.activities == 60


@pytest.mark.parametrize("late", [False, True])
def test_intervals_hold_the_truth(*, late: bool) -> None:
    rng = np.random.default_rng(3)
    held = []
    for seed in range(200):
        offset_a = rng.normal(0, 0.15)
        found = estimate(life(offset_a, late=late, step=1.0, drain_a=rng.uniform(0, 0.05), seed=seed))
        assert found is not None
        held.append(found.low_a <= offset_a <= found.high_a)
    assert np.mean(held) > 0.92


def test_a_trip_whose_current_was_not_known_says_nothing() -> None:
    counted = life(0.1)
    counted.into[7] = 99.0
    counted.counted_s[7] -= 600.0
    found = estimate(counted)
    assert found is not None
    assert found.activities == 59
    assert found.value_a == pytest.approx(0.1, abs=3 * found.sd_a)


def test_too_little_is_no_offset() -> None:
    assert estimate(life(0.1).between(0.0, 3.0 * 86_400)) is None
    assert LEAST > 9


def test_only_what_differs_from_nothing_and_may_be_an_offset_applies() -> None:
    assert Offset(0.1, 0.03, 0.04, 0.16, 50).applies
    assert Offset(-0.1, 0.03, -0.16, -0.04, 50).applies
    assert not Offset(0.05, 0.03, -0.01, 0.11, 50).applies
    assert not Offset(3.0, 0.03, 2.94, 3.06, 50).applies


def test_trips_and_charges_are_chosen_by_when_they_begin() -> None:
    counted = life(0.1, days=30)
    assert len(counted.between(10 * 86_400.0, 20 * 86_400.0).start) == 30


def test_no_rows_are_of_no_vehicle(tmp_path: Path) -> None:
    assert Counted.by_vehicle(tables.read(Lake(tmp_path, "acme"), "currents")) == {}
