from __future__ import annotations

import numpy as np
import pytest

from kaido.can.decode import Decoder
from kaido.can.frames import Frames
from kaido.catalog.database import read_can_database
from kaido.errors import InvalidInputError
from kaido.services.battery.chemistry import chemistry
from kaido.services.battery.drive import Drive, Series, examine

# Facts of Nissan's battery messages, in words of our own: current of 11 bits, signed, 0.5 A, into the battery positive;
# voltage of 10 bits, 0.5 V; state of charge of 10 bits, 0.1 %. All bits set: not measured yet.
DBC = b"""VERSION ""
BU_: Battery
BO_ 475 Power: 8 Battery
 SG_ Current : 7|11@0- (0.5,0) [-400|200] "A" Battery
 SG_ Voltage : 23|10@0+ (0.5,0) [0|511.5] "V" Battery
BO_ 1371 Charge: 8 Battery
 SG_ StateOfCharge : 7|10@0+ (0.1,0) [0|102.3] "%" Battery
"""
NMC = chemistry("NMC")
CAPACITY_AH, VOLTS, OHMS = 165.0, 355.0, 0.08


def frames(amperes: np.ndarray, volts: np.ndarray, percent: np.ndarray, hz: float) -> Frames:
    """Ten times a second what the bus would carry; its first three of each are not measured yet."""
    count = len(amperes)
    data = np.zeros((2 * count, 8), np.uint8)
    current = np.rint(2 * amperes).astype(np.int64) & 0x7FF
    voltage, charge = np.rint(2 * volts).astype(np.int64), np.rint(10 * percent).astype(np.int64)
    voltage[:3] = charge[:3] = 1023
    data[0::2, 0], data[0::2, 1] = current >> 3, (current & 7) << 5
    data[0::2, 2], data[0::2, 3] = voltage >> 2, (voltage & 3) << 6
    data[1::2, 0], data[1::2, 1] = charge >> 2, (charge & 3) << 6
    return Frames(
        time_us=np.repeat(1_700_000_000_000_000 + (1e6 / hz * np.arange(count)).astype(np.int64), 2),
        channel=np.zeros(2 * count, np.uint16),
        channels=("can0",),
        can_id=np.tile(np.array([475, 1371], np.uint32), count),
        flags=np.zeros(2 * count, np.uint8),
        length=np.full(2 * count, 8, np.uint8),
        data=data,
    )


def driven(minutes: float, mean_a: float, *, hz: float = 10.0) -> Frames:
    """A lively drive that takes so much on average, with one burst of 505 A."""
    count = int(minutes * 60 * hz)
    rng = np.random.default_rng(1)
    amperes = -mean_a + 60 * np.sin(np.arange(count) / 40) + rng.normal(0, 5, count)
    amperes[count // 2 : count // 2 + 30] = -505.0
    amperes[count // 2 + 30 : count // 2 + 330] += (505 - mean_a) / 10
    percent = 80 + 100 * np.cumsum(amperes) / hz / 3_600 / CAPACITY_AH
    return frames(amperes, VOLTS + OHMS * amperes, percent, hz)


def examined(found: Frames, *, flip: float = 1.0) -> Drive:
    manifest = read_can_database(DBC, "battery.dbc", namespace="Car")
    columns = Decoder(manifest.signals).columns(found)
    series = {path.rpartition(".")[2]: Series(times / 1e6, values) for path, (times, values) in columns.items()}
    current = Series(series["Current"].time_s, flip * series["Current"].value)
    return examine(series["Voltage"], current, series["StateOfCharge"], NMC)


def test_a_small_change_gives_a_wide_interval_and_no_number() -> None:
    """About 889 Wh over 1.5 % of a battery of 62 kWh: anything from half to twice of it."""
    drive = examined(driven(6.5, 26.0))
    assert drive.soc_start_percent - drive.soc_end_percent == pytest.approx(1.5, abs=0.2)
    assert drive.net_wh == pytest.approx(889, rel=0.1)
    assert 155_000 < drive.peak_out_w < 165_000
    for found, true in ((drive.found.charge, CAPACITY_AH), (drive.found.energy, CAPACITY_AH * VOLTS)):
        assert found.value is None
        assert found.missing
        assert found.low is not None
        assert found.low < 0.75 * true
        assert found.high is None or found.high > 1.4 * true


def test_sentinels_are_dropped_and_counted() -> None:
    assert examined(driven(3, 40.0)).dropped == {"voltage": 3, "current": 0, "state of charge": 3}


@pytest.mark.parametrize(("flip", "sign"), [(1.0, "in"), (-1.0, "out")])
def test_the_voltage_tells_which_way_the_current_flows(flip: float, sign: str) -> None:
    drive = examined(driven(5, 60.0), flip=flip)
    assert drive.sign == sign
    assert "voltage" in drive.sign_by
    assert drive.net_wh > 0
    assert drive.peak_in_w > 0


def test_a_long_drive_gives_a_number() -> None:
    drive = examined(driven(100, 60.0, hz=2))
    assert drive.found.charge.value == pytest.approx(CAPACITY_AH, rel=0.03)
    assert drive.soc_step_percent == pytest.approx(0.1)
    assert drive.gaps_s == 0


def test_where_nothing_came_nothing_is_counted() -> None:
    seconds = np.concatenate([np.arange(600.0), np.arange(900.0, 1_500.0)])
    volts, amperes = np.full(1_200, 350.0), np.full(1_200, -36.0)
    percent = 80 - seconds / 100
    voltage, current, soc = (Series(seconds, column) for column in (volts, amperes, percent))
    drive = examine(voltage, current, soc, NMC, sign="in")
    assert drive.gaps_s == 301
    assert drive.net_ah == pytest.approx(12 - 0.02, abs=0.001)


def test_what_is_no_drive() -> None:
    seconds = np.arange(10.0)
    flat = Series(seconds, np.full(10, 350.0))
    with pytest.raises(InvalidInputError, match="no state of charge"):
        examine(flat, Series(seconds, np.ones(10)), Series(seconds, np.full(10, 1_023.0)), NMC)
    with pytest.raises(InvalidInputError, match="which way"):
        examine(flat, Series(seconds, np.ones(10)), Series(seconds, np.full(10, 50.0)), NMC)
    with pytest.raises(InvalidInputError, match="same time"):
        examine(flat, Series(seconds, np.ones(10)), Series(seconds + 100, np.full(10, 50.0)), NMC)
