"""Charge plans: one, or those of a fleet at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kaido.services.planning import billing, solving
from kaido.services.planning.billing import Best
from kaido.services.planning.problem import Problem
from kaido.services.planning.solving import COUNTING, ENOUGH_WH, EVERYTHING, GREEDY, Found
from kaido.services.tariffs.tariff import Cost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kaido.services.planning.model import Wish

    Floats = NDArray[np.float64]

_WH = 1_000.0
_TOGETHER = 2_000
_SOLAR = "solar energy not sold"


@dataclass(frozen=True)
class Step:
    """A step of a plan.

    Attributes:
        power_w: from the wall, the mean of the step; 0 where it does not charge. ``grid_w`` of it from the grid.
        price_per_kwh: of the grid's energy, without tiers.
        carbon_g_per_kwh: of the grid's energy; None where the tariff does not say.
        soc_percent: at its end.
    """

    start: datetime
    power_w: float
    grid_w: float
    price_per_kwh: float
    carbon_g_per_kwh: float | None
    soc_percent: float


@dataclass(frozen=True, eq=False)
class Plan:
    """A charge plan.

    Attributes:
        wish: what was wanted.
        problem: the same as numbers.
        wall_wh, gain_wh: what the wall gives and the battery gains, a step each.
        reaches_target: whether the target is reached by the departure; else this plan gives the most.
        value: what was kept low: money in the tariff's currency, or g.
        gap: how much lower ``value`` could at most be; 0 where the plan is proven the best.
        method: by which it was found.
    """

    wish: Wish
    problem: Problem
    wall_wh: Floats
    gain_wh: Floats
    reaches_target: bool
    value: float
    gap: float
    method: str

    @property
    def end_soc_percent(self) -> float:
        """The state of charge at its end."""
        capacity = self.wish.car.capacity_wh
        return min(100 * (self.problem.level_wh + float(self.gain_wh.sum())) / capacity, 100.0)

    @property
    def energy_wall_wh(self) -> float:
        """All that the car takes."""
        return float(self.wall_wh.sum())

    @property
    def energy_grid_wh(self) -> float:
        """What of it comes from the grid; the rest is solar."""
        return float(self.problem.grid_of(self.wall_wh).sum())

    @property
    def energy_battery_wh(self) -> float:
        """What the battery gains."""
        return float(self.gain_wh.sum())

    @cached_property
    def cost(self) -> Cost:
        """What it adds to the bill; of the tariff's parts, and the solar energy that was not sold."""
        problem, tariff = self.problem, self.wish.tariff
        grid = problem.grid_of(self.wall_wh)
        plain = tariff.cost(problem.starts_us, grid, interval_s=self.wish.step_s)
        parts = dict(plain.parts)
        before = billing.used(problem)
        for tier in tariff.tiers:
            parts[tier.name] = billing.tier_cost([tier], problem, self.wall_wh, before)
        if tariff.demand is not None:
            parts[tariff.demand.name] = billing.demand_cost(problem, self.wall_wh)
        if problem.solar_wh.any():
            parts[_SOLAR] = tariff.export_price_per_kwh * (self.energy_wall_wh - self.energy_grid_wh) / _WH
        return Cost(sum(parts.values()), plain.currency, parts, plain.energy_wh, plain.carbon_g)

    @property
    def steps(self) -> list[Step]:
        """All steps, in time."""
        problem, tariff = self.problem, self.wish.tariff
        capacity = self.wish.car.capacity_wh
        prices = tariff.mean_price(problem.starts_us, self.wish.step_s)
        carbon = tariff.carbon(problem.starts_us, self.wish.step_s) if tariff.has_carbon else None
        levels = np.minimum(100 * (problem.level_wh + np.cumsum(self.gain_wh)) / capacity, 100.0)
        grid = problem.grid_of(self.wall_wh)
        return [
            Step(
                _moment(start),
                float(self.wall_wh[at]) / problem.hours,
                float(grid[at]) / problem.hours,
                float(prices[at]),
                None if carbon is None else float(carbon[at]),
                float(levels[at]),
            )
            for at, start in enumerate(problem.starts_us.tolist())
        ]

    @property
    def charging(self) -> list[tuple[datetime, datetime]]:
        """From when until when it charges, in order; the ends are not part of it."""
        length = timedelta(seconds=self.wish.step_s)
        on = np.concatenate([[False], self.wall_wh > 0, [False]])
        begins, ends = np.flatnonzero(on[1:] & ~on[:-1]), np.flatnonzero(~on[1:] & on[:-1]) - 1
        starts = self.problem.starts_us
        return [(_moment(starts[a]), _moment(starts[b]) + length) for a, b in zip(begins, ends, strict=True)]


