"""Decoded columns as rows of the lake's table, without Python work per sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kaido.can.decode import Rows
from kaido.flow import SAMPLE_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Columns = Mapping[str, tuple[NDArray[np.int64], NDArray[np.float64]]]

_TIME = SAMPLE_SCHEMA.field("time").type


def sample_table(vehicle: str, paths: Sequence[str], rows: Rows) -> pa.Table:
    """Decoded rows as samples (SAMPLE_SCHEMA, texts as dictionaries).

    Args:
        vehicle: whose they are.
        paths: what ``rows.signal_index`` counts in.
        rows: in any order.
    """
    total = len(rows)
    text, number = pa.string(), pa.int32()
    columns = [
        pa.DictionaryArray.from_arrays(pa.array(np.zeros(total, np.int32)), pa.array([vehicle], text)),
        pa.DictionaryArray.from_arrays(pa.array(rows.signal_index, number), pa.array(paths, text)),
        pa.array(rows.time_us, _TIME),
        pa.array(rows.value),
        *(pa.nulls(total, field.type) for field in list(SAMPLE_SCHEMA)[4:]),
    ]
    fields = [field.with_type(column.type) for field, column in zip(SAMPLE_SCHEMA, columns, strict=True)]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


class Latest:
    """The newest sample of each signal."""

    def __init__(self, vehicle: str) -> None:
        self._vehicle = vehicle
        self._newest: dict[str, tuple[int, float]] = {}

    def add(self, columns: Columns) -> None:
        """Look at more samples. Of two at the same time the later one counts."""
        newest_of: dict[int, int] = {}  # signals of one message share one array of times
        for path, (times, values) in columns.items():
            if not len(times):
                continue
            last = newest_of.get(id(times))
            if last is None:
                last = newest_of[id(times)] = len(times) - 1 - int(np.argmax(times[::-1]))
            newest = self._newest.get(path)
            if newest is None or int(times[last]) >= newest[0]:
                self._newest[path] = int(times[last]), float(values[last])

    def table(self) -> pa.Table:
        """A row (SAMPLE_SCHEMA) a signal."""
        newest = list(self._newest.values())
        rows = Rows(
            np.array([time_us for time_us, _ in newest], np.int64),
            np.arange(len(newest)),
            np.array([value for _, value in newest], np.float64),
        )
        return sample_table(self._vehicle, list(self._newest), rows).cast(SAMPLE_SCHEMA)
