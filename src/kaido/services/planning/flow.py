"""How far a battery gets in a step, from any level: its own limits at work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bands:
    """The battery's own limits: the most power into it in each band of its level.

    Attributes:
        ends_wh: where each band ends, rising; the last at the top.
        watts: the most power in each, more than 0.
    """

    ends_wh: Floats
    watts: Floats

    @classmethod
    def none(cls, top_wh: float) -> Bands:
        """No limits up to a level."""
        return cls(np.array([top_wh]), np.array([np.inf]))

    def flow(self, floor_wh: float, top_wh: float, watts: float, seconds: float) -> Flow:
        """Where a step of constant power ends.

        In a band of rate r = min(power, the band's limit) the level rises by r dt, so the time to reach a level,
        τ(E) = ∫ dE / r, is linear in each band, and a step leads from E to τ⁻¹(τ(E) + dt): linear in pieces, too.

        Args:
            floor_wh: the lowest level that matters.
            top_wh: the highest; it ends there.
            watts: into the battery, more than 0.
            seconds: of the step.
        """
        inside = (self.ends_wh > floor_wh) & (self.ends_wh < top_wh)
        levels = np.concatenate([[floor_wh], self.ends_wh[inside], [top_wh]])
        band = np.minimum(np.searchsorted(self.ends_wh, levels[:-1], side="right"), len(self.watts) - 1)
        rates = np.minimum(self.watts[band], watts)
        hours = np.concatenate([[0.0], np.cumsum(np.diff(levels) / rates)])
        step = seconds / 3_600
        earlier = np.interp(hours - step, hours, levels)
        kinks = np.unique(np.concatenate([levels, earlier]))
        return Flow(kinks, np.interp(np.interp(kinks, levels, hours) + step, hours, levels))


@dataclass(frozen=True)
class Flow:
    """A function of the level, linear between its kinks: where a step leads that begins there."""

    levels: Floats
    ends: Floats

    def __call__(self, level: Floats) -> Floats:
        """Where a step from a level ends."""
        return np.interp(level, self.levels, self.ends)

    def sources(self, ends: Floats) -> Floats:
        """From which levels a step ends there; of several the lowest."""
        found = np.searchsorted(self.ends, ends, side="left")
        at: NDArray[np.intp] = np.minimum(np.maximum(found, 1), len(self.ends) - 1)
        low, high = self.ends[at - 1], self.ends[at]
        share = np.divide(ends - low, high - low, out=np.zeros_like(ends), where=high > low)
        return self.levels[at - 1] + np.clip(share, 0.0, 1.0) * (self.levels[at] - self.levels[at - 1])

    def meets(self, gain: float) -> Floats:
        """The levels from which a step gains exactly so much: where it begins to be possible, or ends."""
        over = self.ends - self.levels - gain
        cross = np.flatnonzero(over[:-1] * over[1:] < 0)
        share = over[cross] / (over[cross] - over[cross + 1])
        return self.levels[cross] + share * (self.levels[cross + 1] - self.levels[cross])