def plan(wish: Wish) -> Plan:
    """The cheapest plan, or the one that emits least; of equally good ones the one that charges latest.

    Raises:
        InvalidInputError: a number of the wish cannot be, or there is no time.
    """
    return _planned(Problem.of(wish))


def plan_many(wishes: Sequence[Wish]) -> list[Plan]:
    """The plans of many, each as ``plan`` would make it; those of the simple methods in a few operations together."""
    problems = [Problem.of(wish) for wish in wishes]
    found: list[Plan | None] = [None] * len(problems)
    alike: dict[tuple[str, int], list[int]] = defaultdict(list)
    for number, problem in enumerate(problems):
        if _is_plain(problem):
            alike[solving.method(problem), len(problem.starts_us)].append(number)
    for (method, _), numbers in alike.items():
        if method not in {GREEDY, COUNTING}:
            continue
        solve = solving.by_greed if method == GREEDY else solving.by_count
        for first in range(0, len(numbers), _TOGETHER):
            some = numbers[first : first + _TOGETHER]
            for number, one in zip(some, solve([problems[at] for at in some]), strict=True):
                if solving.fits(problems[number], one):
                    best = Best(one, problems[number].value(one.wall_wh), 0.0)
                    found[number] = _made(problems[number], best, reaches=True)
    return [_planned(problem) if one is None else one for problem, one in zip(problems, found, strict=True)]


def _is_plain(problem: Problem) -> bool:
    """Whether it needs nothing but one of the simple methods."""
    tariff = problem.wish.tariff
    billed = problem.wish.objective == "cost" and (tariff.tiers or tariff.demand is not None)
    return not billed and problem.need_wh > ENOUGH_WH and _most(problem) >= problem.need_wh


def _most(problem: Problem) -> float:
    """What the battery would gain if it had no limits of its own."""
    return float(np.maximum(problem.charger.gain_w(problem.high_w), 0.0).sum()) * problem.hours


def _planned(problem: Problem) -> Plan:
    if _most(problem) < problem.need_wh - ENOUGH_WH or problem.wish.car.taper:
        gains = solving.reachable(problem)
        if problem.level_wh + gains.sum() < problem.target_wh - ENOUGH_WH:
            everything = Found(problem.wall_of(gains), gains, EVERYTHING)
            value = problem.value(everything.wall_wh)
            if problem.wish.objective == "cost":
                tiers = problem.wish.tariff.tiers
                value += billing.tier_cost(tiers, problem, everything.wall_wh, billing.used(problem))
                value += billing.demand_cost(problem, everything.wall_wh)
            return _made(problem, Best(everything, value, 0.0), reaches=False)
    return _made(problem, billing.best(problem), reaches=True)


def _made(problem: Problem, best: Best, *, reaches: bool) -> Plan:
    found = best.found
    return Plan(problem.wish, problem, found.wall_wh, found.gain_wh, reaches, best.value, best.gap, found.method)


def _moment(time_us: int) -> datetime:
    return datetime.fromtimestamp(int(time_us) / 1e6, UTC)
