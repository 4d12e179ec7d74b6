from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaido.errors import InvalidInputError, KaidoError, NotFoundError
from kaido.services.battery.recording import read, recorded

if TYPE_CHECKING:
    from pathlib import Path

_BATTERY = "Vehicle.Powertrain.TractionBattery"


def test_a_column_a_signal(tmp_path: Path) -> None:
    file = tmp_path / "drive.csv"
    file.write_text("Time,Voltage,Current,SoC\n0,350,-10,80\n1,349,,\n2,348.5,-20,79.5\n")
    drive = read(file)
    assert drive.voltage.value.tolist() == [350, 349, 348.5]
    assert drive.current.time_s.tolist() == [0, 2]
    assert drive.soc.value.tolist() == [80, 79.5]


def test_a_row_a_sample_as_the_lake_gives_it(tmp_path: Path) -> None:
    names = [f"{_BATTERY}.{name}" for name in ("CurrentVoltage", "CurrentCurrent", "StateOfCharge.Current")]
    times = pa.array([1_700_000_000_000_000 + 500_000 * number for number in range(6)])
    rows = pa.table(
        {
            "signal": names * 2,
            "time": times.cast(pa.timestamp("us", "UTC")),
            "value": [350.0, -10.0, 80.0, 349.0, -9.0, 79.0],
        }
    )
    pq.write_table(rows, tmp_path / "drive.parquet")
    drive = read(tmp_path / "drive.parquet")
    assert drive.current.value.tolist() == [-10, -9]
    assert drive.current.time_s.tolist() == [1_700_000_000.5, 1_700_000_002.0]


def test_names_of_ones_own_and_times_in_words() -> None:
    rows = pa.table({"timestamp": ["2026-01-01T00:00:00Z"], "U": [350.0], "I": [1.0], "charge": [50.0]})
    moments = rows.set_column(0, "timestamp", rows["timestamp"].cast(pa.timestamp("us", "UTC")))
    drive = recorded(moments, {"voltage": "U", "current": "I", "soc": "charge"})
    assert drive.voltage.time_s.tolist() == [1_767_225_600.0]


@pytest.mark.parametrize(("factor", "unit"), [(1, "s"), (1e3, "ms"), (1e6, "us"), (1e9, "ns")])
def test_whole_numbers_since_1970(factor: float, unit: str) -> None:
    del unit
    times = pa.array([int(1_700_000_000 * factor), int(1_700_000_001 * factor)])
    drive = recorded(pa.table({"time": times, "v": [1.0, 2.0], "i": [1.0, 2.0], "soc": [1, 2]}))
    assert drive.soc.time_s.tolist() == [1_700_000_000, 1_700_000_001]


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no file"):
        read(tmp_path / "none.csv")
    with pytest.raises(InvalidInputError, match="no times"):
        recorded(pa.table({"when": [1.0]}))
    with pytest.raises(NotFoundError, match="voltage"):
        recorded(pa.table({"time": [1.0], "current": [1.0], "soc": [1.0]}))
    with pytest.raises(NotFoundError, match="signal"):
        recorded(pa.table({"time": [1.0], "signal": ["Vehicle.Speed"], "value": [1.0]}))
    with pytest.raises(InvalidInputError, match="no numbers"):
        recorded(pa.table({"time": [1.0], "voltage": ["high"], "current": [1.0], "soc": [1.0]}))


@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.lists(st.sampled_from(["time", "voltage", "current", "soc", ",", "\n", "1", "-2.5", "1e400", '"', "x"])).map(
            lambda parts: "".join(parts).encode()
        ),
    ),
    name=st.sampled_from(["drive.csv", "drive.parquet", "drive.arrow"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_a_drive_or_an_error_with_words(tmp_path: Path, content: bytes, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with contextlib.suppress(KaidoError):
        read(file)
