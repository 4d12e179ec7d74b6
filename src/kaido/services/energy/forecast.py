"""How far a car will go: not a number but a distribution, drawn from everything that is not known.

Drawn are the car's factors (their posterior), the energy between now and the reserve (capacity, steps of the state of
charge), the temperature, and the driving ahead: trips like its recent ones, each as far off the model as trips were.
The same question gives the same answer: the seed is fixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.errors import InvalidInputError
from kaido.services.energy.driving import Driving
from kaido.services.energy.fit import Design

if TYPE_CHECKING:
    from kaido.services.energy.cycle import Floats
    from kaido.services.energy.fit import Fit
    from kaido.services.energy.route import Route
    from kaido.services.energy.trips import Trips

DRAWS = 1_000

_SEED = 20_260_101
_PERIOD = 0.5
"""How much of a trip's scatter stays for days: weather, a driver, a load."""
_TEMPERATURE_SD_C = 2.0
_SOC_SD_PERCENT = 0.35
_COLD_BELOW_C, _COLD_PER_K = 10.0, 0.003
_MOST_AHEAD = 400
_ENOUGH = 1.6
_LEAST_WH_PER_M, _LEAST_WH, _LEAST_PART = 0.02, 20.0, 0.2


@dataclass(frozen=True)
class Capacity:
    """Energy between full and empty, at the battery's terminals.

    Attributes:
        wh: most likely.
        sd_wh: its standard deviation.
        method: where it comes from, for people.
    """

    wh: float
    sd_wh: float
    method: str


@dataclass(frozen=True)
class Quantiles:
    """One in ten is below p10, half are below p50, nine in ten below p90."""

    p10: float
    p50: float
    p90: float

    @classmethod
    def of(cls, draws: Floats) -> Quantiles:
        """Of draws."""
        return cls(*(float(value) for value in np.quantile(draws, (0.1, 0.5, 0.9))))


@dataclass(frozen=True)
class OnRoute:
    """What a route takes.

    Attributes:
        distance_m: its length.
        energy_wh: what it takes.
        arrival_soc_percent: state of charge at its end, negative where it does not get there.
        arrives: probability that the reserve is left at its end.
    """

    distance_m: float
    energy_wh: Quantiles
    arrival_soc_percent: Quantiles
    arrives: float


@dataclass(frozen=True)
class Forecast:
    """How far it goes.

    Attributes:
        range_m: metres until only the reserve is left.
        wh_per_m: consumption ahead.
        energy_wh: what there is above the reserve.
        on_route: where a route was given.
        like: what the driving ahead is taken from, for people.
        fit: what it rests on.
    """

    range_m: Quantiles
    wh_per_m: Quantiles
    energy_wh: Quantiles
    on_route: OnRoute | None
    like: str
    fit: Fit


def forecast(
    fit: Fit,
    capacity: Capacity,
    *,
    soc_percent: float,
    temperature_c: float,
    reserve_percent: float = 0.0,
    route: Route | None = None,
    draws: int = DRAWS,
) -> Forecast:
    """The distribution of the range.

    Args:
        fit: what is known of the car.
        capacity: of its battery.
        soc_percent: state of charge now.
        temperature_c: of the air outside, now and for a while.
        reserve_percent: state of charge at which the range ends.
        route: what is ahead; without it, driving like the recent one.
        draws: how many.

    Raises:
        InvalidInputError: a percentage that none is, or a temperature that no air has.
    """
    for what, value, low, high in (
        ("the state of charge", soc_percent, 0, 100),
        ("the reserve", reserve_percent, 0, 100),
        ("the temperature", temperature_c, -60, 70),
    ):
        if not low <= value <= high:
            raise InvalidInputError(f"{what} is {value:g}", why=f"it lies between {low} and {high}")
    chance = np.random.default_rng(_SEED)
    factors = np.maximum(chance.multivariate_normal(fit.factors, fit.covariance, draws, method="cholesky"), 0.05)
    air_c = temperature_c + _TEMPERATURE_SD_C * chance.standard_normal(draws)
    cold = np.maximum(_COLD_PER_K * (1 + 0.5 * chance.standard_normal(draws)), 0) * max(
        _COLD_BELOW_C - temperature_c, 0
    )
    whole_wh = np.maximum(capacity.wh + capacity.sd_wh * chance.standard_normal(draws), 0.3 * capacity.wh) * (1 - cold)
    soc = np.clip(soc_percent + _SOC_SD_PERCENT * chance.standard_normal(draws), 0, 100)
    available_wh = np.maximum(soc - reserve_percent, 0.0) / 100 * whole_wh
    if route is not None:
        along_m, used_wh = _along(fit, route, factors, air_c, chance)
        arrival = soc - 100 * used_wh[:, -1] / whole_wh
        return Forecast(
            Quantiles.of(_where_used(along_m, used_wh, available_wh)),
            Quantiles.of(used_wh[:, -1] / route.length_m),
            Quantiles.of(available_wh),
            OnRoute(
                route.length_m,
                Quantiles.of(used_wh[:, -1]),
                Quantiles.of(arrival),
                float(np.mean(arrival >= reserve_percent)),
            ),
            "the route that was given",
            fit,
        )
    return _like_recently(fit, factors, air_c, available_wh, temperature_c, chance)


