"""A minute of a real car: the four wheel speeds that we decode are the speed that the data set states."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from opendbc.dbc.generator.generator import generate_all

from kaido.can.decode import Decoder
from kaido.can.frames import Frames
from kaido.catalog.database import read_can_database
from kaido.catalog.mapping import Target

if TYPE_CHECKING:
    from pathlib import Path

WHEELS = {
    f"WHEEL_SPEEDS.WHEEL_SPEED_{short}": Target(f"Vehicle.Chassis.Axle.{place}.Speed")
    for short, place in (
        ("FL", "Row1.Wheel.Left"),
        ("FR", "Row1.Wheel.Right"),
        ("RL", "Row2.Wheel.Left"),
        ("RR", "Row2.Wheel.Right"),
    )
}


@pytest.fixture(scope="module")
def drive(shared_data: Path) -> Frames:
    lines = [line.split() for line in (shared_data / "comma2k19" / "drive.log").read_text().splitlines()]
    contents = [content.split("#") for _, _, content in lines]
    count = len(lines)
    return Frames(
        np.array([int(time[1:-1].replace(".", "")) for time, _, _ in lines], np.int64),
        np.array([int(channel[3:]) for _, channel, _ in lines], np.uint16),
        ("can0", "can1"),
        np.array([int(can_id, 16) for can_id, _ in contents], np.uint32),
        np.zeros(count, np.uint8),
        np.full(count, 8, np.uint8),
        np.frombuffer(bytes.fromhex("".join(data for _, data in contents)), np.uint8).reshape(count, 8).copy(),
    )


def test_wheel_speeds_are_the_car_s_speed(drive: Frames, shared_data: Path) -> None:
    text = generate_all()["toyota_new_mc_pt_generated"].encode()
    manifest = read_can_database(text, "toyota.dbc", mapping=WHEELS, namespace="Toyota")
    decoder = Decoder(manifest.signals)
    columns = decoder.columns(drive)
    wheels = [columns[target.path] for target in WHEELS.values()]
    times = wheels[0][0]
    mean_mps = np.mean([values for _, values in wheels], axis=0) / 3.6

    truth = np.loadtxt(shared_data / "comma2k19" / "speed.csv", delimiter=",", skiprows=1)
    stated = np.interp(times / 1e6, truth[:, 0], truth[:, 1])
    inside = (times / 1e6 >= truth[0, 0]) & (times / 1e6 <= truth[-1, 0])
    assert np.count_nonzero(inside) > 4_000
    assert np.sqrt(np.mean((mean_mps - stated)[inside] ** 2)) < 0.01

    known = {signal.message_id for signal in manifest.signals}
    count = decoder.accounting
    assert count.frames == len(drive) == 98_800
    assert count.frames == count.decoded + count.unknown_frames
    assert count.decoded == sum(np.count_nonzero(drive.take(drive.channel == 0).can_id == one) for one in known)


def test_rows_say_the_same_as_columns(drive: Frames) -> None:
    text = generate_all()["toyota_new_mc_pt_generated"].encode()
    decoder = Decoder(read_can_database(text, "toyota.dbc").signals)
    columns, rows = decoder.columns(drive), decoder.rows(drive)
    assert len(rows) == sum(len(values) for _, values in columns.values())
    for index, signal in enumerate(decoder.signals):
        at = rows.signal_index == index
        times, values = columns.get(signal.path, (np.empty(0), np.empty(0)))
        np.testing.assert_array_equal(rows.time_us[at], times)
        np.testing.assert_array_equal(rows.value[at], values)
