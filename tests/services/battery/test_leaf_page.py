"""The page about a LEAF's log, with a log that the databases' own encoder wrote."""

from __future__ import annotations

import json
import re
import shlex
from importlib import resources
from pathlib import Path
from typing import Any

import cantools
import numpy as np
import pytest
from cantools.database.can import Database, Message
from click.testing import CliRunner

from kaido.cli.main import kaido

PAGE = (Path(__file__).parents[3] / "docs" / "guide" / "recorded-leaf.md").read_text()
CAR = resources.files("opendbc") / "dbc" / "generator" / "nissan" / "nissan_leaf_2018.dbc"
SECONDS, HZ, CAPACITY_AH, REST_V, OHMS = 600, 10, 165.0, 355.0, 0.08
NOT_YET_S = 2


@pytest.fixture(scope="module")
def drive() -> dict[str, np.ndarray]:
    """Ten minutes with one burst of 505 A: by time (s) amperes into the battery, volts, percent, km/h."""
    time = np.arange(0, SECONDS, 1 / HZ)
    amperes = np.rint(2 * (-22 - 30 * np.sin(time / 9))) / 2
    amperes[3_000:3_030] = -505.0
    amperes[[0, -1]] = -1.0
    percent = 80 + 100 * np.cumsum(amperes) / HZ / 3_600 / CAPACITY_AH
    kmh = np.clip(np.minimum(time - 5, SECONDS - 5 - time), 0, 20) * 3.0
    return {"time": time, "amperes": amperes, "volts": REST_V + OHMS * amperes, "percent": percent, "kmh": kmh}


@pytest.fixture(scope="module")
def folder(drive: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the page has the reader write, the log, and opendbc's database."""
    folder = tmp_path_factory.mktemp("leaf")
    for name, text in re.findall(r"^```\w+\n# file: (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        (folder / name).write_text(text)
    (folder / "nissan_leaf_2018.dbc").write_text(CAR.read_text())
    power, charge = (message(folder / "leaf-battery.dbc", name) for name in ("x1DB", "x55B"))
    wheels = message(folder / "nissan_leaf_2018.dbc", "WHEEL_SPEEDS_FRONT")
    lines = []
    for at, second in enumerate(drive["time"]):
        known = second >= NOT_YET_S
        frames = [
            (power, {"LB_Current": drive["amperes"][at], "LB_Total_Voltage": drive["volts"][at] if known else 511.5}),
            (charge, {"LB_SOC": drive["percent"][at] if known else 102.3}),
            (wheels, {"WHEEL_SPEED_FL": drive["kmh"][at], "WHEEL_SPEED_FR": drive["kmh"][at]}),
        ]
        for bus, (one, values) in zip((1, 1, 0), frames, strict=True):
            data = one.encode(values).hex().upper()
            lines.append(f"({1_780_000_000 + second:.6f}) can{bus} {one.frame_id:03X}#{data}")
    (folder / "drive.log").write_text("\n".join(lines) + "\n")
    return folder


def message(database: Path, name: str) -> Message:
    found = cantools.database.load_file(database)
    assert isinstance(found, Database)
    return found.get_message_by_name(name)


def test_the_page_s_commands_answer(
    folder: Path, drive: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    typed = [shlex.split(line[2:])[1:] for line in PAGE.splitlines() if line.startswith("$ kaido")]
    answers = {" ".join(words[:2]): run(*words) for words in typed}
    hours = np.diff(drive["time"]) / 3_600
    watts = drive["amperes"] * drive["volts"]
    moving = drive["kmh"] > 0  # no power state is mapped: the trip is the movement

    def flown(way: int, when: np.ndarray) -> float:
        return float(np.sum((np.maximum(way * watts, 0) * when)[:-1] * hours))

    alone = answers["battery --drive"]
    assert alone["sign"] == "in"
    assert alone["dropped"] == {"voltage": 20, "current": 0, "state of charge": 20}
    assert alone["peak_out_w"] == pytest.approx(-watts.min(), rel=0.01)
    assert alone["net_wh"] == pytest.approx(flown(-1, np.ones(len(watts))) - flown(1, np.ones(len(watts))), rel=0.02)
    for estimate in alone["estimates"]:
        assert estimate["value"] is None
        assert estimate["missing"]

    (trip,) = answers["trips"]
    assert trip["energy_out_wh"] == pytest.approx(flown(-1, moving), rel=0.01)
    assert trip["energy_in_wh"] == pytest.approx(flown(1, moving), rel=0.02)
    assert trip["distance_m"] == pytest.approx(float(np.sum(drive["kmh"]) / 3.6 / HZ), rel=0.01)
    assert trip["power_max_w"] == pytest.approx(-watts.min(), rel=0.01)
    assert trip["duration_s"] == pytest.approx(moving.sum() / HZ, abs=2)
    assert 76 < trip["soc_end_percent"] < trip["soc_start_percent"] <= 80

    (balance,) = answers["energy balance"]
    assert balance["driven_wh"] == pytest.approx(trip["energy_out_wh"])
    assert answers["range leaf-1"]["range_km"]["p10"] > 100
    assert answers["battery leaf-1"]


def run(*words: str) -> Any:
    done = CliRunner().invoke(kaido, ["--data", "data", *words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)
