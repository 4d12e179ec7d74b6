"""A wish as numbers: what each step may take, gives, and costs."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING

import numpy as np

from kaido.errors import InvalidInputError
from kaido.services.planning.checking import check
from kaido.services.planning.flow import Bands, Flow
from kaido.services.tariffs.zone import US

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from kaido.services.planning.model import Objective, Wish
    from kaido.services.tariffs import Tariff

    Floats = NDArray[np.float64]
    Times = NDArray[np.int64]

MOST_STEPS = 1_000
_WH = 1_000.0
_PRICES_KEPT = 64


@dataclass(frozen=True, eq=False)
class Charger:
    """From the wall to the battery: linear between points, through (0, 0).

    Attributes:
        wall_w, battery_w: points, rising; the line through the last two goes on.
        standby_w: lost besides while it charges.
    """

    wall_w: Floats
    battery_w: Floats
    standby_w: float

    @property
    def is_linear(self) -> bool:
        """Whether the efficiency is the same at any power."""
        return len(self.wall_w) == 2  # noqa: PLR2004  # (0, 0) and one more

    @property
    def efficiency(self) -> float:
        """The efficiency of the linear one, without the standby."""
        return float(self.battery_w[-1] / self.wall_w[-1])

    def best_efficiency(self, most_w: float) -> float:
        """The highest efficiency up to a power, without the standby; at a point or at the end."""
        walls = np.append(self.wall_w[1:], max(most_w, self.wall_w[-1]))
        return float((_along(self.wall_w, self.battery_w, walls) / walls).max())

    def gain_w(self, wall_w: Floats | float) -> Floats:
        """What the battery gets."""
        return _along(self.wall_w, self.battery_w, np.asarray(wall_w, np.float64)) - self.standby_w

    def wall_of(self, gain_w: Floats | float) -> Floats:
        """What the wall gives for it; nothing for nothing."""
        gain = np.asarray(gain_w, np.float64)
        return np.where(gain > 0, _along(self.battery_w, self.wall_w, gain + self.standby_w), 0.0)


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be solved.

    Attributes:
        starts_us: of the steps; ``hours`` is the length of each.
        grid_price, solar_price: of a Wh, in what is minimised; without tiers.
        solar_wh: what the roof gives besides what the house needs, a step each.
        base_w: what the house draws from the grid without the car.
        low_w, high_w: limits of a step that charges, from the wall; where it cannot, both are 0.
        level_wh, target_wh: what the battery has, and what it is to have.
        month: the number of the billing month, from 0.
    """

    wish: Wish
    starts_us: Times
    hours: float
    grid_price: Floats
    solar_price: float
    solar_wh: Floats
    base_w: Floats
    low_w: Floats
    high_w: Floats
    level_wh: float
    target_wh: float
    charger: Charger
    bands: Bands
    month: NDArray[np.int64]

    @classmethod
    def of(cls, wish: Wish) -> Problem:
        """The problem that a wish is.

        Raises:
            InvalidInputError: a number cannot be, or there is no whole step until the departure.
        """
        check(wish)
        car, site = wish.car, wish.site
        starts = _steps(wish)
        hours = wish.step_s / 3_600
        base, solar = (
            _series(name, given, len(starts)) for name, given in (("base", site.base_w), ("solar", site.solar_w))
        )
        charger = _charger(wish)
        least = max(car.min_w, float(charger.wall_of(1e-6)) if charger.standby_w else 0.0)
        free = np.full(len(starts), np.inf) if site.limit_w is None else np.maximum(site.limit_w - base, 0.0)
        high = np.minimum(car.max_w, free)
        can = (high >= least) & (high > 0) & (charger.gain_w(high) > 0)
        grid, solar_price, month = _prices(wish.tariff, wish.objective, int(starts[0]), len(starts), wish.step_s)
        return cls(
            wish,
            starts,
            hours,
            grid,
            solar_price,
            np.maximum(solar - base, 0.0) * hours,
            np.maximum(base - solar, 0.0),
            np.where(can, least, 0.0),
            np.where(can, high, 0.0),
            car.capacity_wh * car.soc_percent / 100,
            car.capacity_wh * wish.target_percent / 100,
            charger,
            _bands(wish),
            month,
        )

    @property
    def need_wh(self) -> float:
        """What the battery is to gain."""
        return self.target_wh - self.level_wh

    @property
    def top_wh(self) -> float:
        """What the plan may reach at most: one least step above the target where there is a least power."""
        least = self.low_w[self.high_w > 0]
        over = max(float(self.charger.gain_w(least.max())) * self.hours, 0.0) if len(least) else 0.0
        top = self.target_wh + (over if self.wish.car.min_w > 0 else 0.0)
        return min(top, max(self.wish.car.capacity_wh, self.target_wh)) if self.wish.car.taper else top

    def most(self, watts: float) -> Flow:
        """Where a step of so much power from the wall leads."""
        gain = float(self.charger.gain_w(watts))
        top = max(self.top_wh, self.level_wh + 1.0)
        if not self.wish.car.taper:
            top += max(gain, 0.0) * self.hours  # what ends above the top is not chosen; nothing is cut there
        if gain <= 0 or watts <= 0:
            return Flow(np.array([self.level_wh, top]), np.array([self.level_wh, top]))
        return self.bands.flow(self.level_wh, top, gain, 3_600 * self.hours)

    def wall_of(self, gain_wh: Floats) -> Floats:
        """What the steps take from the wall, where the battery gains so much in each."""
        return self.charger.wall_of(gain_wh / self.hours) * self.hours

    def grid_of(self, wall_wh: Floats) -> Floats:
        """What of it comes from the grid."""
        return np.maximum(wall_wh - self.solar_wh, 0.0)

    def value(self, wall_wh: Floats) -> float:
        """What is minimised, without tiers and demand."""
        grid = self.grid_of(wall_wh)
        return float(self.grid_price @ grid + self.solar_price * (wall_wh - grid).sum())

    def between(self, level_wh: float, target_wh: float) -> Problem:
        """The same from another level to another target."""
        return replace(self, level_wh=level_wh, target_wh=target_wh)

    def dearer(self, added: Floats) -> Problem:
        """The same with so much more for a Wh of the grid, a step each."""
        return replace(self, grid_price=self.grid_price + added)

    def capped(self, high_w: Floats) -> Problem:
        """The same with no more power than that, a step each."""
        high = np.minimum(self.high_w, high_w)
        can = (high >= self.low_w) & (high > 0)
        return replace(self, low_w=np.where(can, self.low_w, 0.0), high_w=np.where(can, high, 0.0))


