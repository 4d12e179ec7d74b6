from __future__ import annotations

import datetime as dt
import os
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.lake import Lake, upkeep
from kaido.lake.compaction import FANOUT, Run, choose
from kaido.lake.files import DataFile
from kaido.lake.sorting import in_order, permutation
from kaido.lake.writer import run_of
from kaido.runtime import clock
from tests.lake.samples import NOON, quarantined, samples, table

if TYPE_CHECKING:
    from pathlib import Path

TODAY = clock.now().replace(hour=0, minute=0, second=1, microsecond=0)


@pytest.fixture(autouse=True)
def _no_midnight_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: TODAY + dt.timedelta(hours=12))


def fill(lake: Lake, appends: int, rows: int, start: dt.datetime = NOON) -> None:
    begin = lake.transaction_version("journal") or 0
    for version in range(begin + 1, begin + appends + 1):
        batch = samples(rows, start=start, step=dt.timedelta(milliseconds=1), first_value=version * rows)
        assert lake.append(batch, app_id="journal", version=version)


def test_a_day_that_is_over_becomes_one_sorted_run_with_the_same_rows(lake: Lake) -> None:
    fill(lake, 5, 2000)
    before = lake.signals("*", "*")
    done = lake.compact()
    assert (done.merges, done.rows, done.files_before, done.files_after) == (1, 10_000, 5, 1)
    assert lake.signals("*", "*").equals(before)
    (file,) = lake.signals_table.files()
    rows = pq.read_table(lake.signals_table.folder / file.path, partitioning=None)
    order = [(name, "ascending") for name in ("signal", "vehicle", "time")]
    assert rows.select(["signal", "vehicle", "time"]).equals(rows.sort_by(order).select(["signal", "vehicle", "time"]))
    assert lake.compact().merges == 0


def test_today_is_left_alone_until_there_are_enough_files(lake: Lake) -> None:
    fill(lake, FANOUT - 1, 100, TODAY)
    assert lake.compact().merges == 0
    fill(lake, 1, 100, TODAY)
    assert lake.compact().merges == 1
    assert len(lake.signals_table.files()) == 1


def test_a_small_late_file_does_not_rewrite_a_large_run(lake: Lake) -> None:
    fill(lake, 2, 5000)
    lake.compact()
    (large,) = lake.signals_table.files()
    fill(lake, 1, 10)
    assert lake.compact().rows == 10
    assert large in lake.signals_table.files()


def test_memory_bounds_the_rows_at_once_not_the_run(lake: Lake) -> None:
    fill(lake, 3, 200_000)
    before = lake.signals("*", "*")
    assert lake.compact(memory_mb=20).merges > 1
    assert lake.signals("*", "*").equals(before)


def test_a_replaced_file_stays_for_its_readers_and_then_goes(lake: Lake) -> None:
    fill(lake, 3, 100)
    old = [lake.signals_table.folder / file.path for file in lake.signals_table.files()]
    for path in old:
        os.utime(path, (0, 0))  # written long ago; replaced now
    lake.compact()
    assert all(path.exists() for path in old)
    for path in old:
        os.utime(path, (0, 0))
    assert upkeep.vacuum(lake.signals_table) == 3
    assert not any(path.exists() for path in old)
    assert lake.signals("*", "*").num_rows == 300


def test_what_a_crash_left_behind_is_removed(lake: Lake) -> None:
    fill(lake, 1, 10)
    orphan = lake.signals_table.folder / "day=2026-03-14" / "orphan.parquet"
    orphan.write_bytes(b"half a file")
    assert upkeep.vacuum(lake.signals_table) == 0
    os.utime(orphan, (0, 0))
    assert upkeep.vacuum(lake.signals_table) == 1


@pytest.mark.parametrize("step_s", [86_400, -86_400])
def test_a_clock_that_was_set_makes_no_waste_of_what_is_being_written(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, step_s: float
) -> None:
    fill(lake, 1, 10)
    being_written = lake.signals_table.folder / "new.parquet"
    being_written.write_bytes(b"not committed yet")
    moment = time.time() + min(step_s, 0)  # a clock that was set back wrote it
    os.utime(being_written, (moment, moment))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + step_s)
    assert upkeep.vacuum(lake.signals_table) == 0
    assert being_written.exists()


