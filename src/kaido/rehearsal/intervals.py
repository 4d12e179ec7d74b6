"""How sure a mean of vehicle-days is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONFIDENCE = 0.9
_DRAWS = 4_000
_TAILS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)


@dataclass(frozen=True)
class Interval:
    """A mean a vehicle and day, with its 90 % interval; ``high`` is None where nothing bounds it."""

    mean: float
    low: float
    high: float | None


def of_counts(counts: NDArray[np.int64], shares: NDArray[np.float64] | None = None) -> Interval:
    """The rate of events, from their counts on N vehicle-days, of which each was there to a share (by itself whole).

    The wider of two intervals: the bootstrap over vehicle-days, which knows that days differ, and the exact one of a
    Poisson rate (Garwood 1936), which knows that no event in N days does not mean that there will never be one. The
    gamma quantiles of the latter are drawn. Both are ratios: counts to the days that they were counted in.
    """
    shares = np.ones(len(counts)) if shares is None else shares
    low, high = _bootstrap(counts, shares)
    total, days = int(counts.sum()), float(shares.sum())
    random = np.random.default_rng(1)
    least = float(np.quantile(random.gamma(total, size=_DRAWS), _TAILS[0])) if total else 0.0
    most = float(np.quantile(random.gamma(total + 1, size=_DRAWS), _TAILS[1]))
    return Interval(total / days, min(low, least / days), max(high, most / days))


def of_amounts(amounts: NDArray[np.int64], events: Interval, shares: NDArray[np.float64] | None = None) -> Interval:
    """What the events of those vehicle-days add up to, for example bytes.

    Args:
        amounts: one a vehicle-day.
        events: the rate of the events.
        shares: how much of each day was there; all of it, where nothing is said.
    """
    shares = np.ones(len(amounts)) if shares is None else shares
    low, high = _bootstrap(amounts, shares)
    mean = float(amounts.sum()) / float(shares.sum())
    if not events.mean:
        return Interval(mean, low, None)
    each = mean / events.mean
    return Interval(mean, min(low, each * events.low), max(high, each * (events.high or 0.0)))


def _bootstrap(values: NDArray[np.int64], shares: NDArray[np.float64]) -> tuple[float, float]:
    random = np.random.default_rng(0)
    drawn = random.integers(0, len(values), (_DRAWS, len(values)))
    means = values[drawn].sum(axis=1) / shares[drawn].sum(axis=1)
    low, high = np.quantile(means, _TAILS)
    return float(low), float(high)
