"""Watching a condition: which samples it sees, and when it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from kaido.agent.conditions.tree import Window
from kaido.agent.conditions.values import Program, Value
from kaido.agent.conditions.windows import FixedWindows
from kaido.agent.samples import NEVER, thin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from kaido.agent.conditions.tree import Tree
    from kaido.agent.samples import Batch


class View(Protocol):
    """What is taken of a batch: of each signal, by its place in the manifest, the rows, frames and values; rising."""

    def rows_of(self, place: int) -> NDArray[np.intp]:
        """Where its samples are in the batch."""

    def frames_of(self, place: int) -> NDArray[np.intp]:
        """In which frames they came."""

    def values_of(self, place: int) -> NDArray[Any]:
        """What they are: float64, or texts as objects."""


class _Thinned:
    """A view of a batch that lacks samples of some signals."""

    def __init__(self, batch: Batch, rows: Mapping[int, NDArray[np.intp]]) -> None:
        self._batch = batch
        self._rows = rows

    def rows_of(self, place: int) -> NDArray[np.intp]:
        rows = self._rows.get(place)
        return self._batch.rows_of(place) if rows is None else rows

    def frames_of(self, place: int) -> NDArray[np.intp]:
        rows = self._rows.get(place)
        return self._batch.frames_of(place) if rows is None else self._batch.frame[rows]

    def values_of(self, place: int) -> NDArray[Any]:
        rows = self._rows.get(place)
        return self._batch.values_of(place) if rows is None else self._batch.values_at(rows)


class Intake:
    """Leaves out the samples that come too soon after the one before.

    Args:
        minimum_us: of each signal (by its place in the manifest) the least time between two of its samples.
    """

    def __init__(self, minimum_us: Mapping[int, int]) -> None:
        self._thinned = [place for place, minimum in minimum_us.items() if minimum > 0]
        self._minimum_us = np.array([minimum_us[place] for place in self._thinned], np.int64)
        self.forget()

    def forget(self) -> None:
        """Take the next sample of every signal."""
        self._last_us = np.full(len(self._thinned), NEVER, np.int64)

    def take(self, batch: Batch) -> View:
        """What is taken of a batch."""
        if not self._thinned:
            return batch
        counts = [len(batch.rows_of(place)) for place in self._thinned]
        group = np.repeat(np.arange(len(counts)), counts)
        rows = np.concatenate([batch.rows_of(place) for place in self._thinned])
        order = np.argsort(rows)  # the clock of all signals together does not fall
        kept = np.empty(len(rows), np.bool_)
        kept[order] = thin(batch.samples.clock_us[rows[order]], group[order], self._minimum_us, self._last_us)
        ends = np.cumsum(counts).tolist()
        cuts = zip(self._thinned, [0, *ends], ends, strict=False)
        return _Thinned(batch, {place: rows[start:end][kept[start:end]] for place, start, end in cuts})


class Moments(NamedTuple):
    """When a condition was looked at.

    Attributes:
        frames: intp, shape (N,), the frames behind which it was.
        clock_us: int64, shape (N,), the clock at each.
        holds: bool, shape (N,).
    """

    frames: NDArray[np.intp]
    clock_us: NDArray[np.int64]
    holds: NDArray[np.bool_]


class Witness(Protocol):
    """Who wants to know what a condition saw."""

    def look(self, moments: Moments, newest: Mapping[int, Value], windows: Mapping[tuple[int, int], Value]) -> None:
        """The condition was looked at; ``newest`` and ``windows`` are as :class:`Program` takes them."""

    def trigger(self, place: int) -> None:
        """One of the moments of the last look triggers. Each trigger becomes one event, in this order."""


class Watch:
    """Looks at a condition behind every frame that brings a sample of one of its signals.

    A condition without signals is looked at behind every frame that brings one of some others.

    Args:
        condition: what is asked.
        places: of its signals, by their ids, the place in the manifest; one that is not there never has a value.
        window_us: of those with fixed windows how long these are.
        others: the places of the signals that a condition without any is looked at for.
        witness: is told of every look.
    """

    def __init__(
        self,
        condition: Tree,
        places: Mapping[int, int],
        window_us: Mapping[int, int],
        others: Iterable[int] = (),
        witness: Witness | None = None,
    ) -> None:
        self._witness = witness
        self._program = Program(condition)
        self._places = {one: places[one] for one in sorted(condition.signals) if one in places}
        self._touching = sorted(set(self._places.values())) if condition.signals else sorted(others)
        self._newest: dict[int, float | str] = {}
        self._windows = {one: FixedWindows(window_us[one]) for one in sorted(condition.windows)}
        self._asked = {
            one: {step.which for step in condition.steps if isinstance(step, Window) and step.signal_id == one}
            for one in self._windows
        }

    def forget(self) -> None:
        """The clock begins anew: windows do, too. Values stay values."""
        for windows in self._windows.values():
            windows.forget()

    def look(self, batch: Batch, view: View) -> Moments:
        """Evaluate over what is taken of a batch."""
        present = [frames for place in self._touching if len(frames := view.frames_of(place))]
        if not present:
            return Moments(np.empty(0, np.intp), np.empty(0, np.int64), np.empty(0, np.bool_))
        touched = np.zeros(len(batch.frame_end), np.bool_)
        for frames in present:
            touched[frames] = True
        moments = touched.nonzero()[0]
        number = touched.cumsum()
        clock_us = batch.frame_clock_us[moments]
        newest = {
            signal_id: value
            for signal_id, place in self._places.items()
            if (value := self._spread(signal_id, view.values_of(place), view.frames_of(place), number, len(moments)))
            is not None
        }
        results = {}
        for signal_id, windows in self._windows.items():
            if signal_id in self._places:
                place = self._places[signal_id]
                windows.add(batch.frame_clock_us[view.frames_of(place)], view.values_of(place))
            for which in self._asked[signal_id]:
                results[signal_id, which] = windows.results(clock_us, which)
            windows.keep(int(clock_us[-1]))
        found = Moments(moments, clock_us, self._program.holds(newest, results, len(moments)))
        if self._witness is not None:
            self._witness.look(found, newest, results)
        return found

    def _spread(
        self,
        signal_id: int,
        values: NDArray[Any],
        frames: NDArray[np.intp],
        number: NDArray[np.intp],
        moments: int,
    ) -> Value | None:
        """The newest value of a signal at each moment; None where it was never seen."""
        before = self._newest.get(signal_id)
        if not len(values):
            return None if before is None else Value(before)
        newest = values[-1]
        self._newest[signal_id] = newest if isinstance(newest, str) else float(newest)
        # Each value stays until the next one comes, the one before all of them until the first.
        at = np.empty(len(values) + 2, np.intp)
        at[0] = 0
        at[1:-1] = number[frames]
        at[1:-1] -= 1
        at[-1] = moments
        all_values = np.empty(len(values) + 1, values.dtype)
        all_values[0] = type(newest)() if before is None else before
        all_values[1:] = values
        first = int(at[1])
        data = all_values.repeat(at[1:] - at[:-1])
        return Value(data, np.arange(moments) >= first) if first and before is None else Value(data)
