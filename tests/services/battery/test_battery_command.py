"""``kaido battery``: what a person and a program see."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from kaido.cli.main import kaido
from kaido.lake import Lake
from tests.services.battery.charging import charges, put

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 10
DBC = """VERSION ""
BU_: Battery
BO_ 475 Power: 8 Battery
 SG_ Current : 7|11@0- (0.5,0) [-400|200] "A" Battery
 SG_ Voltage : 23|10@0+ (0.5,0) [0|511.5] "V" Battery
BO_ 1371 Charge: 8 Battery
 SG_ StateOfCharge : 7|10@0+ (0.1,0) [0|102.3] "%" Battery
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten cars of a model, one of them worn out; one of a model that nobody knows, which charged once, a little."""
    data = tmp_path_factory.mktemp("data")
    run(data, "company", "create", "acme")
    names = [f"car-{number}" for number in range(COUNT)]
    for name in names:
        run(data, "vehicle", "register", name, "--model", "Plug-in 18", "--market", "JP")
    run(data, "vehicle", "register", "odd-1")
    held = dict(zip(names, np.random.default_rng(1).normal(50, 0.4, COUNT), strict=True)) | {"car-3": 40.0}
    rows = [charges(25, vehicle=name, capacity_ah=ah, seed=at) for at, (name, ah) in enumerate(held.items())]
    put(Lake(data / "lake", "acme"), pa.concat_tables([*rows, charges(1, vehicle="odd-1", change=(1.0, 2.0))]), 1)
    return data


def run(folder: Path, *words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(kaido, ["--data", str(folder), *words])
    assert done.exit_code == code, done.output
    return done


def as_json(folder: Path, *words: str) -> Any:
    return json.loads(run(folder, *words, "--json").stdout)


def test_every_battery_has_its_interval_or_none_at_all(folder: Path) -> None:
    shown = run(folder, "battery").stdout
    assert shown.count("Ah (") == COUNT
    assert "too little data (" in shown
    rows = {row["vehicle"]: row for row in as_json(folder, "battery")}
    assert len(rows) == COUNT + 1
    assert rows["car-3"]["charge_ah"] == pytest.approx(40, rel=0.02)
    assert rows["car-3"]["health_percent_low"] < 100 * 40 / 52 < rows["car-3"]["health_percent_high"]
    assert rows["odd-1"]["charge_ah"] is rows["odd-1"]["health_percent_low"] is None
    assert "wider" in rows["odd-1"]["missing"]
    assert as_json(folder, "battery", "--market", "US") == []


def test_one_battery(folder: Path) -> None:
    shown = run(folder, "battery", "car-1").stdout
    for part in ("52 Ah", "charge capacity", " Ah (", "25 sessions", "share of the capacity when new", "the car says"):
        assert part in shown
    assert as_json(folder, "battery", "car-1")["chemistry"] == "NMC"
    assert as_json(folder, "battery", "car-1", "--chemistry", "LFP")["chemistry"] == "LFP"
    with pytest.raises(Exception, match="no vehicle"):
        raise run(folder, "battery", "car-77", code=1).exception or AssertionError


def test_who_left_the_cohort(folder: Path) -> None:
    cohorts = {one["model"]: one for one in as_json(folder, "battery", "--cohorts")}
    assert [one["vehicle"] for one in cohorts["Plug-in 18"]["odd"]] == ["car-3"]
    assert cohorts["unknown model"]["estimated"] == 0
    assert "car-3 (-" in run(folder, "battery", "--cohorts", "--model", "Plug-in 18").stdout


def test_a_drive_in_a_file(tmp_path: Path) -> None:
    seconds = np.arange(0.0, 400.0)
    amperes = 40 + 30 * np.sin(seconds / 9)
    rows = np.column_stack([seconds, 350 - 0.1 * amperes, amperes, 80 - np.cumsum(amperes) / 3_600])
    lines = [",".join(f"{value:.2f}" for value in row) for row in rows]
    (tmp_path / "drive.csv").write_text("\n".join(["time,voltage,current,soc", "0,511.5,0,1023", *lines]))
    shown = run(tmp_path, "battery", "--drive", str(tmp_path / "drive.csv"), "--chemistry", "NMC").stdout
    for part in ("peak out of the battery  24.", "too little data (", "positive current         out", "1 of voltage"):
        assert part in shown
    assert "1970" not in shown


def test_a_drive_in_a_recording_of_a_bus(tmp_path: Path) -> None:
    (tmp_path / "car.dbc").write_text(DBC)
    frames = []
    for at in range(200):
        current, voltage, charge = (-20 - at % 40) & 0x7FF, 700 - at % 40 // 8, 800 - at // 20
        time = 1_700_000_000 + at / 10
        power = f"{current >> 3:02X}{(current & 7) << 5:02X}{voltage >> 2:02X}{(voltage & 3) << 6:02X}"
        frames += [f"({time:.3f}) can0 1DB#{power}", f"({time:.3f}) can0 55B#{charge >> 2:02X}{(charge & 3) << 6:02X}"]
    (tmp_path / "drive.log").write_text("\n".join(frames) + "\n")
    words = ("battery", "--drive", str(tmp_path / "drive.log"), "--dbc", str(tmp_path / "car.dbc"))
    found = as_json(tmp_path, *words, "--soc", "StateOfCharge", "--sign", "in")
    assert found["duration_s"] == pytest.approx(19.9)
    assert found["peak_out_w"] == pytest.approx(29.5 * 348, rel=0.01)
    assert found["soc_start_percent"] == 80
    assert "--soc" in str(run(tmp_path, *words, code=1).exception)
