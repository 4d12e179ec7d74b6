"""Any process may be killed at any moment: every sample is in the lake exactly once, and nothing needs a hand."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from typing import TYPE_CHECKING

from kaido.errors import KaidoError
from tests.whole.platform_fixture import KAIDO, RunningPlatform

if TYPE_CHECKING:
    from pathlib import Path

DBC = """VERSION ""

BU_: ECU

BO_ 291 DRIVE: 8 ECU
 SG_ SPEED : 7|16@0+ (0.01,0) [0|300] "km/h" ECU
 SG_ COUNTER : 39|32@0+ (1,0) [0|0] "" ECU
"""
FRAMES = 2_000
SECONDS = 20
VEHICLES = ["car-1", "car-2"]
VICTIMS = ["kaido.platform.child gateway", "kaido.platform.child ingest", "kaido.platform.child api", "nats-server -c"]


def write_log(path: Path) -> None:
    step = SECONDS / FRAMES
    lines = (f"({1_715_000_000 + i * step:.6f}) can0 123#{i % 20_000:04X}0000{i:08X}\n" for i in range(FRAMES))
    path.write_text("".join(lines))


def children(root: int) -> dict[int, str]:
    """Process ids below ``root`` with their command lines."""
    listing = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listing.splitlines() if len(line.split(None, 2)) == 3]
    family, found = {root}, {}
    for pid, parent, command in sorted(((int(a), int(b), c) for a, b, c in rows)):
        if parent in family:
            family.add(pid)
            found[pid] = command
    return found


def kill_one(root: int, victim: str) -> bool:
    for pid, command in children(root).items():
        if victim in command:
            os.kill(pid, signal.SIGKILL)
            return True
    return False


def test_nothing_is_lost_and_nothing_comes_twice(tmp_path: Path) -> None:
    dice = random.Random(7)
    (tmp_path / "car.dbc").write_text(DBC)
    write_log(tmp_path / "drive.log")
    with RunningPlatform(tmp_path) as platform:
        platform.kaido("company", "create", "acme")
        platform.kaido("catalog", "import", "car.dbc", "--namespace", "Car")
        for vehicle in VEHICLES:
            platform.kaido("vehicle", "register", vehicle)
            platform.kaido("vehicle", "enrol", vehicle, "--out", vehicle)
        platform.kaido(
            "campaign", "create", "--name", "all", "--signal", "Car.*", "--period", "200ms", "--every-sample"
        )
        drives = [
            subprocess.Popen(
                [*KAIDO, "drive", "drive.log", "--credentials", vehicle, "--speed", "2", "--json"],
                env=platform.environment,
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for vehicle in VEHICLES
        ]
        assert platform.process
        killed = 0
        deadline = time.monotonic() + 120
        while any(drive.poll() is None for drive in drives) and time.monotonic() < deadline:
            time.sleep(dice.uniform(0.3, 1.2))
            if killed < 8:
                killed += kill_one(platform.process.pid, VICTIMS[killed % len(VICTIMS)])
        for drive in drives:
            out, err = drive.communicate(timeout=60)
            assert drive.returncode == 0, f"{out}\n{err}"
        assert killed >= 6
        wanted = dict.fromkeys(VEHICLES, 2 * FRAMES)
        query = (
            "SELECT vehicle, count(*) AS n, count(DISTINCT (signal, time)) AS different FROM signals GROUP BY vehicle"
        )
        platform.await_samples(sum(wanted.values()))
        rows = platform.sql(query)
        assert {row["vehicle"]: row["n"] for row in rows} == wanted
        assert {row["vehicle"]: row["different"] for row in rows} == wanted
        deadline = time.monotonic() + 60  # ingest may just have been killed once more
        while newest(platform, "Car.DRIVE.COUNTER") != FRAMES - 1:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def newest(platform: RunningPlatform, signal_path: str) -> float | None:
    """What the twin of car-1 has, if it answers."""
    with platform.client() as api:
        try:
            values = api.get("/v1/vehicles/car-1/twin")["values"]
        except KaidoError:
            return None
    return {one["signal"]: one["value"] for one in values}.get(signal_path)
