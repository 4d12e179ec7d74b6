"""A question in VSS terms goes out to a car; the lake holds what was asked for, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kaido.lake import Lake
from tests.whole.platform_fixture import RunningPlatform

if TYPE_CHECKING:
    from pathlib import Path

DBC = """VERSION ""

NS_ :

BS_:

BU_: Car

BO_ 256 Motion: 8 Car
 SG_ Speed : 0|16@1+ (0.01,0) [0|655.35] "km/h" Car
 SG_ Brake : 16|8@1+ (1,0) [0|255] "" Car

BO_ 512 Climate: 8 Car
 SG_ Outside : 0|16@1- (0.1,0) [-100|100] "celsius" Car
"""
CAMPAIGN = """name: fast
signals:
  - Car.Motion.Speed
  - Car.Climate.Outside
condition: Car.Motion.Speed > 99.995 and not Car.Motion.Brake > 0
trigger: rising_edge
minimum_interval: 2s
before: 3
after: 100ms
"""
START_S = 1_750_000_000
STEP_MS = 10


def drive() -> list[tuple[int, float, int]]:
    """Time in ms, speed, brake: fast from 1 to 1.5 s, from 2 to 2.2 s, from 4 to 5 s, and braking from 7 to 8 s."""
    fast = [*range(1_000, 1_500, 10), *range(2_000, 2_200, 10), *range(4_000, 5_000, 10), *range(7_000, 8_000, 10)]
    return [
        (ms, 100.0 + ms / 1_000 if ms in fast else 50.0, 1 if ms >= 7_000 else 0) for ms in range(0, 9_000, STEP_MS)
    ]


def write_log(path: Path) -> None:
    lines = []
    for ms, speed, brake in drive():
        stamp = f"({START_S + ms / 1_000:.6f}) can0"
        motion = round(speed * 100).to_bytes(2, "little") + bytes([brake]) + bytes(5)
        lines.append(f"{stamp} 100#{motion.hex().upper()}\n")
        if ms % 50 == 0:
            lines.append(f"{stamp} 200#{(ms // 50).to_bytes(2, 'little').hex().upper()}000000000000\n")
    path.write_text("".join(lines))


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("conditions")
    (folder / "car.dbc").write_text(DBC)
    (folder / "fast.yaml").write_text(CAMPAIGN)
    write_log(folder / "drive.log")
    with RunningPlatform(folder) as platform:
        platform.kaido("company", "create", "acme")
        platform.kaido("catalog", "import", "car.dbc", "--namespace", "Car")
        platform.kaido("vehicle", "register", "car-1", "--manifest", "car")
        platform.kaido("vehicle", "enrol", "car-1", "--out", "credentials")
        platform.kaido("campaign", "create", "fast.yaml")
        said = {"drive": platform.kaido("drive", "drive.log", "--credentials", "credentials", "--speed", "max")}
        platform.await_samples(said["drive"]["samples"])
        said["status"] = platform.kaido("campaign", "status", "fast")
    return folder / "data", said


def test_the_lake_holds_what_was_asked_for(driven: tuple[Path, dict[str, Any]]) -> None:
    """Triggers at 1 s and 4 s: that at 2 s is within the minimum interval, that at 7 s is braked."""
    data, said = driven
    table = Lake(data / "lake", "acme").signals("car-1", "*").to_pylist()
    held = {
        (round(row["time"].timestamp() * 1_000) - START_S * 1_000, row["signal"], round(row["value"], 3))
        for row in table
    }
    expected = set()
    for trigger in (1_000, 4_000):
        sent = range(trigger - 2 * STEP_MS, trigger + 100, STEP_MS)
        expected |= {(ms, "Car.Motion.Speed", round(speed, 3)) for ms, speed, _ in drive() if ms in sent}
        outside = range(trigger - 150, trigger + 100, 50)
        expected |= {(ms, "Car.Climate.Outside", round(ms / 500, 3)) for ms in outside}
    assert held == expected
    assert said["drive"]["events"] == 2
    assert said["drive"]["samples"] == len(table)
    assert said["drive"]["overflowed"] == 0


def test_the_car_says_that_it_holds_the_scheme(driven: tuple[Path, dict[str, Any]]) -> None:
    _, said = driven
    assert (said["status"]["converged"], said["status"]["reasons"][0]["reason"]) == (1, "holds")
