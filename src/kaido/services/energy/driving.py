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
_USUAL_WORTH = 1.5
_DECISIONS_WORTH = 2.5
_RATIOS = (0.4, 2.5)
_USUAL_C = 20.0
_GOES_ON = 0.75
"""How likely a trip is followed by the one that followed it: there and back, and what else a day has."""
_THERE_AND_BACK = 2.0
"""Trips to one decision to drive."""
_ANYBODYS = (
    (0.55, 6_000.0, 7.0, 1.25),
    (0.20, 12_000.0, 11.0, 1.2),
    (0.14, 20_000.0, 18.0, 1.1),
    (0.085, 40_000.0, 27.0, 1.04),
    (0.025, 100_000.0, 30.0, 1.03),
)
"""How likely, metres, mean speed while moving, and duration as a multiple of the time in motion. Lengths as household
travel surveys have them (National Household Travel Survey, 2017: six of ten vehicle trips under 6 miles, three of four
under 10, the mean about 9.5 miles)."""


@dataclass(frozen=True, eq=False)
class Driving:
    """Trips that the driving ahead is made of.

    Attributes:
        trips: columns.
        worth: of each: how many decisions' evidence it is (the concentrations of a Dirichlet distribution).
        ratios: what each took as a multiple of what the model says; NaN where not known.
        scatter: how much a road is off the model where that is not known.
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
            return cls._anybodys(fit.elsewhere)
        age_s = trips.start_s[-1] - trips.start_s
        weights = np.where(np.isfinite(ratios), fit.weights[recent], 1.0)
        weights = np.where(age_s < RECENT_S, weights * 0.5 ** (age_s / _HALF_LIFE_S), 0.0)
        kept = weights > 0
        worth = weights[kept] * weights.sum() / float(np.sum(weights**2)) / _THERE_AND_BACK
        count = int(kept.sum())
        like = f"its {count} most recent trip{'s' * (count > 1)}"
        return cls(trips.take(kept), worth, np.clip(ratios[kept], *_RATIOS), fit.elsewhere, like)

    @classmethod
    def ahead(cls, fit: Fit) -> Driving:
        """The recent one, and beside it as much of anybody's as a few trips leave open."""
        own = cls.recent(fit)
        if not len(fit.trips):
            return own
        usual = cls._anybodys(fit.elsewhere)
        return cls(
            own.trips.then(usual.trips),
            np.append(own.worth, usual.worth),
            np.append(own.ratios, usual.ratios),
            fit.elsewhere,
            own.like,
        )

    @classmethod
    def _anybodys(cls, scatter: float) -> Driving:
        likely, length, speed, slower = np.array(_ANYBODYS).T
        moving, level, unknown = length / speed, np.zeros_like(length), np.full_like(length, np.nan)
        trips = Trips(unknown, length, moving * slower, moving, unknown, unknown, unknown, level + _USUAL_C, level)
        return cls(trips, _USUAL_WORTH * likely, unknown, scatter, "mixed driving, no trip is known")

    @property
    def following(self) -> NDArray[np.intp]:
        """The trip that was driven after each, -1 behind the newest; anybody's trip goes there and back again."""
        own = int(np.isfinite(self.trips.start_s).sum())
        found = np.arange(len(self.trips))
        found[:own] += 1
        found[own - 1 : own] = -1
        return found

    @property
    def likely(self) -> Floats:
        """How likely each trip is to be the next."""
        found: Floats = self.worth / self.worth.sum()
        return found

    def draw(self, by_model: Floats, count: int, chance: np.random.Generator) -> tuple[NDArray[np.intp], Floats]:
        """Trips ahead (which, a row a draw), and how far off the model each is.

        Each draw has a mixture of its own: few trips say little of what a car does (the Bayesian bootstrap). Trips come
        in runs, as they were driven (the stationary bootstrap): who drives far drives as far back, so that a range
        rests on fewer decisions than trips. A trip that was driven before is off as it was then, the more trips are
        known the more surely; else its road is off by as much each time that it is driven.

        Args:
            by_model: what each draw's model says that each trip took then, as a multiple of what the fit says: so much
                less is it off the draw's model.
            count: trips of each draw.
            chance: to draw by.
        """
        draws = len(by_model)
        mixtures = chance.gamma(self.worth, size=(draws, len(self.worth))) + 1e-12
        steps = np.cumsum(mixtures, axis=1)
        drawn = chance.random((draws, count)) * steps[:, -1:]
        which = np.array([np.searchsorted(row, places) for row, places in zip(steps, drawn, strict=True)])
        goes_on, after = chance.random((draws, count)) < _GOES_ON, self.following
        for place in range(1, count):
            following = after[which[:, place - 1]]
            which[:, place] = np.where(goes_on[:, place] & (following >= 0), following, which[:, place])
        roads = np.exp(self.scatter * chance.standard_normal(mixtures.shape))
        as_then = chance.random(mixtures.shape) < 1 / (1 + _DECISIONS_WORTH / self.worth.sum())
        ratios = np.where(np.isfinite(self.ratios) & as_then, self.ratios / by_model, roads)
        return which, np.take_along_axis(ratios, which, axis=1)