def _along(xs: Floats, ys: Floats, at: Floats) -> Floats:
    beyond = ys[-1] + (at - xs[-1]) * (ys[-1] - ys[-2]) / (xs[-1] - xs[-2])
    return np.where(at > xs[-1], beyond, np.interp(at, xs, ys))


def _steps(wish: Wish) -> Times:
    size = wish.step_s * US
    first, last = -(-_us(wish.start) // size), _us(wish.departure) // size
    if last <= first:
        raise InvalidInputError(
            "there is no time to charge",
            why=f"no whole step of {wish.step_s} s lies between {wish.start} and {wish.departure}",
            fix="Depart later, or make the steps shorter",
        )
    if last - first > MOST_STEPS:
        raise InvalidInputError(
            f"the plan would have {last - first} steps", why=f"{MOST_STEPS} are the most", fix="Make the steps longer"
        )
    return np.arange(first, last, dtype=np.int64) * size


def _us(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * US)


def _series(name: str, given: float | Sequence[float], length: int) -> Floats:
    found = np.asarray(given, np.float64)
    if found.ndim and len(found) != length:
        raise InvalidInputError(
            f"the {name} load has {len(found)} values",
            why=f"the plan has {length} steps",
            fix="Give a value a step, or one",
        )
    if not np.isfinite(found).all() or (found < 0).any():
        raise InvalidInputError(f"the {name} load is a power that is not negative")
    return np.broadcast_to(found, length)


def _charger(wish: Wish) -> Charger:
    car = wish.car
    points = [(car.max_w, car.efficiency)] if isinstance(car.efficiency, int | float) else list(car.efficiency)
    wall = np.array([0.0, *(watts for watts, _ in points)])
    return Charger(wall, np.array([0.0, *(watts * share for watts, share in points)]), car.standby_w)


def _bands(wish: Wish) -> Bands:
    car = wish.car
    top = 2 * car.capacity_wh
    if not car.taper:
        return Bands.none(top)
    ends = [car.capacity_wh * percent / 100 for percent, _ in car.taper]
    return Bands(np.array([*ends[:-1], top]), np.array([watts for _, watts in car.taper]))


@functools.lru_cache(maxsize=_PRICES_KEPT)
def _prices(
    tariff: Tariff, objective: Objective, first_us: int, count: int, step_s: int
) -> tuple[Floats, float, NDArray[np.int64]]:
    """Prices of a Wh of grid and roof, and billing months; many cars of a fleet share them."""
    starts = first_us + np.arange(count, dtype=np.int64) * step_s * US
    months = tariff.billing_month(starts)
    months -= months[0]
    if objective == "carbon":
        return tariff.carbon(starts, step_s) / _WH, 0.0, months
    return tariff.mean_price(starts, step_s) / _WH, tariff.export_price_per_kwh / _WH, months
