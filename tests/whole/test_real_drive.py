"""A car's real drive goes live and by import into its company's lake, and both ways give the same values."""

from __future__ import annotations

import csv
import shutil
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from kaido.lake import Lake
from tests.whole.platform_fixture import RunningPlatform

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 98_800
SAMPLES = 174_651
WHEELS = [f"Toyota.WHEEL_SPEEDS.WHEEL_SPEED_{corner}" for corner in ("FL", "FR", "RL", "RR")]


@pytest.fixture(scope="module")
def driven(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The data folder after the drive went both ways, and what the commands said."""
    generator = pytest.importorskip("opendbc.dbc.generator.generator")
    folder = tmp_path_factory.mktemp("real")
    log = folder / "drive.log"
    shutil.copy(shared_data / "comma2k19" / "drive.log", log)
    (folder / "toyota.dbc").write_text(generator.generate_all()["toyota_new_mc_pt_generated"])
    with RunningPlatform(folder) as platform:
        platform.kaido("company", "create", "acme")
        platform.kaido("catalog", "import", "toyota.dbc", "--namespace", "Toyota")
        for vehicle in ("live", "imported"):
            platform.kaido("vehicle", "register", vehicle, "--manifest", "toyota")
        platform.kaido("vehicle", "enrol", "live", "--out", "credentials")
        platform.kaido(
            "campaign", "create", "--name", "all", "--signal", "Toyota.*", "--period", "1s", "--every-sample"
        )
        said = {
            "import": platform.kaido("import", "drive.log", "--manifest", "toyota", "--vehicle", "imported"),
            "drive": platform.kaido("drive", "drive.log", "--credentials", "credentials", "--speed", "max"),
        }
        said["again"] = platform.kaido("import", "drive.log", "--manifest", "toyota", "--vehicle", "imported")
        platform.await_samples(2 * SAMPLES)
        said["twin"] = {v: platform.kaido("twin", v) for v in ("live", "imported")}
    return folder / "data", said


def samples(data: Path, vehicle: str) -> pl.DataFrame:
    table = Lake(data / "lake", "acme").signals(vehicle, "*")
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame.sort("signal", "time", "value")


def test_every_frame_is_accounted_for(driven: tuple[Path, dict[str, Any]]) -> None:
    _, said = driven
    for account in (said["import"], said["drive"]):
        assert account["frames"] == FRAMES
        assert account["decoded"] + account["unknown"] + account["damaged"] == FRAMES
        assert account["decoded"] == 37_740  # by cantools: the frames of bus can0 whose identifiers the DBC knows
        assert account["samples"] == SAMPLES
    assert said["drive"]["acknowledged"] == said["drive"]["published"]
    assert said["drive"]["dropped"] == said["drive"]["overflowed"] == said["drive"]["waiting"] == 0


def test_both_ways_give_the_same_values(driven: tuple[Path, dict[str, Any]]) -> None:
    data, _ = driven
    live, imported = samples(data, "live"), samples(data, "imported")
    assert len(live) == len(imported) == SAMPLES
    assert (
        live.select("signal", "value")
        .sort("signal", "value")
        .equals(imported.select("signal", "value").sort("signal", "value"))
    )
    # By import to the microsecond, over the wire to the millisecond.
    whole = imported.with_columns(pl.col("time").dt.truncate("1ms")).sort("signal", "time", "value")
    assert live.select("signal", "time", "value").equals(whole.select("signal", "time", "value"))
    assert (imported["time"].dt.microsecond() % 1000 != 0).any()


@pytest.mark.parametrize("vehicle", ["live", "imported"])
def test_the_wheels_agree_with_the_recorded_speed(
    driven: tuple[Path, dict[str, Any]], shared_data: Path, vehicle: str
) -> None:
    data, _ = driven
    wheels = samples(data, vehicle).filter(pl.col("signal").is_in(WHEELS))
    mean = wheels.group_by("time").agg(pl.col("value").mean(), pl.len()).filter(pl.col("len") == 4).sort("time")
    with (shared_data / "comma2k19" / "speed.csv").open() as file:
        truth = np.array([[float(row["t_utc_s"]), float(row["speed_mps"])] for row in csv.DictReader(file)])
    seconds = mean["time"].dt.timestamp("us").to_numpy() / 1e6
    ours = np.interp(truth[:, 0], seconds, mean["value"].to_numpy() / 3.6)
    inside = (truth[:, 0] >= seconds[0]) & (truth[:, 0] <= seconds[-1])
    rmse = float(np.sqrt(np.mean((ours[inside] - truth[inside, 1]) ** 2)))
    assert inside.sum() > 4_000
    assert rmse < 0.01


def test_importing_again_changed_nothing(driven: tuple[Path, dict[str, Any]]) -> None:
    _, said = driven
    assert said["again"]["samples_written"] == 0
    assert said["again"]["already_imported"]


def test_the_twin_knows_the_last_values_of_both(driven: tuple[Path, dict[str, Any]]) -> None:
    data, said = driven
    for vehicle, answer in said["twin"].items():
        newest = samples(data, vehicle).group_by("signal").agg(pl.col("time").max())
        assert {value["signal"] for value in answer["values"]} == set(newest["signal"])
        held = {value["signal"]: datetime.fromisoformat(value["time"]) for value in answer["values"]}
        assert held == dict(newest.iter_rows())
