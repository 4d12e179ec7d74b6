"""Where numbers lie on an axis: what drawings in a page's SVG are made with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH = 300.0
"""Of a drawing, in its own units; the page makes it as wide as there is room."""
_STEPS = (1, 2, 2.5, 5, 10)
_TICKS = 4


@dataclass(frozen=True)
class Scale:
    """From ``low`` to ``high`` over ``WIDTH``.

    Attributes:
        ticks: round numbers between, ascending.
    """

    low: float
    high: float
    ticks: tuple[float, ...]

    @classmethod
    def over(cls, values: Iterable[float | None], *, zero: bool = False) -> Scale:
        """A scale on which all of the values lie, and its ends are round.

        Args:
            values: None and infinities are left out.
            zero: whether it shall begin at zero (or end there).
        """
        found = [value for value in values if value is not None and math.isfinite(value)]
        low, high = (min(found), max(found)) if found else (0.0, 1.0)
        if zero:
            low, high = min(low, 0.0), max(high, 0.0)
        if low == high:
            low, high = low - (0.0 if zero and low == 0 else 0.5), high + 0.5
        step = _step((high - low) / _TICKS)
        first, last = math.floor(low / step), math.ceil(high / step)
        return cls(first * step, last * step, tuple(number * step for number in range(first, last + 1)))

    def at(self, value: float) -> float:
        """Where a value lies, from 0 to ``WIDTH``; beyond the ends, the end."""
        share = (value - self.low) / (self.high - self.low)
        return round(WIDTH * min(max(share, 0.0), 1.0), 2)

    @property
    def digits(self) -> int:
        """Behind the point, that the ticks need."""
        step = min((after - before for before, after in pairwise(self.ticks)), default=1.0)
        return max(0, -math.floor(math.log10(step) + 1e-9) + (1 if _is_half(step) else 0))


def _step(least: float) -> float:
    """The next round number."""
    size = 10.0 ** math.floor(math.log10(least))
    return next(step * size for step in _STEPS if step * size >= least * (1 - 1e-9))


def _is_half(step: float) -> bool:
    """Whether a step is 2.5 of something."""
    return math.isclose(step / 10.0 ** math.floor(math.log10(step) + 1e-9), 2.5)
