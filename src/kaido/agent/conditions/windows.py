"""Fixed windows of a signal: minimum, maximum and mean of equal spans of time, one behind the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kaido.agent.conditions.values import UNKNOWN, Value
from kaido.wire.kaido_wire_pb2 import WindowFunction

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BACK = 2
"""Windows behind the present one that can be asked for."""


class FixedWindows:
    """The first sample begins the first window. One without samples has no result.

    Args:
        period_us: how long a window is.
    """

    def __init__(self, period_us: int) -> None:
        self._period_us = period_us
        self.forget()

    def forget(self) -> None:
        """Begin anew with the next sample."""
        self._begin_us: int | None = None
        self._window = np.empty(0, np.int64)
        self._count: NDArray[np.float64] = np.empty(0)
        self._sum: NDArray[np.float64] = np.empty(0)
        self._minimum: NDArray[np.float64] = np.empty(0)
        self._maximum: NDArray[np.float64] = np.empty(0)

    def add(self, clock_us: NDArray[np.int64], value: NDArray[np.float64]) -> None:
        """Take samples, in the order of the clock."""
        if not len(value):
            return
        if self._begin_us is None:
            self._begin_us = int(clock_us[0])
        # What is kept of a window stands for its samples, before those that come now.
        window = np.concatenate([self._window, (clock_us - self._begin_us) // self._period_us])
        starts = np.flatnonzero(np.diff(window, prepend=-1))
        group = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(window)))
        self._window = window[starts]
        self._count = _sums(group, np.concatenate([self._count, np.ones(len(value))]))
        self._sum = _sums(group, np.concatenate([self._sum, value]))
        self._minimum = np.minimum.reduceat(np.concatenate([self._minimum, value]), starts)
        self._maximum = np.maximum.reduceat(np.concatenate([self._maximum, value]), starts)

    def results(self, clock_us: NDArray[np.int64], which: int) -> Value:
        """What the last whole window, or the one before it, gave at some moments.

        Args:
            clock_us: of the moments; not before those that were asked for last.
            which: a ``WindowFunction.Type``.
        """
        if self._begin_us is None or not len(self._window):
            return UNKNOWN
        back = 1 if which < WindowFunction.PREVIOUS_LAST_MIN else 2
        wanted = (clock_us - self._begin_us) // self._period_us - back
        place = np.minimum(np.searchsorted(self._window, wanted), len(self._window) - 1)
        return Value(self._result(which)[place], self._window[place] == wanted)

    def keep(self, clock_us: int) -> None:
        """Forget the windows that nobody can ask for from now on."""
        if self._begin_us is not None:
            oldest = (clock_us - self._begin_us) // self._period_us - _BACK
            keep = slice(int(np.searchsorted(self._window, oldest)), None)
            self._window, self._count, self._sum = self._window[keep], self._count[keep], self._sum[keep]
            self._minimum, self._maximum = self._minimum[keep], self._maximum[keep]

    def _result(self, which: int) -> NDArray[np.float64]:
        match which:
            case WindowFunction.LAST_MIN | WindowFunction.PREVIOUS_LAST_MIN:
                return self._minimum
            case WindowFunction.LAST_MAX | WindowFunction.PREVIOUS_LAST_MAX:
                return self._maximum
        return self._sum / self._count


def _sums(group: NDArray[np.intp], value: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of each group, added up one after the other: however batches are cut, it is the same to the last bit."""
    return np.bincount(group, weights=value).astype(np.float64)
