"""The driving ahead of a car: like its recent trips, the newer the more likely, and a little like anybody's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.services.energy.trips import Trips

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kaido.services.energy.cycle import Floats
    from kaido.services.energy.fit import Fit

RECENT_TRIPS, RECENT_S = 100, 60 * 86_400.0

_HALF_LIFE_S = 14 * 86_400.0
_USUAL_WORTH = 3.0
_TRIPS_WORTH = 5.0
_RATIOS = (0.4, 2.5)
_ANYBODYS = (
    (6_000.0, 7.0, 1.25),
    (12_000.0, 11.0, 1.2),
    (20_000.0, 18.0, 1.1),
    (40_000.0, 27.0, 1.04),
    (100_000.0, 30.0, 1.03),
)
"""Metres, mean speed while moving, and duration as a multiple of the time in motion."""


@dataclass(frozen=True, eq=False)
class Driving:
    """Trips that the driving ahead is made of.

    Attributes:
        trips: columns.
        worth: of each: how many trips' evidence it is (the concentrations of a Dirichlet distribution).
        ratios: what each took as a multiple of what the model says; NaN where not known.
        scatter: how much a trip is off the model where that is not known.
        like: what it is, for people.
    """

    trips: Trips
    worth: Floats
    ratios: Floats
    scatter: float
    like: str

    @classmethod
    def recent(cls, fit: Fit) -> Driving:
        """The car's own recent trips; anybody's where it has none."""
        recent = slice(-RECENT_TRIPS, None)
        trips, ratios = fit.trips.take(recent), fit.ratios[recent]
        if not len(trips):
            return cls._anybodys(fit.scatter)
        age_s = trips.start_s[-1] - trips.start_s
        weights = np.where(np.isfinite(ratios), fit.weights[recent], 1.0)
        weights = np.where(age_s < RECENT_S, weights * 0.5 ** (age_s / _HALF_LIFE_S), 0.0)
        kept = weights > 0
        worth = weights[kept] * weights.sum() / float(np.sum(weights**2))
        count = int(kept.sum())
        like = f"its {count} most recent trip{'s' * (count > 1)}"
        return cls(trips.take(kept), worth, np.clip(ratios[kept], *_RATIOS), fit.scatter, like)

    @classmethod
    def ahead(cls, fit: Fit) -> Driving:
        """The recent one, and beside it as much of anybody's as a few trips leave open."""
        own = cls.recent(fit)
        if not len(fit.trips):
            return own
        usual = cls._anybodys(fit.scatter)
        return cls(
            own.trips.then(usual.trips),
            np.append(own.worth, usual.worth),
            np.append(own.ratios, usual.ratios),
            fit.scatter,
            own.like,
        )

    @classmethod
    def _anybodys(cls, scatter: float) -> Driving:
        length, speed, slower = np.array(_ANYBODYS).T
        moving, level, unknown = length / speed, np.zeros_like(length), np.full_like(length, np.nan)
        trips = Trips(level, length, moving * slower, moving, unknown, unknown, unknown, level, level)
        worth = np.full(len(length), _USUAL_WORTH / len(length))
        return cls(trips, worth, unknown, scatter, "mixed driving, no trip is known")

    @property
    def likely(self) -> Floats:
        """How likely each trip is to be the next."""
        found: Floats = self.worth / self.worth.sum()
        return found

    def draw(self, draws: int, count: int, chance: np.random.Generator) -> tuple[NDArray[np.intp], Floats]:
        """Trips ahead (which, a row a draw), and how far off the model each is.

        Each draw has a mixture of its own: few trips say little of what a car does (the Bayesian bootstrap). A trip
        that was driven before is off as it was then, the more trips are known the more surely.
        """
        mixtures = chance.gamma(self.worth, size=(draws, len(self.worth))) + 1e-12
        steps = np.cumsum(mixtures, axis=1)
        drawn = chance.random((draws, count)) * steps[:, -1:]
        which = np.array([np.searchsorted(row, places) for row, places in zip(steps, drawn, strict=True)])
        free = np.exp(self.scatter * chance.standard_normal(which.shape))
        own = self.ratios[which]
        known = np.isfinite(own) & (chance.random(which.shape) < 1 / (1 + _TRIPS_WORTH / self.worth.sum()))
        return which, np.where(known, own, free)
