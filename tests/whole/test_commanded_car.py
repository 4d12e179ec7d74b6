"""A simulated car is commanded from the command line: it answers, and its telemetry shows it."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.whole.platform_fixture import KAIDO, RunningPlatform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CAR = "sim-jp-0001"
HAZARD = "Vehicle.Body.Lights.Hazard.IsSignaling"
LIMIT = "Vehicle.Powertrain.TractionBattery.Charging.ChargeLimit"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    pytest.importorskip("fastsim", reason="simulated cars need the extra `sim`")
    with RunningPlatform(tmp_path_factory.mktemp("commanded")) as running:
        running.kaido("company", "create", "acme")
        arguments = [*KAIDO, "sim", "--cars", "1", "--markets", "JP"]
        with (running.folder / "sim.log").open("wb") as log:
            sim = subprocess.Popen(arguments, env=running.environment, cwd=running.folder, stdout=log, stderr=log)
        try:
            until(lambda: bool(twin(running)), "values of the car")
            yield running
        finally:
            sim.terminate()
            sim.wait(60)


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 90
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.3)


def twin(platform: RunningPlatform) -> dict[str, float]:
    """The car's values by signal."""
    done = platform.run("twin", CAR, "--json")
    return {one["signal"]: one["value"] for one in json.loads(done.stdout)["values"]} if done.returncode == 0 else {}


def test_it_does_as_it_is_told_and_shows_it(platform: RunningPlatform) -> None:
    assert twin(platform)[HAZARD] == 0
    sent: dict[str, Any] = platform.kaido("command", "send", CAR, f"{HAZARD}=true", "--timeout", "60s")
    assert sent["execution"]["outcome"] == "succeeded"
    until(lambda: twin(platform)[HAZARD] == 1, "the lights in the twin")


def test_it_says_why_not(platform: RunningPlatform) -> None:
    done = platform.run("command", "send", CAR, f"{LIMIT}=30", "--timeout", "60s")
    assert done.returncode == 1
    assert "30 is not from 50 to 100" in done.stdout + done.stderr
    gear = "Vehicle.Powertrain.Transmission.SelectedGear=1"
    done = platform.run("command", "send", CAR, gear, "--timeout", "60s")
    assert done.returncode == 1
    assert "nothing here actuates" in done.stdout + done.stderr
