"""What it costs from a level on: a function of the level, linear between breaks and free to jump at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEVER = 1e18
"""The cost of what cannot be."""

CLOSE = 1e-7
"""Levels (Wh) nearer than this are one."""

_ROUNDS = 64


@dataclass(frozen=True)
class Worth:
    """A function of the level.

    Attributes:
        breaks: levels, rising: one more than there are intervals.
        left, right: the values at the ends of each interval, coming from inside it. At a break that jumps the smaller
            of the two counts.
    """

    breaks: Floats
    left: Floats
    right: Floats

    def line(self, interval: NDArray[np.intp], level: Floats) -> Floats:
        """The value of an interval's line at a level, which may lie at its end."""
        low, high = self.breaks[interval], self.breaks[interval + 1]
        share = (level - low) / (high - low)
        left, right = self.left[interval], self.right[interval]
        found: Floats = np.where(left >= NEVER, NEVER, left + share * (right - left))
        return found

    def interval(self, level: Floats) -> NDArray[np.intp]:
        """In which interval a level lies; at a break in the upper one."""
        found = np.searchsorted(self.breaks, level, side="right") - 1
        inside: NDArray[np.intp] = np.minimum(np.maximum(found, 0), len(self.left) - 1)  # clip takes thrice the time
        return inside

    def at(self, level: Floats) -> Floats:
        """The values at levels; what is a hair below a break has reached it."""
        below, above = self.interval(level - CLOSE), self.interval(level + CLOSE)
        found: Floats = np.minimum(self.line(below, level), self.line(above, level))
        return found

    @property
    def at_breaks(self) -> Floats:
        """The values at the breaks."""
        found: Floats = np.minimum(np.append(self.left, NEVER), np.insert(self.right, 0, NEVER))
        return found


def lowest(breaks: Floats, left: Floats, right: Floats, tolerance: float) -> Worth:
    """The lower envelope of lines.

    Args:
        breaks: levels, rising.
        left: values at the beginning of each interval, a row a line.
        right: values at its end.
        tolerance: what of a cost is nothing.
    """
    for _ in range(_ROUNDS):
        lowest_left, lowest_right = left.min(axis=0), right.min(axis=0)
        both = (left <= lowest_left + tolerance) & (right <= lowest_right + tolerance)
        split = np.flatnonzero(~both.any(axis=0))
        if not len(split):
            break
        first, second = left[:, split].argmin(axis=0), right[:, split].argmin(axis=0)
        over_left = left[second, split] - left[first, split]
        over_right = right[first, split] - right[second, split]
        share = over_left / (over_left + over_right)
        middle = left[:, split] + share * (right[:, split] - left[:, split])
        cut = breaks[split] + share * (breaks[split + 1] - breaks[split])
        left = np.insert(left, split + 1, middle, axis=1)
        right = np.insert(right, split, middle, axis=1)
        breaks = np.insert(breaks, split + 1, cut)
    best = np.argmax(both, axis=0)
    index = np.arange(len(best))
    return _joined(breaks, left[best, index], right[best, index], tolerance)


def _joined(breaks: Floats, left: Floats, right: Floats, tolerance: float) -> Worth:
    """Without breaks at which nothing happens, and without intervals that are none."""
    wide = np.diff(breaks) > CLOSE
    if not wide.all():
        breaks, left, right = np.append(breaks[:-1][wide], breaks[-1]), left[wide], right[wide]
    while True:
        length = np.diff(breaks)
        straight = left[:-1] + (right[1:] - left[:-1]) * length[:-1] / (length[:-1] + length[1:])
        same = (np.abs(right[:-1] - left[1:]) <= tolerance) & (np.abs(straight - left[1:]) <= tolerance)
        if not same.any():
            return Worth(breaks, left, right)
        run = np.arange(len(same)) - np.maximum.accumulate(np.where(same, -1, np.arange(len(same))))
        same &= run % 2 == 1  # every other one: what is judged is judged by its neighbours' ends
        keep, last = np.append(True, ~same), np.append(~same, True)
        breaks, left, right = np.append(breaks[:-1][keep], breaks[-1]), left[keep], right[last]
