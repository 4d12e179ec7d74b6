"""The energy model of one car: the physics of its model times a few factors, learned from its own trips.

A trip takes   net = traction T - regeneration R + hours (base P0 + heating Ph + cooling Pc)

where T and R (Wh), P0, Ph and Pc (W) are what physics says of its distance, speed, temperature and climb, and the five
factors are near one. Their prior is the physics with a width; trips narrow it (Bayesian linear regression). Errors have
Student's t distribution, so that a trailer or a tow does not move the fit; and trips on one road are off alike: a
hundred drives to work say little more of another road than one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.services.energy.patterns import patterns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kaido.services.energy.cycle import Floats
    from kaido.services.energy.trips import Trips
    from kaido.services.energy.vehicle import Vehicle

FACTORS = ("traction", "regeneration", "base auxiliary", "heating", "cooling")
PRIOR_SD = np.array([0.15, 0.40, 0.30, 0.50, 0.50])
UNKNOWN_SD = np.array([0.25, 0.50, 0.40, 0.60, 0.60])
"""Where the model of a car is not known."""
SCATTER = 0.10
"""How much trips differ from the model before any is seen, as a share: wind, driver, traffic, load."""

_SCATTER_WORTH = 6.0
_LEAST_SCATTER = 0.02
_RECOVERY_SCATTER = 2.0
_METER_WH = 20.0
_LIKE_LENGTH = 0.03
_FREEDOM = 4.0
_ROUNDS = 12
_LEAST_WEIGHT = 0.10
_LEAST_FACTOR, _HOLD = 0.2, 100.0
_MOST_TRIPS = 2_000


@dataclass(frozen=True, eq=False)
class Design:
    """What physics says of drives, a row each: energy (Wh) that each factor scales; ``net = columns @ factors``."""

    columns: Floats
    returning: Floats

    @classmethod
    def of(
        cls,
        vehicle: Vehicle,
        *,
        distance_m: Floats,
        speed_mps: Floats,
        duration_s: Floats,
        temperature_c: Floats,
        climb_m: Floats,
    ) -> Design:
        """Of drives: metres, mean speed while moving, seconds from on to off, outside, and metres higher at the end."""
        taken = patterns(vehicle).taken(distance_m, speed_mps, temperature_c, climb_m)
        hours, auxiliary = duration_s / 3_600, vehicle.auxiliary
        powers = (
            np.full_like(hours, auxiliary.base_w),
            auxiliary.heating_w(temperature_c),
            auxiliary.cooling_w(temperature_c),
        )
        return cls(np.column_stack([taken.out_wh, -taken.in_wh, *(hours * power for power in powers)]), taken.returning)

    @classmethod
    def of_trips(cls, vehicle: Vehicle, trips: Trips, temperature_c: float | None = None) -> Design:
        """Of trips as they were, or as they were in the air of another temperature, on level ground."""
        asked = temperature_c is not None
        return cls.of(
            vehicle,
            distance_m=trips.distance_m,
            speed_mps=trips.speed_mps,
            duration_s=trips.duration_s,
            temperature_c=np.full(len(trips), temperature_c) if asked else trips.temperature_c,
            climb_m=np.zeros(len(trips)) if asked else trips.climb_m,
        )

    @property
    def recovery(self) -> Floats:
        """``recovered = recovery @ factors``: what is used while energy comes back never reaches the battery."""
        found = np.zeros_like(self.columns)
        found[:, 1] = -self.columns[:, 1]
        found[:, 2:] = -self.columns[:, 2:] * self.returning[:, None]
        return found


@dataclass(frozen=True, eq=False)
class Fit:
    """What is known of one car.

    Attributes:
        vehicle: its model.
        factors: of ``FACTORS``, mean.
        covariance: of the factors.
        prior_sd: of the factors before the first trip.
        scatter: how much trips on one road differ, as a share (standard deviation); from the model, where none was
            driven twice.
        elsewhere: how much a road differs from the model, however often it is driven.
        trips: those of the fit, oldest first.
        ratios: for each trip, what it took as a multiple of what the fitted model says; NaN where not measured.
        weights: for each trip, how much it counted, 0 to 1.
    """

    vehicle: Vehicle
    factors: Floats
    covariance: Floats
    prior_sd: Floats
    scatter: float
    elsewhere: float
    trips: Trips
    ratios: Floats
    weights: Floats

    @property
    def used(self) -> int:
        """Trips that say something and were believed."""
        return int((self.weights >= _LEAST_WEIGHT).sum())

    @property
    def left_out(self) -> int:
        """Trips that differ so much that they were hardly believed: towed, a trailer, a wrong sensor."""
        return int((np.isfinite(self.ratios) & (self.weights < _LEAST_WEIGHT)).sum())

    @property
    def sd(self) -> Floats:
        """Standard deviations of the factors."""
        found: Floats = np.sqrt(np.diag(self.covariance))
        return found


def fit(vehicle: Vehicle, trips: Trips) -> Fit:
    """Learn a car from its trips; without any, it is the physics of its model with the width of the prior.

    Args:
        vehicle: its model.
        trips: of the car; the newest 2,000 count.
    """
    trips = trips.take(slice(-_MOST_TRIPS, None))
    prior_sd = UNKNOWN_SD if "mass" in vehicle.assumed else PRIOR_SD
    precision = np.diag(prior_sd**-2.0)
    factors, scatter, elsewhere = np.ones(len(FACTORS)), SCATTER, SCATTER
    design = Design.of_trips(vehicle, trips)
    net, measured_sd = trips.used(vehicle.usable_wh)
    known = np.isfinite(net)
    weights = np.zeros(len(trips))
    covariance: Floats = np.linalg.inv(precision).astype(np.float64)
    if not known.any():
        unknown = np.full(len(trips), np.nan)
        return Fit(vehicle, factors, covariance, prior_sd, scatter, elsewhere, trips, unknown, weights)
    recovered = _Recovered.of(design, trips)
    rows, seen = design.columns[known], net[known]
    roads = _Roads.of(trips.distance_m[known])
    for _ in range(_ROUNDS):
        expected = np.maximum(rows @ factors, _METER_WH)
        spread = np.hypot(elsewhere * expected, measured_sd[known])
        weights[known] = (_FREEDOM + 1) / (_FREEDOM + ((seen - rows @ factors) / spread) ** 2)
        information, pull = precision.copy(), precision @ np.ones(len(FACTORS))
        for columns, values, sizes in [
            (rows, seen, weights[known] / (spread**2 + roads.others * (elsewhere * expected) ** 2)),
            recovered.weighted(factors),
        ]:
            information += columns.T @ (sizes[:, None] * columns)
            pull += columns.T @ (sizes * values)
        covariance, factors = _solved(information, pull)
        off = (seen - rows @ factors) / expected
        scatter = _scatter(roads.from_day_to_day(off), measured_sd[known] / expected, weights[known])
        elsewhere = max(roads.differ(off), scatter)
    ratios = np.full(len(trips), np.nan)
    ratios[known] = seen / np.maximum(rows @ factors, _METER_WH)
    return Fit(vehicle, factors, covariance, prior_sd, scatter, elsewhere, trips, ratios, np.minimum(weights, 1.0))


def _solved(information: Floats, pull: Floats) -> tuple[Floats, Floats]:
    """Covariance and mean. What would come out below the least that is sensible is held there; the others follow."""
    covariance: Floats = np.linalg.inv(information).astype(np.float64)
    factors: Floats = covariance @ pull
    low = factors < _LEAST_FACTOR
    if low.any():
        held = np.where(low, _HOLD * np.diag(information), 0.0)
        factors = np.linalg.solve(information + np.diag(held), pull + held * _LEAST_FACTOR)
    return covariance, factors


@dataclass(frozen=True, eq=False)
class _Roads:
    """Trips by the road they were driven on: trips of like length are taken for one road's.

    Attributes:
        number: of each trip's road.
        others: how many other trips are on it.
    """

    number: NDArray[np.intp]
    others: Floats

    @classmethod
    def of(cls, distance_m: Floats) -> _Roads:
        _, number, counts = np.unique(
            np.round(np.log(distance_m) / _LIKE_LENGTH), return_inverse=True, return_counts=True
        )
        return cls(number, (counts[number] - 1).astype(np.float64))

    def differ(self, off: Floats) -> float:
        """The share by which roads differ from the model; the first guess counts as a few roads."""
        middle = self._middle(off)
        return float(np.sqrt((_SCATTER_WORTH * SCATTER**2 + np.sum(middle**2)) / (_SCATTER_WORTH + len(middle))))

    def from_day_to_day(self, off: Floats) -> Floats:
        """What is left of trips' differences without their road's; all of it where a road was driven once."""
        count = self.others + 1
        apart = (off - self._middle(off)[self.number]) * np.sqrt(count / np.maximum(self.others, 1))
        return np.where(self.others > 0, apart, off)

    def _middle(self, off: Floats) -> Floats:
        return np.array([np.median(off[self.number == road]) for road in range(self.number.max() + 1)])


@dataclass(frozen=True, eq=False)
class _Recovered:
    """What came back into the battery: it tells regeneration from what driving takes."""

    columns: Floats
    values: Floats

    @classmethod
    def of(cls, design: Design, trips: Trips) -> _Recovered:
        known = np.isfinite(trips.in_wh)
        return cls(design.recovery[known], trips.in_wh[known])

    def weighted(self, factors: Floats) -> tuple[Floats, Floats, Floats]:
        """Columns, values and what each counts: one over its variance times Student's weight."""
        expected = self.columns @ factors
        spread = np.hypot(_RECOVERY_SCATTER * SCATTER * np.maximum(expected, _METER_WH), _METER_WH)
        off = (self.values - expected) / spread
        return self.columns, self.values, (_FREEDOM + 1) / (_FREEDOM + off**2) / spread**2


def _scatter(off: Floats, measured_sd: Floats, weights: Floats) -> float:
    """The share by which trips differ, beyond what the meters do; the first guess counts as a few trips."""
    beyond = np.maximum(off**2 - measured_sd**2, 0.0)
    total = _SCATTER_WORTH * SCATTER**2 + float(np.sum(weights * beyond))
    return max(float(np.sqrt(total / (_SCATTER_WORTH + len(off)))), _LEAST_SCATTER)
