from __future__ import annotations

import resource
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import deltalake
import pyarrow as pa
import pytest

from kaido.errors import InvalidInputError, UnavailableError
from kaido.flow import SAMPLE_SCHEMA
from kaido.lake import Lake
from kaido.lake.schema import MAX_DAYS
from tests.lake.samples import DAY, NOON, micros, samples, table

if TYPE_CHECKING:
    from pathlib import Path


def test_a_version_is_written_once(lake: Lake) -> None:
    assert lake.transaction_version("journal") is None
    assert lake.append(samples(100), app_id="journal", version=5)
    assert not lake.append(samples(100), app_id="journal", version=5)
    assert not lake.append(samples(100), app_id="journal", version=4)
    assert lake.append(samples(100), app_id="another", version=1)
    assert lake.transaction_version("journal") == 5
    assert lake.statistics()["signals"]["rows"] == 200


def test_a_version_is_written_once_through_a_fresh_handle(lake: Lake, tmp_path: Path) -> None:
    lake.append(samples(10), app_id="journal", version=5)
    fresh = Lake(tmp_path / "lake", "acme")
    assert not fresh.append(samples(10), app_id="journal", version=5)
    assert fresh.statistics()["signals"]["rows"] == 10


def test_no_rows_still_commit_the_version(lake: Lake) -> None:
    assert lake.append(SAMPLE_SCHEMA.empty_table(), app_id="journal", version=9)
    assert lake.transaction_version("journal") == 9
    assert lake.latest().num_rows == 0


def test_rows_come_back_as_they_were(lake: Lake) -> None:
    given = samples(1000)
    lake.append(given, app_id="journal", version=1)
    order = [("vehicle", "ascending"), ("signal", "ascending"), ("time", "ascending")]
    assert lake.signals("*", "*").equals(given.sort_by(order).combine_chunks())


def test_one_append_over_several_days_is_one_commit_with_a_file_a_day(lake: Lake) -> None:
    lake.append(samples(40, step=timedelta(hours=6)), app_id="journal", version=1)
    files = lake.signals_table.files()
    assert {file.day.isoformat() for file in files if file.day} == {f"2026-03-{day}" for day in range(14, 25)}
    assert deltalake.DeltaTable(lake.signals_table.folder).version() == 1


def test_other_engines_read_the_table(lake: Lake) -> None:
    lake.append(samples(40, step=timedelta(hours=6)), app_id="journal", version=1)
    found = deltalake.DeltaTable(lake.signals_table.folder).to_pyarrow_table()
    assert found.num_rows == 40
    assert found.schema.field("event").type == pa.int64()


@pytest.mark.parametrize(
    "moment",
    [datetime(1970, 1, 1, tzinfo=UTC), datetime(2500, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)],
)
def test_an_absurd_time_is_kept_as_sent_in_the_partition_without_a_day(lake: Lake, moment: datetime) -> None:
    lake.append(table(["car-1"], ["Vehicle.Speed"], [micros(moment)], values=[1.0]), app_id="j", version=1)
    (file,) = lake.signals_table.files()
    assert file.day is None
    (row,) = lake.signals("car-1", "Vehicle.Speed", moment, moment + timedelta(seconds=1)).to_pylist()
    assert row["time"] == moment


@pytest.mark.parametrize("time_us", [-(2**63), 2**63 - 1])
def test_a_time_beyond_every_calendar_does_no_harm(lake: Lake, time_us: int) -> None:
    lake.append(table(["car-1"], ["Vehicle.Speed"], [time_us], values=[1.0]), app_id="j", version=1)
    lake.append(samples(10), app_id="j", version=2)
    lake.statistics()
    assert lake.signals("car-*", "Vehicle.Test.*", NOON, NOON + DAY).num_rows == 10


def test_a_clock_gone_wild_makes_few_partitions(lake: Lake) -> None:
    lake.append(samples(1000, step=timedelta(days=3)), app_id="journal", version=1)
    assert len(lake.signals_table.files()) == MAX_DAYS + 1
    assert lake.signals("*", "*").num_rows == 1000


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (samples(1).drop_columns(["campaign"]), "columns missing: campaign"),
        (samples(1).append_column("more", pa.array([1])), "not known: more"),
        (samples(1).set_column(3, "value", pa.array([1], pa.int64())), "column 'value' must be 'double'"),
        (samples(1).select(list(reversed(SAMPLE_SCHEMA.names))), "order vehicle, signal"),
    ],
)
def test_wrong_columns_are_named(lake: Lake, broken: pa.Table, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        lake.append(broken, app_id="journal", version=1)
    assert lake.transaction_version("journal") is None


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file stands where the folder should")
    with pytest.raises(UnavailableError, match="cannot be made"):
        Lake(tmp_path / "lake", "acme").append(samples(1), app_id="journal", version=1)


def test_companies_do_not_meet(tmp_path: Path) -> None:
    ours, theirs = Lake(tmp_path, "ours"), Lake(tmp_path, "theirs")
    ours.append(samples(10), app_id="journal", version=1)
    assert theirs.transaction_version("journal") is None
    assert theirs.signals("*", "*").num_rows == 0


def test_statistics(lake: Lake) -> None:
    assert lake.statistics()["signals"]["bytes_per_row"] is None
    lake.append(samples(1000), app_id="journal", version=1)
    found = lake.statistics()["signals"]
    assert (found["rows"], found["files"], found["oldest"]) == (1000, 1, "2026-03-14T12:00:00.000Z")
    assert found["bytes_per_row"] == pytest.approx(found["bytes"] / 1000, abs=1e-3)


def test_a_full_disk_is_a_clear_error_and_nothing_is_lost(lake: Lake) -> None:
    lake.append(samples(10), app_id="journal", version=1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))  # what a full disk does to a file, to the byte
    try:
        with pytest.raises(UnavailableError, match="cannot be written"):
            lake.append(samples(50_000), app_id="journal", version=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(list(lake.signals_table.folder.glob("*/*.parquet"))) == 1
    assert lake.transaction_version("journal") == 1
    assert lake.append(samples(50_000), app_id="journal", version=2)
    assert lake.statistics()["signals"]["rows"] == 50_010
