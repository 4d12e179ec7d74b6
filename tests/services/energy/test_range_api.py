"""``/v1/vehicles/{id}/range`` and ``/consumption``, and the commands that ask them."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from kaido.cli.main import kaido
from kaido.flow import SAMPLE_SCHEMA
from kaido.lake import Lake
from kaido.runtime import clock
from kaido.runtime.settings import load
from kaido.services.tables import Replacement
from kaido.twin import offline
from tests.services.energy.trip_rows import trip_rows

if TYPE_CHECKING:
    from pathlib import Path

BATTERY = "Vehicle.Powertrain.TractionBattery"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company with a car that drove and told, one that did neither, and one of an unknown model."""
    data = tmp_path_factory.mktemp("data")
    run(data, "company", "create", "acme")
    run(data, "vehicle", "register", "car-1", "--model", "leaf")
    run(data, "vehicle", "register", "car-2", "--model", "leaf")
    run(data, "vehicle", "register", "car-3")
    now = clock.now()
    made = Replacement(Lake(data / "lake", "acme").derived["trips"])
    made.add(trip_rows(60, first=now - dt.timedelta(days=15)))
    made.commit(pa.table({"vehicle": pa.array([], pa.string()), "low": [], "high": []}), None)
    said = {f"{BATTERY}.StateOfCharge.Current": 57.0, "Vehicle.Exterior.AirTemperature": -4.0, "Vehicle.Speed": 0.0}
    samples = [
        {"vehicle": "car-1", "signal": path, "time": now - dt.timedelta(seconds=90), "value": value}
        for path, value in said.items()
    ]
    offline.merge(load(data=data), "acme", pa.Table.from_pylist(samples, SAMPLE_SCHEMA))
    return data


def run(folder: Path, *arguments: str, code: int = 0) -> Any:
    done = CliRunner().invoke(kaido, ["--data", str(folder), *arguments, "--json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout) if code == 0 else done.exception


def test_a_range_rests_on_what_the_car_said_and_how_it_drove(folder: Path) -> None:
    found = run(folder, "range", "car-1", "--fuel", "30")
    assert found["soc"]["value"] == 57
    assert found["soc"]["source"] == "vehicle"
    assert 80 < found["soc"]["age_s"] < 600
    assert found["temperature"] | {"age_s": 0} == {"value": -4.0, "unit": "degC", "source": "vehicle", "age_s": 0}
    assert found["model"]["trips"] == 60
    assert found["range_km"]["p10"] < found["range_km"]["p50"] < found["range_km"]["p90"]
    assert found["capacity"]["method"].startswith("energy out less energy back")
    assert found["fuel"] == {"in_tank": found["fuel"]["in_tank"], "range_km": None, "trips": 0}


def test_what_is_given_goes_before(folder: Path) -> None:
    warm = run(folder, "range", "car-1", "--soc", "57", "--temperature", "22", "--reserve", "10")
    assert {warm["soc"]["source"], warm["temperature"]["source"]} == {"given"}
    cold = run(folder, "range", "car-1", "--reserve", "10")
    assert cold["range_km"]["p50"] < warm["range_km"]["p50"]
    assert cold["reserve_percent"] == 10


def test_a_car_that_said_nothing_is_asked_about(folder: Path) -> None:
    error = run(folder, "range", "car-2", code=1)
    assert "state of charge of car-2 is not known" in str(error)
    found = run(folder, "range", "car-2", "--soc", "60")
    assert found["temperature"]["source"] == "assumed"
    assert found["model"]["trips"] == 0
    assert found["capacity"]["method"].startswith("nominal: 38.0 kWh")


def test_a_car_of_an_unknown_model_says_so(folder: Path) -> None:
    assert "capacity" in str(run(folder, "range", "car-3", "--soc", "60", code=1))
    found = run(folder, "energy", "model", "car-3")
    assert "not known" in found["model"]["notes"][0]


def test_a_route_comes_from_a_file(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "route.csv"
    file.write_text("distance_km,speed_kmh,climb_m\n20,50,100\n30,100,\n")
    found = run(folder, "range", "car-1", "--route", str(file), "--reserve", "10")
    assert found["route"]["distance_km"] == 50
    assert found["route"]["arrives"] > 0.9
    for wrong in ("", "a,b\n1,2\n", "distance_km,speed_kmh\n20,fast\n", "distance_km,speed_kmh\n-1,50\n"):
        file.write_text(wrong)
        assert run(folder, "range", "car-1", "--route", str(file), code=1) is not None


def test_a_model_says_what_consumption_goes_into(folder: Path) -> None:
    found = run(folder, "energy", "model", "car-1")
    assert {one["name"] for one in found["factors"]} >= {"traction", "regeneration", "heating"}
    for one in found["factors"]:
        assert one["low"] <= one["value"] <= one["high"]
    by_temperature = {row["temperature_c"]: row["wh_per_km"]["p50"] for row in found["consumption"]}
    assert by_temperature[-10] > by_temperature[10] > by_temperature[20]
    assert sum(found["went_into_wh_per_km"].values()) == pytest.approx(by_temperature[10], rel=0.35)
    assert found["went_into_wh_per_km"].keys() >= {"tyres", "air", "brakes", "driveline", "heating"}


def test_people_read_units_and_ages(folder: Path) -> None:
    done = CliRunner().invoke(kaido, ["--data", str(folder), "range", "car-1"])
    assert " km (p10 " in done.stdout
    assert re.search(r"57 %, \d+ \w+ ago", done.stdout)
    shown = CliRunner().invoke(kaido, ["--data", str(folder), "energy", "model", "car-1"])
    assert "Wh/km" in shown.stdout