def _like_recently(
    fit: Fit, factors: Floats, air_c: Floats, available_wh: Floats, temperature_c: float, chance: np.random.Generator
) -> Forecast:
    """Trips one after the other, drawn from the recent ones, until the energy is used."""
    driving = Driving.ahead(fit)
    per_m, lengths = _per_metre(fit, driving.trips, factors, air_c, temperature_c), driving.trips.distance_m
    usual_wh = float(np.dot(driving.likely, per_m.mean(axis=0) * lengths))
    count = int(np.clip(_ENOUGH * np.quantile(available_wh, 0.95) / max(usual_wh, 1.0) + 2, 4, _MOST_AHEAD))
    then = Design.of_trips(fit.vehicle, driving.trips).columns
    by_model = np.maximum(factors @ then.T / np.maximum(then @ fit.factors, _LEAST_WH), _LEAST_PART)
    which, ratios = driving.draw(by_model, count, chance)
    period = np.exp(_PERIOD * fit.scatter * chance.standard_normal((len(factors), 1)))
    each = np.take_along_axis(per_m, which, axis=1) * ratios * period
    metres = np.cumsum(lengths[which], axis=1)
    used = np.cumsum(each * lengths[which], axis=1)
    range_m = _where_used(metres, used, available_wh)
    mean = available_wh / np.maximum(range_m, 1.0)
    nothing = available_wh <= 0
    mean[nothing] = (used[:, -1] / metres[:, -1])[nothing]
    return Forecast(Quantiles.of(range_m), Quantiles.of(mean), Quantiles.of(available_wh), None, driving.like, fit)


def _per_metre(fit: Fit, driving: Trips, factors: Floats, air_c: Floats, temperature_c: float) -> Floats:
    """Wh/m of each draw (rows) on each of the trips (columns), by the model alone."""
    middle, warmer, colder = (
        Design.of_trips(fit.vehicle, driving, c).columns / driving.distance_m[:, None]
        for c in (temperature_c, temperature_c + 1.0, temperature_c - 1.0)
    )
    level = factors @ middle.T
    slope = factors @ ((warmer - colder) / 2).T
    found: Floats = np.maximum(level + slope * (air_c - temperature_c)[:, None], _LEAST_WH_PER_M)
    return found


def _where_used(metres: Floats, used: Floats, available_wh: Floats) -> Floats:
    """Metres at which each draw (rows) has used what it has; beyond the last trip it goes on as on average."""
    start = np.zeros((len(metres), 1))
    metres, used = np.hstack([start, metres]), np.hstack([start, np.maximum.accumulate(used, axis=1)])
    inside = np.array([np.interp(have, wh, m) for have, wh, m in zip(available_wh, used, metres, strict=True)])
    beyond = np.maximum(available_wh - used[:, -1], 0.0) / np.maximum(used[:, -1] / metres[:, -1], _LEAST_WH_PER_M)
    return inside + beyond


def _along(
    fit: Fit, route: Route, factors: Floats, air_c: Floats, chance: np.random.Generator
) -> tuple[Floats, Floats]:
    """Metres and energy used up to the end of each stretch, a row a draw; a drive is off the model as a whole."""
    middle_c = float(air_c.mean())
    level, warmer = (
        Design.of(
            fit.vehicle,
            distance_m=route.distance_m,
            speed_mps=route.speed_mps,
            duration_s=route.duration_s,
            temperature_c=np.full(len(route.distance_m), c),
            climb_m=route.climb_m,
        ).columns
        for c in (middle_c, middle_c + 1.0)
    )
    each = factors @ level.T + (air_c - middle_c)[:, None] * (factors @ (warmer - level).T)
    scatter = float(np.hypot(fit.elsewhere, _PERIOD * fit.scatter))
    each = each * np.exp(scatter * chance.standard_normal((len(factors), 1)))
    return np.tile(np.cumsum(route.distance_m), (len(factors), 1)), np.cumsum(each, axis=1)
