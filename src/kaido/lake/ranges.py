"""Rows of Parquet files whose keys lie in a range, with as little reading as their statistics allow.

A key is the values of two columns, ordered by the first, then the second. (pyarrow's own filters do not skip row groups
by the statistics of columns that are read as dictionaries.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SAMPLE_ROWS = 100_000

Key = tuple[Any, Any]


@dataclass(frozen=True)
class KeyRange:
    """Keys from ``low`` up to, not with, ``high``; None is no bound."""

    low: Key | None = None
    high: Key | None = None


class Source:
    """Parquet files of one schema; strings are read as dictionaries.

    Args:
        paths: the files.
        schema: theirs.
        key: the two columns of the key.
    """

    def __init__(self, paths: Sequence[Path], schema: pa.Schema, key: tuple[str, str]) -> None:
        strings = [field.name for field in schema if pa.types.is_string(field.type)]
        self._files = [pq.ParquetFile(path, read_dictionary=strings) for path in paths]
        self._names = schema.names
        self._key = key
        self._places = [schema.names.index(name) for name in key]
        self.rows = sum(file.metadata.num_rows for file in self._files)

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()

    def read(self, wanted: KeyRange) -> pa.Table:
        """The rows of a range, file by file."""
        parts = []
        for file in self._files:
            groups = [n for n in range(file.num_row_groups) if self._may_hold(file.metadata.row_group(n), wanted)]
            rows = file.read_row_groups(groups, columns=self._names)
            if wanted != KeyRange():
                rows = rows.filter(pa.array(self._mask(rows, wanted)))
            parts.append(rows)
        return pa.concat_tables(parts).unify_dictionaries().combine_chunks()

    def split(self, pieces: int) -> list[KeyRange]:
        """Ranges of about as many rows each, from a sample of the keys."""
        if pieces <= 1:
            return [KeyRange()]
        sample = self._sample()
        keys = sorted({sample[len(sample) * piece // pieces] for piece in range(1, pieces)})
        return [KeyRange(low, high) for low, high in zip([None, *keys], [*keys, None], strict=True)]

    def _sample(self) -> list[Key]:
        share = SAMPLE_ROWS / self.rows
        chance = np.random.default_rng(0)  # rows come in patterns; every n-th would be of the same signal
        found: list[Key] = []
        for file in self._files:
            rows = file.read(columns=list(self._key))
            rows = rows.filter(pa.array(chance.random(len(rows)) < share))
            found += zip(*(rows[name].to_pylist() for name in self._key), strict=True)
        return sorted(found)

    def _may_hold(self, group: pq.RowGroupMetaData, wanted: KeyRange) -> bool:
        first, second = (group.column(place).statistics for place in self._places)
        if first is None or not first.has_min_max:
            return True
        if wanted.high is not None and first.min > wanted.high[0]:
            return False
        if wanted.low is None or first.max > wanted.low[0]:
            return True
        if first.max < wanted.low[0]:
            return False
        known = second is not None and second.has_min_max and isinstance(wanted.low[1], str)
        return not known or bool(second.max >= wanted.low[1])

    def _mask(self, rows: pa.Table, wanted: KeyRange) -> NDArray[np.bool_]:
        mask = np.ones(len(rows), bool)
        if wanted.high is not None:
            mask &= self._before(rows, wanted.high)
        if wanted.low is not None:
            mask &= ~self._before(rows, wanted.low)
        return mask

    def _before(self, rows: pa.Table, key: Key) -> NDArray[np.bool_]:
        first, second = (rows[name] for name in self._key)
        return _is(pc.less, first, key[0]) | (_is(pc.equal, first, key[0]) & _is(pc.less, second, key[1]))


def _is(relation: Any, column: pa.ChunkedArray, value: Any) -> NDArray[np.bool_]:
    """Compare a column with a value; a dictionary's values are compared once each."""
    found = [np.empty(0, bool)]
    for chunk in column.chunks:
        if pa.types.is_dictionary(chunk.type):
            by_value = relation(chunk.dictionary, value).to_numpy(zero_copy_only=False)
            found.append(by_value[chunk.indices.to_numpy()])
        else:
            found.append(relation(chunk, pa.scalar(value, chunk.type)).to_numpy(zero_copy_only=False))
    return np.concatenate(found)
