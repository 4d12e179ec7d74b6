"""A fleet's month as compaction leaves it: some hundred lives, each written under many names.

Nothing is appended piece by piece and sorted again: a day of the lives is sorted once, and a sorted day under other
names that follow in the order is sorted too. Memory follows the lives, neither the fleet nor the days.
"""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kaido.lake.schema import SIGNALS, split_by_day
from kaido.lake.writer import ROW_GROUP_ROWS, RunWriter
from kaido.sim import truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from kaido.lake import Lake
    from kaido.lake.table import Table

APPEND_ROWS = 2_000_000
"""About as many samples come in at once."""
_WRITE_ROWS = 8 * ROW_GROUP_ROWS


@dataclass(frozen=True)
class Month:
    """Who lives, and for how long.

    Attributes:
        cars: the lives, by id.
        vehicles: how many names they are written under, in turn.
        days: of their lives, from ``truth.START`` on.
        until: what is there from the start ends then.
    """

    cars: Sequence[truth.TruthCar]
    vehicles: int
    days: int
    until: dt.datetime

    def name(self, car: truth.TruthCar, copy: int) -> str:
        """A name of a life: those of one copy stand together, in the order of the lives."""
        return _name(car.id, copy)

    def write(self, lake: Lake, then: dt.timedelta) -> Iterator[pa.Table]:
        """Write all up to ``until``, a sorted run a day.

        Returns:
            What is said in the time ``then`` that follows, in pieces.
        """
        until = round(self.until.timestamp() * 1e6)
        beyond = until + round(then.total_seconds() * 1e6)
        late: list[pa.Table] = []
        writing: list[Future[None]] = []
        with ThreadPoolExecutor(1) as beside:  # one day is written while the next is lived
            for day, lived in self._days():
                times = lived["time"].cast(pa.int64()).to_numpy()
                late.append(lived.filter(pa.array((times >= until) & (times < beyond))))
                while writing:
                    writing.pop().result()
                kept = lived.filter(pa.array(times < until))
                writing.append(beside.submit(self._run, lake.signals_table, kept, day))
            while writing:
                writing.pop().result()
        return _gathered(chain.from_iterable(map(self._named, late)), APPEND_ROWS)

    def _days(self) -> Iterator[tuple[int, pa.Table]]:
        """The lives by UTC day (since the epoch), sorted; a day of theirs lies in two of those."""
        waiting: dict[int, list[pa.Table]] = {}
        for number in range(self.days):
            start = truth.START + number * _DAY
            for rows in truth.tables(self.cars, start, 1):
                for day, part in split_by_day(rows, SIGNALS):
                    assert day is not None
                    waiting.setdefault(day, []).append(part)
            for day in sorted(waiting)[:-2]:
                yield day, _in_order(waiting.pop(day))
        for day in sorted(waiting):
            yield day, _in_order(waiting.pop(day))

    def _run(self, table: Table, lived: pa.Table, day: int) -> None:
        if not len(lived):
            return
        with RunWriter(table.folder, SIGNALS, day) as run:
            for rows in _gathered(self._named(lived), _WRITE_ROWS):
                run.write(SIGNALS.store(rows))
            table.commit("bench", day, run.close())

    def _named(self, lived: pa.Table) -> Iterator[pa.Table]:
        """A sorted day under every name, in the order of signal, name and time."""
        if not len(lived):
            return
        names = lived["vehicle"].combine_chunks().dictionary.to_pylist()
        cars, signals = (lived[name].combine_chunks().indices.to_numpy() for name in ("vehicle", "signal"))
        turns = np.flatnonzero(np.diff(signals)) + 1
        for first, last in pairwise([0, *turns.tolist(), len(lived)]):
            of_signal = lived.slice(first, last - first)
            for copy in range(-(-self.vehicles // len(names))):
                here = np.searchsorted(cars[first:last], self.vehicles - copy * len(names))
                yield _renamed(of_signal.slice(0, here), [_name(name, copy) for name in names])


def _name(car: str, copy: int) -> str:
    return f"{copy:05}-{car}"


def _renamed(rows: pa.Table, names: list[str]) -> pa.Table:
    codes = rows["vehicle"].combine_chunks().indices
    vehicles = pa.DictionaryArray.from_arrays(codes, pa.array(names))
    return rows.set_column(rows.column_names.index("vehicle"), rows.schema.field("vehicle"), vehicles)


def _in_order(parts: list[pa.Table]) -> pa.Table:
    """Sorted by signal, vehicle and time; the dictionaries are in order too."""
    rows = pa.concat_tables(parts)
    for name in ("signal", "vehicle"):
        column = rows[name].unify_dictionaries().combine_chunks()
        texts = sorted(column.dictionary.to_pylist())
        rank = np.array([texts.index(text) for text in column.dictionary.to_pylist()], np.int32)
        ranked = pa.DictionaryArray.from_arrays(pa.array(rank[column.indices.to_numpy()]), pa.array(texts))
        rows = rows.set_column(rows.column_names.index(name), rows.schema.field(name), ranked)
    signals, cars = (rows[name].chunk(0).indices.to_numpy() for name in ("signal", "vehicle"))
    return rows.take(pa.array(np.lexsort((rows["time"].cast(pa.int64()).to_numpy(), cars, signals)))).combine_chunks()


def _gathered(parts: Iterable[pa.Table], count: int) -> Iterator[pa.Table]:
    """The same rows in tables whose lengths are a multiple of ``count``, but for the last."""
    waiting: list[pa.Table] = []
    rows = 0
    for part in parts:
        waiting.append(part)
        rows += len(part)
        if rows >= count:
            whole = pa.concat_tables(waiting)
            rows %= count
            yield whole.slice(0, len(whole) - rows)
            waiting = [whole.slice(len(whole) - rows)]
    if rows:
        yield pa.concat_tables(waiting)


_DAY = dt.timedelta(days=1)
