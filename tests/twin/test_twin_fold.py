"""The twin is the fold of what came: the newest time wins, whatever the order, the encoding or the batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.errors import NotFoundError
from kaido.flow import SAMPLE_SCHEMA
from kaido.twin import VEHICLE_SCHEMA, Twin

if TYPE_CHECKING:
    from collections.abc import Callable

    Rows = list[tuple[str, str, int, float | str]]

ROWS = st.lists(
    st.tuples(
        st.sampled_from([f"car-{n}" for n in range(5)]),
        st.sampled_from([f"Vehicle.S{n}" for n in range(4)]),
        st.integers(0, 20),
        st.one_of(st.floats(allow_nan=False), st.sampled_from(["on", "off", ""])),
    ),
    max_size=60,
)


def table(rows: Rows, *, encoded: bool = False) -> pa.Table:
    names = [pa.array([row[column] for row in rows], pa.string()) for column in (0, 1)]
    made = pa.table(
        [
            *names,
            pa.array([row[2] for row in rows], pa.int64()).cast(pa.timestamp("us", "UTC")),
            pa.array([None if isinstance(row[3], str) else row[3] for row in rows], pa.float64()),
            pa.array([row[3] if isinstance(row[3], str) else None for row in rows], pa.string()),
            pa.nulls(len(rows), pa.string()),
            pa.nulls(len(rows), pa.uint32()),
        ],
        schema=SAMPLE_SCHEMA,
    )
    if encoded:
        made = pa.table(
            [column.dictionary_encode() for column in made.columns[:2]] + made.columns[2:], made.schema.names
        )
    return made


def state(twin: Twin) -> dict[tuple[str, str], tuple[int, Any]]:
    found = {}
    for vehicle in twin.vehicles.names:
        for row in twin.vehicle(vehicle).to_pylist():
            value = row["text"] if row["value"] is None else row["value"]
            time = pa.scalar(row["time"]).cast(pa.timestamp("us", "UTC")).value
            found[row["vehicle"], row["signal"]] = (time, value)
    return found


def expected(rows: Rows) -> dict[tuple[str, str], tuple[int, Any]]:
    newest: dict[tuple[str, str], tuple[int, Any]] = {}
    for vehicle, signal, time, value in rows:
        if time >= newest.get((vehicle, signal), (0, None))[0]:
            newest[vehicle, signal] = (time, value)
    return newest


@settings(deadline=None)
@given(ROWS, st.lists(st.integers(1, 7), max_size=20), st.booleans())
def test_it_is_the_fold_of_its_input(rows: Rows, cuts: list[int], encoded: bool) -> None:
    twin = Twin()
    rest = rows
    for cut in cuts:
        twin.fold(table(rest[:cut], encoded=encoded), 5)
        rest = rest[cut:]
    twin.fold(table(rest), 5)
    assert state(twin) == expected(rows)


@settings(deadline=None)
@given(ROWS)
def test_folding_again_changes_nothing(rows: Rows) -> None:
    twin = Twin()
    twin.fold(table(rows), 5)
    before = state(twin)
    twin.fold(table(rows), 9)
    assert state(twin) == before


def test_a_text_gives_way_to_a_newer_number_and_back(samples: Callable[..., pa.Table]) -> None:
    twin = Twin()
    for time, value in ((1, "charging"), (2, 5.0), (3, "parked")):
        twin.fold(samples([("car", "Vehicle.State", time, value)]), 1)
        (row,) = twin.vehicle("car").to_pylist()
        assert (row["text"] if row["value"] is None else row["value"]) == value


def test_it_grows_without_losing_anything() -> None:
    twin = Twin()
    rows: Rows = [(f"car-{v}", f"Vehicle.S{s}", 1, float(v * s)) for v in range(300) for s in range(40)]
    for start in range(0, len(rows), 977):
        twin.fold(table(rows[start : start + 977]), 1)
    assert state(twin) == expected(rows)


def test_it_tells_which_rows_were_the_newest(samples: Callable[..., pa.Table]) -> None:
    twin = Twin()
    twin.fold(samples([("a", "S", 5, 1.0)]), 1)
    rows = twin.fold(samples([("a", "S", 4, 2.0), ("a", "S", 7, 3.0), ("b", "S", 1, 4.0), ("a", "S", 6, 5.0)]), 1)
    assert rows.tolist() == [1, 2]


def test_a_vehicle_has_its_times_and_arrivals(samples: Callable[..., pa.Table]) -> None:
    twin = Twin()
    twin.fold(samples([("a", "Vehicle.B", 10, 1.5), ("a", "Vehicle.A", 12, "on")]), 20_000_000)
    answer = twin.vehicle("a")
    assert answer.schema == VEHICLE_SCHEMA
    assert [
        (r["signal"], r["value"], r["text"], r["time"].second, r["arrival"].second) for r in answer.to_pylist()
    ] == [
        ("Vehicle.A", None, "on", 12, 20),
        ("Vehicle.B", 1.5, None, 10, 20),
    ]


def test_an_unknown_vehicle_names_the_nearest(samples: Callable[..., pa.Table]) -> None:
    twin = Twin()
    twin.fold(samples([("leaf-001", "S", 1, 1.0)]), 1)
    with pytest.raises(NotFoundError, match="Did you mean leaf-001"):
        twin.vehicle("leaf-01")


def test_many_words_do_not_pile_up(samples: Callable[..., pa.Table]) -> None:
    twin = Twin()
    for start in range(0, 20_000, 1_000):
        twin.fold(samples([("car", "Vehicle.Log", n, f"line {n}") for n in range(start, start + 1_000)]), 1)
    (column,) = twin.texts.values()
    assert len(column._words) < 6_000
    assert twin.vehicle("car").to_pylist()[0]["text"] == "line 19999"
