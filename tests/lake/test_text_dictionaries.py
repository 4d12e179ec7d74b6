"""Texts may come as dictionaries; what lies in the lake is the same, and holds no name that no row has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kaido.flow import SAMPLE_SCHEMA
from kaido.lake import dictionaries
from tests.lake import samples

if TYPE_CHECKING:
    from kaido.lake import Lake

TEXTS = ["vehicle", "signal", "text", "campaign"]


def encoded(rows: pa.Table, more: list[str]) -> pa.Table:
    """The rows with every text as a number in a dictionary that begins with names that no row has."""
    for name in TEXTS:
        plain = rows[name].combine_chunks().dictionary_encode()
        names = pa.array([*more, *plain.dictionary.to_pylist()], pa.string())
        moved = pa.array([None if n is None else n + len(more) for n in plain.indices.to_pylist()], pa.int32())
        column = pa.DictionaryArray.from_arrays(moved, names)
        field = SAMPLE_SCHEMA.field(name).with_type(column.type)
        rows = rows.set_column(rows.schema.get_field_index(name), field, column)
    return rows


def mixed() -> pa.Table:
    rows = samples.samples(2_000, step=samples.DAY / 500)
    texts = pa.array([None if n % 3 else f"t{n % 7}" for n in range(len(rows))], pa.string())
    return rows.set_column(4, SAMPLE_SCHEMA.field("text"), texts)


def test_dictionaries_are_stored_as_the_texts_they_stand_for(lake: Lake) -> None:
    rows = mixed()
    assert lake.append(encoded(rows, ["unused", "~unused"]), app_id="a", version=1)
    order = [("vehicle", "ascending"), ("signal", "ascending"), ("time", "ascending")]
    assert lake.signals("*", "*").equals(rows.sort_by(order))


def test_names_that_no_row_has_are_not_written(lake: Lake) -> None:
    lake.append(encoded(mixed(), ["!first", "~last"]), app_id="a", version=1)
    files = list(lake.signals_table.folder.rglob("*.parquet"))
    assert len(files) > 1
    for file in files:
        assert b"!first" not in file.read_bytes()
        group = pq.ParquetFile(file).metadata.row_group(0)
        assert {group.column(n).statistics.min for n in range(2)} == {"car-0", "Vehicle.Test.S0"}
    for found in lake.signals_table.files():
        assert (found.low["signal"], found.high["signal"]) == ("Vehicle.Test.S0", "Vehicle.Test.S4")


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_chunks_with_dictionaries_of_their_own(rows: int) -> None:
    chunks = [encoded(samples.samples(rows, vehicles=3, signals=2), more) for more in (["x"], [], ["y", "z"])]
    table = pa.concat_tables(chunks)
    trimmed = dictionaries.trimmed(table)
    assert trimmed.cast(SAMPLE_SCHEMA).equals(pa.concat_tables([chunk.cast(SAMPLE_SCHEMA) for chunk in chunks]))
    for name in TEXTS:
        column = trimmed[name].combine_chunks()
        names = column.dictionary if isinstance(column, pa.DictionaryArray) else pa.array([], pa.string())
        assert set(names.to_pylist()) == set(table[name].cast(pa.string()).to_pylist()) - {None}
