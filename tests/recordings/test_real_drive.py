"""The real drive: every frame accounted for, and its speed that of the data set."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import can
import cantools
import numpy as np
import pytest

from kaido.can.frames import Frames
from kaido.catalog.database import read_can_database
from kaido.recordings import open_recording
from kaido.recordings.importer import import_recording

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.lake import Lake

WHEELS = [f"Toyota.WHEEL_SPEEDS.WHEEL_SPEED_{corner}" for corner in ("FL", "FR", "RL", "RR")]


@pytest.fixture(scope="module")
def database() -> str:
    generator = pytest.importorskip("opendbc.dbc.generator.generator", reason="opendbc is not installed")
    return str(generator.generate_all()["toyota_new_mc_pt_generated"])


def test_every_frame_and_the_speed(shared_data: Path, database: str, lake: Lake) -> None:
    manifest = read_can_database(database.encode(), "toyota.dbc", namespace="Toyota")
    result = import_recording(shared_data / "comma2k19" / "drive.log", manifest, lake, "rav4")
    assert result.frames == result.lines == 98_800
    assert result.damaged == 0
    assert result.decoded + result.unknown == 98_800
    assert result.samples == result.samples_written == lake.statistics()["signals"]["rows"]

    table = lake.signals(["rav4"], WHEELS, datetime(2018, 8, 2, tzinfo=UTC), datetime(2018, 8, 3, tzinfo=UTC))
    signal, value = table["signal"].to_numpy(), table["value"].to_numpy()
    moment = table["time"].cast("int64").to_numpy()
    speed = np.mean([value[signal == wheel] for wheel in WHEELS], axis=0) / 3.6
    times = moment[signal == WHEELS[0]]
    with (shared_data / "comma2k19" / "speed.csv").open() as file:
        truth = {round(float(row["t_utc_s"]) * 1e6): float(row["speed_mps"]) for row in csv.DictReader(file)}
    wanted = np.array([truth[int(time_us)] for time_us in times])
    assert len(times) == len(truth)
    assert np.sqrt(np.mean((speed - wanted) ** 2)) < 0.01


def test_frames_and_values_are_those_of_python_can_and_cantools(shared_data: Path, database: str, lake: Lake) -> None:
    log = shared_data / "comma2k19" / "drive.log"
    frames = Frames.concatenate(list(open_recording(log)))
    theirs = list(can.CanutilsLogReader(str(log)))
    assert frames.can_id.tolist() == [message.arbitration_id for message in theirs]
    assert frames.data.tobytes() == b"".join(bytes(message.data) for message in theirs)
    assert frames.time_us.tolist() == [round(message.timestamp * 1e6) for message in theirs]
    assert [frames.channels[index] for index in frames.channel] == [message.channel for message in theirs]

    manifest = read_can_database(database.encode(), "toyota.dbc", namespace="Toyota")
    import_recording(log, manifest, lake, "rav4")
    reference: Any = cantools.database.load_string(database, "dbc", strict=False)
    message = reference.get_message_by_name("STEER_ANGLE_SENSOR")
    wanted = [
        message.decode(bytes(each.data), decode_choices=False, scaling=True)
        for each in theirs
        if each.channel == "can0" and each.arbitration_id == message.frame_id
    ]
    day = datetime(2018, 8, 2, tzinfo=UTC), datetime(2018, 8, 3, tzinfo=UTC)
    for each in message.signals:
        found = lake.signals(["rav4"], [f"Toyota.{message.name}.{each.name}"], *day)
        assert found["value"].to_pylist() == pytest.approx([values[each.name] for values in wanted])
