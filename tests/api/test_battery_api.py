"""Batteries over the API: from charges in the lake to estimates, cohorts and one drive."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from kaido.services.battery.keeping import keep_up
from kaido.services.derive import catch_up
from kaido.sim import truth

if TYPE_CHECKING:
    from tests.api.conftest import World

DAYS = 8
CAR = truth.TruthCar(
    "leaf-1",
    next(model for model in truth.MODELS if model.name == "Compact 62"),
    "US",
    seed=11,
    measuring=truth.Measuring(gaps=0.0),
)


@pytest.fixture
async def world(world: World) -> World:
    services = world.services
    services.vehicles.register("a", CAR.id, model=CAR.model.name, market="US")
    services.vehicles.register("a", "new-1", model="Compact 62", market="US")
    lake = services.lake("a")
    truth.write([CAR], lake, truth.START, DAYS)
    assert catch_up(lake) is not None
    return world


async def test_a_battery_with_all_that_belongs_to_an_estimate(world: World) -> None:
    caller = world.caller("a", "read")
    found = await caller.ask("GET", f"/vehicles/{CAR.id}/battery")
    assert (found["chemistry"], found["new_ah"]) == ("NMC", 165)
    by_quantity = {one["quantity"]: one for one in found["estimates"]}
    charge = by_quantity["charge capacity"]
    true = CAR.battery(truth.START.timestamp()).capacity_ah
    assert charge["low"] < true < charge["high"]
    assert charge["unit"] == "Ah"
    assert charge["sessions"] >= 1
    assert charge["date"].startswith("2025-01")
    assert by_quantity["share of the capacity when new"]["unit"] == "%"

    # No charges are no number.
    found = await caller.ask("GET", "/vehicles/new-1/battery")
    assert all(one["value"] is None and one["missing"] for one in found["estimates"])
    assert found["months"] == []

    # Who or what is not known is said.
    await caller.ask("GET", "/vehicles/nobody/battery", status=404)
    await caller.ask("GET", f"/vehicles/{CAR.id}/battery", status=404, params={"chemistry": "NCM"})


async def test_one_drive_in_the_lake_and_the_fleet(world: World) -> None:
    services, caller = world.services, world.caller("a", "read")
    trip = CAR.days(truth.START, DAYS).trips.to_pylist()[2]
    span = {"start": trip["start"].isoformat(), "end": (trip["end"] + dt.timedelta(seconds=1)).isoformat()}
    found = await caller.ask("GET", f"/vehicles/{CAR.id}/battery/drive", params=span)
    assert found["net_wh"] == pytest.approx(trip["energy_out_wh"] - trip["energy_in_wh"], rel=0.03)
    assert found["peak_out_w"] == pytest.approx(trip["power_max_w"], rel=0.05)
    assert found["sign"] == "in"
    problem = await caller.ask("GET", f"/vehicles/{CAR.id}/battery/drive", status=404, params={"current": "Nobody.Has"})
    assert "Nobody.Has" in problem["what"]

    assert (await caller.ask("GET", "/battery"))["items"] == []
    assert keep_up(services.lake("a"), services.vehicles, services.settings.data) == 1
    [row] = (await caller.ask("GET", "/battery"))["items"]
    assert (row["vehicle"], row["model"], row["market"]) == (CAR.id, "Compact 62", "US")
    assert row["charge_ah_low"] < row["charge_ah_high"]
    [cohort] = (await caller.ask("GET", "/battery/cohorts"))["items"]
    assert (cohort["model"], cohort["vehicles"], cohort["odd"]) == ("Compact 62", 1, [])
    assert (await caller.ask("GET", "/battery", params={"market": "JP"}))["items"] == []
    assert (await caller.ask("GET", "/battery/cohorts", params={"model": "Saloon 60"}))["items"] == []
    assert (await world.caller("b", "read").ask("GET", "/battery"))["items"] == []