def test_of_two_replacements_of_the_same_files_one_stands(lake: Lake, tmp_path: Path) -> None:
    fill(lake, 3, 100)
    other = Lake(tmp_path / "lake", "acme")
    barrier = threading.Barrier(2)

    def compact(which: Lake) -> None:
        barrier.wait(10)
        which.compact()

    threads = [threading.Thread(target=compact, args=[which]) for which in (lake, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert lake.signals("*", "*").num_rows == 300


def test_it_stops_when_told_and_changes_nothing(lake: Lake) -> None:
    fill(lake, 3, 100)
    stop = threading.Event()
    stop.set()
    files = lake.signals_table.files()
    assert lake.compact(stop=stop).merges == 0
    assert lake.signals_table.files() == files
    assert len(list(lake.signals_table.folder.glob("day=*/*.parquet"))) == 3


def test_quarantine_is_compacted_and_dropped(lake: Lake) -> None:
    for version in range(3):
        lake.quarantine(quarantined([f"{version}-a", f"{version}-b"]), app_id="journal", version=version)
    lake.compact()
    assert sorted(lake.quarantined_ids()) == ["0-a", "0-b", "1-a", "1-b", "2-a", "2-b"]
    assert lake.drop_quarantined(["0-a", "2-b", "not there"]) == 2
    assert lake.drop_quarantined(["0-a"]) == 0
    assert sorted(lake.quarantined_ids()) == ["0-b", "1-a", "1-b", "2-a"]
    assert lake.drop_quarantined(lake.quarantined_ids()) == 4
    assert lake.quarantined().num_rows == 0


def test_quarantine_comes_in_pages_newest_first(lake: Lake) -> None:
    lake.quarantine(quarantined([f"id-{n}" for n in range(5)]), app_id="journal", version=1)
    first = lake.quarantined(limit=2)["id"].to_pylist()
    rest = lake.quarantined(limit=10, after=first[-1])["id"].to_pylist()
    assert first + rest == ["id-4", "id-3", "id-2", "id-1", "id-0"]


def test_retention_takes_whole_days(lake: Lake) -> None:
    for days_ago in (0, 1, 5, 6, 40):
        fill(lake, 1, 10, TODAY - dt.timedelta(days=days_ago))
    assert lake.apply_retention(0) == 0
    assert lake.apply_retention(5) == 20
    assert lake.apply_retention(5) == 0
    assert lake.signals("*", "*").num_rows == 30


def test_retention_of_rows_without_a_plausible_day_goes_by_their_file(lake: Lake) -> None:
    lake.append(table(["car-1"], ["Vehicle.Speed"], [0], values=[1.0]), app_id="journal", version=1)
    assert lake.apply_retention(5) == 0
    (file,) = lake.signals_table.files()
    ten_days_ago = time.time() - 10 * 86_400
    os.utime(lake.signals_table.folder / file.path, (ten_days_ago, ten_days_ago))
    assert lake.apply_retention(5) == 1


def _run(number: int, rows: int, *, is_sorted: bool) -> Run:
    return Run((DataFile(f"{number}.parquet", 1, rows, None, {}, {}),), is_sorted)


def test_rows_are_rewritten_a_logarithmic_number_of_times() -> None:
    found: list[Run] = []
    rewritten = 0
    for number in range(2000):
        found = sorted([*found, _run(number, 1, is_sorted=False)], key=lambda run: run.rows)
        chosen = choose(found, over=False)
        if chosen:
            rewritten += sum(run.rows for run in chosen)
            merged = _run(-number, sum(run.rows for run in chosen), is_sorted=True)
            found = [merged, *(run for run in found if run not in chosen)]
    assert sum(run.rows for run in found) == 2000
    assert rewritten < 2000 * 6
    assert len(found) < FANOUT * 4


@pytest.mark.parametrize(("path", "run"), [("day=x/run-abc-0001.parquet", "run-abc"), ("day=x/abc.parquet", None)])
def test_a_name_tells_the_run(path: str, run: str | None) -> None:
    assert run_of(DataFile(path, 1, 1, None, {}, {})) == run


keys = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["", "x", "yé"]), st.integers(-(2**63), 2**63 - 1)), max_size=60
)


@given(keys, st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_sorting_equals_pythons(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple[str, str, int]], range_rows: int
) -> None:
    folder = tmp_path_factory.mktemp("sorting")
    names = ("a", "b", "t")
    schema = pa.schema([("a", pa.string()), ("b", pa.string()), ("t", pa.timestamp("us", "UTC"))])
    plain = pa.schema([("a", pa.string()), ("b", pa.string()), ("t", pa.int64())])
    paths = [folder / f"{number}.parquet" for number in range(2)]
    for path, part in zip(paths, (found[::2], found[1::2]), strict=True):
        rows = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in part], plain)
        pq.write_table(rows.cast(schema), path)
    pieces = list(in_order(paths, schema, names, range_rows=range_rows, piece_rows=7))
    assert all(len(piece) <= 7 for piece in pieces)
    assert [tuple(row.values()) for piece in pieces for row in piece.cast(plain).to_pylist()] == sorted(found)


def test_equal_rows_keep_their_order() -> None:
    rows = pa.table({"a": pa.array(["x"] * 5).dictionary_encode(), "t": pa.array([2, 1, 2, 1, 2])})
    assert permutation(rows, ("a", "t")).tolist() == [1, 3, 0, 2, 4]
    assert np.array_equal(permutation(rows.slice(0, 0), ("a", "t")), [])
