from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.errors import TooLargeError
from kaido.flow import SAMPLE_SCHEMA
from kaido.lake import Lake
from kaido.lake.names import may_lie_between
from tests.lake.samples import DAY, NOON, micros, samples, table

if TYPE_CHECKING:
    from pathlib import Path


def series(rows: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found = defaultdict(list)
    for row in rows:
        found[row["vehicle"], row["signal"]].append(row)
    return found


def test_a_range_of_time_takes_its_start_and_not_its_end(lake: Lake) -> None:
    lake.append(samples(100, vehicles=1, signals=1, step=timedelta(seconds=1)), app_id="journal", version=1)
    rows = lake.signals("car-0", "Vehicle.Test.S0", NOON + timedelta(seconds=10), NOON + timedelta(seconds=20))
    assert rows["value"].to_pylist() == [float(n) for n in range(10, 20)]


@pytest.mark.parametrize(
    ("vehicles", "signals", "count"),
    [
        ("car-0", "Vehicle.Test.S0", 1),
        ("car-0", ["Vehicle.Test.S0", "Vehicle.Test.S1"], 2),
        ("car-*", "Vehicle.Test.S0", 3),
        ("*", "*", 15),
        ("car-?", "Vehicle.*.S[1]", 0),
        (["car-0", "car-1", "x*"], "*.S4", 2),
        ("car", "*", 0),
        ("car-0'", "*", 0),
        ("*", "vehicle.test.s0", 0),
    ],
)
def test_names_and_patterns(lake: Lake, vehicles: str | list[str], signals: str | list[str], count: int) -> None:
    lake.append(samples(150), app_id="journal", version=1)
    rows = lake.signals(vehicles, signals).to_pylist()
    assert len(series(rows)) == count


def test_only_files_that_can_hold_the_answer_are_read(lake: Lake) -> None:
    lake.append(samples(100), app_id="journal", version=1)
    lake.append(samples(100, start=NOON + 2 * DAY), app_id="journal", version=2)
    for file in lake.signals_table.files():
        if file.day == NOON.date():
            (lake.signals_table.folder / file.path).write_bytes(b"nobody may look")
    assert lake.signals("*", "*", NOON + DAY).num_rows == 100


def test_the_limit_ends_the_answer(lake: Lake) -> None:
    lake.append(samples(100), app_id="journal", version=1)
    assert lake.signals("*", "*", limit=7).equals(lake.signals("*", "*").slice(0, 7))


def test_latest_is_the_newest_sample_of_each_series(lake: Lake) -> None:
    lake.append(samples(150), app_id="journal", version=1)
    lake.append(samples(15, start=NOON - DAY, first_value=-100), app_id="journal", version=2)
    rows = lake.latest().to_pylist()
    assert [row["value"] for row in rows] == sorted((row["value"] for row in rows), key=lambda v: (v % 3, v // 3 % 5))
    assert sorted(row["value"] for row in rows) == [float(n) for n in range(135, 150)]


numbers = st.floats(allow_nan=False, width=32)


@given(st.lists(st.tuples(st.integers(0, 10_000), numbers), min_size=1, max_size=80), st.integers(2, 40))
@settings(max_examples=20, deadline=None)
def test_thinning_keeps_extremes_and_ends(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple[int, float]], points: int
) -> None:
    lake = Lake(tmp_path_factory.mktemp("thin"), "acme")
    times = [micros(NOON) + offset for offset, _ in found]
    lake.append(
        table(["car-1"] * len(found), ["Vehicle.Speed"] * len(found), times, values=[v for _, v in found]),
        app_id="journal",
        version=1,
    )
    everything = lake.signals("car-1", "Vehicle.Speed").to_pylist()
    thinned = lake.signals("car-1", "Vehicle.Speed", points=points).to_pylist()
    if len(found) <= points:
        assert thinned == everything
        return
    assert all(row in everything for row in thinned)
    assert len(thinned) <= max(points, 4)
    assert thinned[0] == everything[0]
    assert thinned[-1]["time"] == everything[-1]["time"]
    values = [row["value"] for row in thinned]
    assert min(values) == min(v for _, v in found)
    assert max(values) == max(v for _, v in found)
    assert lake.signals("car-1", "Vehicle.Speed", points=points).to_pylist() == thinned


def test_thinning_keeps_nothing_of_what_it_leaves_out(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty files, of which all of the samples would not fit the memory by far."""
    count = 200_000
    for version in range(20):
        times = micros(NOON) + 10_000 * (np.arange(count) + version * count)
        values = np.sin(times / 1e9)
        values[count // 2] = 5 + version
        car, signal = (
            pa.array([name]).take(pa.array(np.zeros(count, np.int32))) for name in ("car-1", "Vehicle.Speed")
        )
        nothing = [pa.nulls(count, SAMPLE_SCHEMA.field(name).type) for name in ("text", "campaign", "event")]
        columns = [car, signal, pa.array(times, pa.timestamp("us", "UTC")), pa.array(values), *nothing]
        lake.append(pa.table(columns, schema=SAMPLE_SCHEMA), app_id="journal", version=version)
    monkeypatch.setattr("kaido.lake.reads.MEMORY_MB", 80)
    found = lake.thinned("*", "*", points=1_000, limit=10_000)
    assert found["samples"][0].as_py() == 20 * count
    assert len(found) <= 1_000
    assert {5.0 + version for version in range(20)} <= {*found["value"].to_pylist()}


def test_thinning_texts_keeps_changes(lake: Lake) -> None:
    texts = ["P"] * 40 + ["D"] * 40 + ["R"] * 5 + ["D"] * 40
    times = [micros(NOON) + n * 1_000_000 for n in range(len(texts))]
    count = len(texts)
    lake.append(table(["car-1"] * count, ["Vehicle.Gear"] * count, times, texts=texts), app_id="journal", version=1)
    rows = lake.signals("car-1", "Vehicle.Gear", points=50).to_pylist()
    assert [row["text"] for row in rows] == ["P", "D", "R", "D", "D"]


def test_a_series_of_one_value_is_thinned_too(lake: Lake) -> None:
    count = 1000
    times = [micros(NOON) + n for n in range(count)]
    lake.append(table(["car-1"] * count, ["Vehicle.Speed"] * count, times, values=[1.0] * count), app_id="j", version=1)
    assert 2 <= lake.signals("car-1", "Vehicle.Speed", points=10).num_rows <= 10


def test_samples_of_one_moment_are_thinned(lake: Lake) -> None:
    times = [micros(NOON)] * 100
    values = [float(n) for n in range(100)]
    lake.append(table(["c"] * 100, ["Vehicle.Speed"] * 100, times, values=values), app_id="j", version=1)
    assert lake.signals("c", "Vehicle.Speed", points=10)["value"].to_pylist() == [0.0, 99.0]


@given(st.text("ab*?", max_size=4), st.text("ab", max_size=4), st.text("ab", max_size=4))
def test_no_file_that_holds_a_name_is_skipped(pattern: str, low: str, high: str) -> None:
    from fnmatch import fnmatchcase  # noqa: PLC0415  # the reference

    low, high = min(low, high), max(low, high)
    for name in (low, high):
        if fnmatchcase(name, pattern):
            assert may_lie_between(pattern, low, high)


def test_nothing_there_is_an_empty_answer(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "nowhere", "acme")
    assert lake.signals("*", "*").num_rows == 0
    assert lake.latest().num_rows == 0
    assert lake.quarantined().num_rows == 0
    assert not (tmp_path / "nowhere").exists()


def test_an_answer_that_takes_too_long_is_an_error(lake: Lake) -> None:
    lake.append(samples(1_000_000), app_id="journal", version=1)
    with pytest.raises(TooLargeError, match="longer than"):
        lake.signals("*", "*", seconds=0.05)
