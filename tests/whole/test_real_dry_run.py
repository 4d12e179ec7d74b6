"""A question about a real drive: the dry run names the events that the lake then holds, each once."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from kaido.lake import Lake
from tests.whole.platform_fixture import RunningPlatform

if TYPE_CHECKING:
    from pathlib import Path

WHEEL = "Toyota.WHEEL_SPEEDS.WHEEL_SPEED_FL"
ANGLE = "Toyota.STEER_ANGLE_SENSOR.STEER_ANGLE"
TORQUE = "Toyota.STEER_TORQUE_SENSOR.STEER_TORQUE_DRIVER"
AT_ONCE = f"""name: at-once
signals: [{WHEEL}, {TORQUE}]
condition: abs({TORQUE}) > 100 and {WHEEL} > 20
trigger: rising_edge
minimum_interval: 500ms
before: 20
"""
AFTER = f"""name: after
signals: [{WHEEL}, {ANGLE}, {{path: {TORQUE}, window: 200ms, minimum_period: 20ms}}]
condition: last_window_max({TORQUE}) - last_window_min({TORQUE}) > 60
minimum_interval: 2s
before: 50
after: 700ms
compression: false
"""
NAMES = ("at-once", "after")


@pytest.fixture(scope="module")
def driven(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The data folder after the drive went through the agent, and what the commands said."""
    generator = pytest.importorskip("opendbc.dbc.generator.generator")
    folder = tmp_path_factory.mktemp("question")
    shutil.copy(shared_data / "comma2k19" / "drive.log", folder / "drive.log")
    (folder / "toyota.dbc").write_text(generator.generate_all()["toyota_new_mc_pt_generated"])
    (folder / "at-once.yaml").write_text(AT_ONCE)
    (folder / "after.yaml").write_text(AFTER)
    said: dict[str, Any] = {}
    with RunningPlatform(folder) as platform:
        platform.kaido("company", "create", "acme")
        platform.kaido("catalog", "import", "toyota.dbc", "--namespace", "Toyota")
        platform.kaido("vehicle", "register", "car-1", "--manifest", "toyota")
        platform.kaido("vehicle", "enrol", "car-1", "--out", "credentials")
        for name in NAMES:
            said[name] = platform.kaido("campaign", "dry-run", f"{name}.yaml", "drive.log")
            platform.kaido("campaign", "create", f"{name}.yaml")
        said["drive"] = platform.kaido("drive", "drive.log", "--credentials", "credentials", "--speed", "max")
        said["status"] = {name: counted(platform, name, said[name]["events"]) for name in NAMES}
    return folder / "data", said


def counted(platform: RunningPlatform, name: str, events: int) -> dict[str, Any]:
    """How a campaign stands, once all its events are counted; that comes a moment after they are in the lake."""
    deadline = time.monotonic() + 60
    while (status := platform.kaido("campaign", "status", name))["used"]["events"] < events:
        assert time.monotonic() < deadline, status["used"]
        time.sleep(0.2)
    found: dict[str, Any] = status
    return found


def events(data: Path, name: str) -> list[list[dict[str, Any]]]:
    """The rows of each event, the events by time."""
    by_event: dict[int, list[dict[str, Any]]] = {}
    for row in Lake(data / "lake", "acme").signals("car-1", "*").to_pylist():
        if row["campaign"].startswith(f"{name}@"):
            by_event.setdefault(row["event"], []).append(row)
    return sorted(by_event.values(), key=lambda rows: max(row["time"] for row in rows))


@pytest.mark.parametrize("name", NAMES)
def test_the_events_are_those_of_the_dry_run(driven: tuple[Path, dict[str, Any]], name: str) -> None:
    data, said = driven
    foreseen = [one for one in said[name]["firings"] if one["samples"]]
    held = events(data, name)
    assert len(foreseen) > 3
    assert [len(rows) for rows in held] == [one["samples"] for one in foreseen]
    assert said[name]["samples"] == sum(map(len, held))
    for rows, one in zip(held, foreseen, strict=True):
        assert min(row["time"] for row in rows) <= moment(one) <= max(row["time"] for row in rows)


def test_each_event_is_there_once(driven: tuple[Path, dict[str, Any]]) -> None:
    data, said = driven
    rows = Lake(data / "lake", "acme").signals("car-1", "*").to_pylist()
    # Times come in ms over the wire: two samples of one signal may share one, with a value each.
    seen = Counter((row["campaign"], row["signal"], row["time"], row["value"]) for row in rows)
    assert len(rows) == said["drive"]["samples"] == sum(said[name]["samples"] for name in NAMES)
    assert len({(row["campaign"], row["event"]) for row in rows}) == said["drive"]["events"]
    assert said["drive"]["events"] == sum(said[name]["events"] for name in NAMES)
    assert max(seen.values()) <= 2
    assert said["drive"]["acknowledged"] == said["drive"]["published"]


def test_the_values_are_those_at_the_trigger(driven: tuple[Path, dict[str, Any]]) -> None:
    """Without a time after it, an event ends with its trigger: with the samples that made the condition true."""
    data, said = driven
    foreseen = [one for one in said["at-once"]["firings"] if one["samples"]]
    for rows, one in zip(events(data, "at-once"), foreseen, strict=True):
        assert max(row["time"] for row in rows) == moment(one)
        for path in (WHEEL, TORQUE):
            newest = max((row for row in rows if row["signal"] == path), key=lambda row: row["time"], default=None)
            assert newest is None or newest["value"] == pytest.approx(one["values"][path])
        assert abs(one["values"][TORQUE]) > 100
        assert one["values"][WHEEL] > 20


def test_the_bytes_are_those_that_came(driven: tuple[Path, dict[str, Any]]) -> None:
    """But for the event's number in every payload, which is random and not always of one length."""
    _, said = driven
    for name in NAMES:
        payloads = sum(one["payloads"] for one in said[name]["firings"])
        assert said["status"][name]["used"]["bytes"] == pytest.approx(said[name]["bytes"], abs=8 * payloads)


def moment(firing: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(firing["time"])
