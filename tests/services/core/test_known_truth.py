"""Trips, charges and idles against simulated cars whose truth is known, with what real sensors do to it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from kaido.lake import Lake
from kaido.services import balance, powertrain
from kaido.services.derive import catch_up
from kaido.sim import truth
from tests.services.core.lives import derived, everything

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.sim.truth import TruthCar

DAYS = 4
NEAR_S = 30.0
FLEETS: tuple[tuple[int, truth.Kind], ...] = ((6, "bev"), (2, "phev"), (2, "series"))


@dataclass
class World:
    lake: Lake
    truth: truth.Truth
    cars: list[TruthCar]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    cars = [car for count, kind in FLEETS for car in truth.fleet(count, kind, seed=5)]
    lake = Lake(_folder(tmp_path_factory), "acme")
    truth.write(cars, lake, truth.START, DAYS)
    assert catch_up(lake) is not None
    return World(lake, truth.Truth.concatenate([car.days(truth.START, DAYS) for car in cars]), cars)


def _folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("truth")


def _pairs(known: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The known and found that are the same: both boundaries are near."""
    pairs = []
    for one in known:
        for other in found:
            apart = (abs((one[end] - other[end]).total_seconds()) for end in ("start", "end"))
            if one["vehicle"] == other["vehicle"] and all(seconds <= NEAR_S for seconds in apart):
                pairs.append((one, other))
                break
    return pairs


@pytest.mark.parametrize("kind", ["trips", "charges"])
def test_boundaries_are_those_of_the_truth(world: World, kind: str) -> None:
    known, found = getattr(world.truth, kind).to_pylist(), derived(world.lake, kind)
    pairs = _pairs(known, found)
    assert 2 * len(pairs) / (len(known) + len(found)) >= 0.99


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("trips", "energy_out_wh"),
        ("trips", "energy_in_wh"),
        ("trips", "distance_m"),
        ("charges", "energy_battery_wh"),
        ("charges", "energy_wall_wh"),
        ("charges", "charging_s"),
    ],
)
def test_energy_and_distance_are_within_one_percent(world: World, kind: str, column: str) -> None:
    pairs = _pairs(getattr(world.truth, kind).to_pylist(), derived(world.lake, kind))
    values = np.array([(one[column], other[column]) for one, other in pairs if other[column] is not None])
    assert len(values) > 5
    assert abs(values[:, 1].sum() / values[:, 0].sum() - 1) < 0.01
    assert np.median(np.abs(values[:, 1] / values[:, 0] - 1)) < 0.01


def test_interruptions_are_counted(world: World) -> None:
    pairs = _pairs(world.truth.charges.to_pylist(), derived(world.lake, "charges"))
    assert [one["interruptions"] for one, _ in pairs] == [other["interruptions"] for _, other in pairs]


def test_every_moment_lies_in_exactly_one_activity(world: World) -> None:
    rows = derived(world.lake, "activities")
    for before, after in pairwise(rows):
        assert before["start"] < before["end"]
        if before["vehicle"] == after["vehicle"]:
            assert before["end"] == after["start"]


def test_nothing_new_changes_nothing(world: World) -> None:
    before = everything(world.lake)
    assert catch_up(world.lake) is None
    assert everything(world.lake) == before


def test_the_balance_closes_within_its_tolerance(world: World) -> None:
    rows = balance.balances(world.lake).to_pylist()
    assert len(rows) == sum(count for count, _ in FLEETS)
    told = [row for row in rows if row["change_wh"] is not None]  # not of a car whose charge hardly changed
    assert len(told) >= len(rows) - 1
    for row in told:
        net = row["charged_wh"] + row["recuperated_wh"] - row["driven_wh"] - row["idle_wh"]
        assert row["residual_wh"] == pytest.approx(net - row["change_wh"])
        assert row["closes"], row


def test_hybrids_are_told_by_their_signals_and_their_fuel_is_that_of_the_truth(world: World) -> None:
    rows = {row["vehicle"]: row for row in powertrain.accounts(world.lake).to_pylist()}
    kinds = {"bev": "electric", "phev": "plug-in hybrid", "series": "series hybrid"}
    assert all(row["powertrain"] == kinds[vehicle.partition("-")[0]] for vehicle, row in rows.items())
    known: dict[str, float] = {}
    for trip in world.truth.trips.to_pylist():
        known[trip["vehicle"]] = known.get(trip["vehicle"], 0.0) + (trip["fuel_l"] or 0.0)
    for vehicle, row in rows.items():
        assert (row["fuel_l"] or 0.0) == pytest.approx(known[vehicle], rel=0.02, abs=0.1)
        if row["powertrain"] == "series hybrid":
            assert row["generator_efficiency"] == pytest.approx(0.36, rel=0.01)
            true = _share_through_the_battery(world, vehicle)
            assert row["battery_share_low"] < true < row["battery_share_high"]
            assert row["battery_share"] == pytest.approx(true, abs=0.05)


def _share_through_the_battery(world: World, vehicle: str) -> float:
    """Moment by moment: what left the battery, and what of the generator's power was drawn at once."""
    car = next(one for one in world.cars if one.id == vehicle)
    out_wh = past_wh = 0.0
    for one in car.stretches(truth.START, DAYS):
        if one.generator_w is not None:
            out_wh += one.integral(np.maximum(-one.flow.power, 0))
            past_wh += one.integral(np.clip(one.generator_w - one.flow.power, 0, one.generator_w))
    return out_wh / (out_wh + past_wh)


def test_the_utility_factor_is_that_of_published_labels() -> None:
    assert powertrain.utility_factor(35 * powertrain.MILE_M) == pytest.approx(0.635, abs=0.005)  # Chevrolet Volt, 2011
    factors = [powertrain.utility_factor(1_000.0 * km) for km in range(0, 700, 20)]
    assert factors[0] == 0
    assert factors == sorted(factors)
    assert factors[-1] < 1
