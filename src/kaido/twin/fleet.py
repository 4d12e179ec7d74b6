"""Questions about all vehicles of a company."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kaido.errors import InvalidInputError, nearest_names
from kaido.twin.columns import TIME, Twin
from kaido.twin.where import Number, WhereError, evaluate, parse, references

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from kaido.twin.attributes import Attributes
    from kaido.twin.texts import TextColumn
    from kaido.twin.where import Expression

MAX_ROWS = 100_000
ATTRIBUTE_COLUMNS = ("vin", "model", "market", "platform")


class FleetView:
    """The twin and the attributes as the where-language reads them. Use it under the twin's lock."""

    def __init__(self, twin: Twin, attributes: Attributes, now_us: int) -> None:
        self.size = len(twin.vehicles)
        self._twin = twin
        self._attributes = attributes
        self._now_us = now_us

    def numbers(self, path: str) -> Number:
        """A signal's numbers; a cell that holds a text has none."""
        present = self._present(path)
        number = self._twin.signals.find(path)
        if number is None:
            return Number(np.zeros(self.size), present)
        if number in self._twin.texts:
            present = present & (self._twin.texts[number].codes[: self.size] == 0)
        return Number(self._twin.values[number, : self.size], present)

    def texts(self, path: str) -> TextColumn | None:
        """A signal's or an attribute's texts."""
        if path == "id" or path in ATTRIBUTE_COLUMNS:
            return self._attributes.column(path)
        number = self._twin.signals.find(path)
        return None if number is None else self._twin.texts.get(number)

    def times(self, path: str) -> npt.NDArray[np.int64]:
        """The times of a signal's values, microseconds; 0 where there is none."""
        number = self._twin.signals.find(path)
        return np.zeros(self.size, np.int64) if number is None else self._twin.times[number, : self.size]

    def ages(self, path: str) -> Number:
        """Seconds since the time of a signal's value."""
        return Number((self._now_us - self.times(path)) / 1e6, self._present(path))

    def _present(self, path: str) -> npt.NDArray[np.bool_]:
        number = self._twin.signals.find(path)
        if number is None:
            return np.zeros(self.size, bool)
        present: npt.NDArray[np.bool_] = self._twin.arrivals[number, : self.size] != 0
        return present


class FleetQuestions:
    """Answers fleet questions on one twin.

    Args:
        twin: the values.
        attributes: the vehicles' attributes.
    """

    def __init__(self, twin: Twin, attributes: Attributes) -> None:
        self._twin = twin
        self._attributes = attributes
        self._by_id: tuple[list[str], npt.NDArray[np.int64]] = ([], np.empty(0, np.int64))
        self._names = pa.array([], pa.string())

    def ask(
        self, where: str, *, select: Sequence[str] = (), limit: int = 100, after: str = "", now_us: int
    ) -> pa.Table:
        """The vehicles for which ``where`` holds (all, if it is empty), by id, beginning behind the id ``after``.

        Returns:
            Columns vehicle, vin, model, market, platform, last_seen; and for each signal of ``select`` (or of
            ``where``, if that is empty) three: ``PATH`` (number), ``PATH@text`` and ``PATH@time``.

        Raises:
            WhereError: the condition makes no sense, or names no signal that is known.
            InvalidInputError: ``select`` names none, or ``limit`` is out of range.
        """
        if not 1 <= limit <= MAX_ROWS:
            raise InvalidInputError(f"a limit of {limit}", why=f"it lies between 1 and {MAX_ROWS}")
        expression = parse(where) if where.strip() else None
        named = dict.fromkeys(r.path for r in references(expression) if not r.is_attribute) if expression else {}
        with self._twin.lock:
            if expression is not None:
                self._check_known(expression, where)
            for path in select:
                self._check_selected(path)
            view = FleetView(self._twin, self._attributes, now_us)
            vehicles = self._in_order(evaluate(expression, view) if expression else None, after, limit)
            return self._table(view, vehicles, list(select) or list(named))

    def _in_order(self, matching: npt.NDArray[np.bool_] | None, after: str, limit: int) -> npt.NDArray[np.int64]:
        names = self._twin.vehicles.names
        if len(self._by_id[0]) != len(names):
            order = sorted(range(len(names)), key=names.__getitem__)
            self._by_id = [names[number] for number in order], np.array(order, np.int64)
            self._names = pa.array(names, pa.string())
        ids, numbers = self._by_id
        rest = numbers[bisect.bisect_right(ids, after) if after else 0 :]
        return (rest if matching is None else rest[matching[rest]])[:limit]

    def _table(self, view: FleetView, vehicles: npt.NDArray[np.int64], paths: Sequence[str]) -> pa.Table:
        seen = self._twin.last_seen[vehicles]
        columns = {
            "vehicle": self._names.take(pa.array(vehicles)),
            **{a: self._attributes.column(a).array(vehicles) for a in ATTRIBUTE_COLUMNS},
            "last_seen": _times(seen, seen != 0),
        }
        for path in paths:
            number, texts = view.numbers(path), view.texts(path)
            columns[path] = pa.array(number.values[vehicles], mask=~number.present[vehicles])
            words = pa.nulls(len(vehicles), pa.string()) if texts is None else texts.array(vehicles)
            columns[f"{path}@text"] = words
            times = view.times(path)[vehicles]
            columns[f"{path}@time"] = _times(times, times != 0)
        return pa.table(columns)

    def _check_known(self, expression: Expression, where: str) -> None:
        for reference in references(expression):
            if not reference.is_attribute and not self._known(reference.path):
                problem = f"no signal '{reference.path}'"
                raise WhereError.at(where, reference.position, problem, self._hint(reference.path))

    def _check_selected(self, path: str) -> None:
        if not self._known(path):
            raise InvalidInputError(f"no signal '{path}'", fix=self._hint(path))

    def _known(self, path: str) -> bool:
        return path in self._twin.signals or path in self._attributes.catalog

    def _hint(self, path: str) -> str:
        known = {*self._twin.signals.names, *self._attributes.catalog, *ATTRIBUTE_COLUMNS, "id"}
        nearest = nearest_names(path, known)
        return f"Did you mean {' or '.join(nearest)}?" if nearest else "See: kaido catalog list"


def _times(times: npt.NDArray[np.int64], present: npt.NDArray[np.bool_]) -> pa.Array:
    return pc.if_else(pa.array(present), pa.array(times).cast(TIME), None)
