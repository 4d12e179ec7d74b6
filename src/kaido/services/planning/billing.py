"""What depends on a whole month: tiers of consumption, and the highest power."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kaido.errors import InvalidInputError
from kaido.services.planning import greedy
from kaido.services.planning.solving import ENOUGH_WH, GREEDY, Found, method, reachable, solve, within_bands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kaido.services.planning.problem import Problem
    from kaido.services.tariffs.tariff import Tiers

    Floats = NDArray[np.float64]

_WH = 1_000.0
_PROVEN = 1e-7
_MOST_TRIES = 600
_LEAST_TRIES = 20
_POINT_KW = 1e-9
_MOST_LINES = 60
_MOST_STEPS = 30_000
"""That are solved for one plan: tries times steps. Somebody waits for it; ``gap`` says what was not proven."""


class Best(NamedTuple):
    """A solution, its value with all that is billed by the month, and how much lower that could at most be."""

    found: Found
    value: float
    gap: float


def best(problem: Problem) -> Best:
    """The cheapest way to the target, which must be within reach."""
    if problem.wish.objective == "carbon":
        found = solve(problem)
        return Best(found, problem.value(found.wall_wh), 0.0)
    demand = problem.wish.tariff.demand
    if demand is None or not demand.price_per_kw:
        return _with_tiers(problem)
    return _with_demand(problem)


def _with_tiers(problem: Problem) -> Best:
    """Tiers as lines: the price of a tier for all energy of the month, with what that is off by.

    Where prices rise from tier to tier, a month costs the highest of the lines, so a problem with the price of any tier
    costs no more than the real one: its optimum is a bound, and where the energy ends in that tier it is the optimum.
    Where it ends between them, at a tier's end, months are filled up to there one after the other.
    Where prices fall, a month costs the lowest of the lines, and the best of the optima is the optimum.
    """
    tiers = [tier for tier in problem.wish.tariff.tiers if len(tier.prices) > 1]
    months = int(problem.month.max()) + 1
    flat = sum(tier.prices[0] for tier in problem.wish.tariff.tiers if len(tier.prices) == 1) / _WH
    problem = problem.dearer(np.full(len(problem.grid_price), flat)) if flat else problem
    if not tiers:
        found = solve(problem)
        return Best(found, problem.value(found.wall_wh), 0.0)
    rises = _rises(tiers)
    before = used(problem)

    def value(found: Found) -> float:
        return problem.value(found.wall_wh) + tier_cost(tiers, problem, found.wall_wh, before)

    bounds, tried = [], []
    if rises:
        free, bound = _by_greed(problem, tiers, before)
        sure = method(problem) == GREEDY and not (problem.solar_wh.any() and min(map(_least, tiers)) < 0)
        if sure and within_bands(problem, free):
            return Best(free, value(free), 0.0)
        bounds.append(bound)
    choices = [_lines(tier, problem, before[month], month) for month in range(months) for tier in tiers]
    if np.prod([len(one) for one in choices]) > _MOST_LINES:
        raise InvalidInputError(
            "the tariff has too many tiers to plan with", fix="Leave out those that are out of reach"
        )
    for lines in itertools.product(*choices):
        added = np.zeros(months)
        for number, line in enumerate(lines):
            added[number // len(tiers)] += line.slope
        dearer = problem.dearer(added[problem.month])
        found = solve(dearer)
        bounds.append(dearer.value(found.wall_wh) + sum(line.base for line in lines))
        tried.append(found)
    if rises and _gap(min(map(value, tried)), max(bounds)):
        tried += _like(problem, free)
    cheapest = min(tried, key=value)
    bound = max(bounds) if rises else min(bounds)
    return Best(cheapest, value(cheapest), _gap(value(cheapest), bound))


def _by_greed(problem: Problem, tiers: list[Tiers], before: list[float]) -> tuple[Found, float]:
    """The cheapest first where prices rise from tier to tier, and what that costs: no way at all costs less.

    Within a month the cheapest steps are taken first, whatever tier they fall into; so the month's n-th Wh has a step
    and a tier, and its price never falls with n. Taking the cheapest of all months' next Wh is then the optimum, where
    nothing is lost besides at the charger's best efficiency, no power is the least, and the battery takes all.
    """
    high = problem.high_w * problem.hours
    roof = np.minimum(problem.solar_wh, high)
    steps, sizes, prices = [np.arange(len(high))], [roof], [np.full(len(high), problem.solar_price)]
    for month, used_wh in enumerate(before):
        rows = np.flatnonzero(problem.month == month)[::-1]
        rows = rows[np.argsort(problem.grid_price[rows], kind="stable")]
        sums = np.cumsum((high - roof)[rows])
        ends = np.array(sorted({end - used_wh for tier in tiers for end in tier.ends_wh}))
        cuts = np.unique(np.concatenate([[0.0], sums, ends[(ends > 0) & (ends < sums[-1])]]))
        middle = (cuts[:-1] + cuts[1:]) / 2
        where = rows[np.searchsorted(sums, middle)]
        steps, sizes = [*steps, where], [*sizes, np.diff(cuts)]
        prices.append(problem.grid_price[where] + sum(_tier_price(tier, used_wh + middle) for tier in tiers))
    step = np.concatenate(steps)
    order = np.argsort(step, kind="stable")
    price, size = (np.concatenate(one)[order][np.newaxis] for one in (prices, sizes))
    share = problem.charger.best_efficiency(float(problem.high_w.max()))
    taken = greedy.fill(price, size, np.array([problem.need_wh / share]))[0]
    wall = np.zeros(len(high))
    np.add.at(wall, step[order], taken)
    return Found(wall, wall * share, GREEDY), float(price[0] @ taken)


def _like(problem: Problem, free: Found) -> list[Found]:
    """Ways that give each month what another way gives it, or one least step less; the last month gives the rest."""
    gains: Floats = np.bincount(problem.month, free.gain_wh).astype(np.float64)
    least = problem.top_wh - problem.target_wh
    ways = (_month_by_month(problem, np.maximum(gains - less, 0.0)) for less in (0.0, least))
    return [way for way in ways if way is not None]


def _month_by_month(problem: Problem, gains_wh: Floats) -> Found | None:
    """The cheapest way in each month to what it is to gain; None where the last then misses the target."""
    level, found = problem.level_wh, []
    for month, gain in enumerate(gains_wh):
        last = month == len(gains_wh) - 1
        target = problem.target_wh if last else min(level + gain, problem.target_wh)
        part = problem.capped(np.where(problem.month == month, np.inf, 0.0)).between(level, target)
        reached = level + float(reachable(part).sum())
        if last and reached < target - ENOUGH_WH:
            return None
        found.append(solve(part.between(level, min(target, reached))))
        level += float(found[-1].gain_wh.sum())
    wall, gains = np.sum([(one.wall_wh, one.gain_wh) for one in found], axis=0)
    return Found(wall, gains, found[-1].method)


def _tier_price(tier: Tiers, used_wh: Floats) -> Floats:
    """Of the next Wh."""
    return np.array(tier.prices)[np.searchsorted(tier.ends_wh, used_wh, side="right")] / _WH


def _least(tier: Tiers) -> float:
    return min(tier.prices)


class _Line(NamedTuple):
    base: float
    slope: float


def _lines(tier: Tiers, problem: Problem, before: float, month: int) -> list[_Line]:
    """A month's cost of energy beyond ``before`` as lines, of those tiers that it can end in."""
    most = before + float((problem.high_w * problem.hours)[problem.month == month].sum())
    starts, ends = (0.0, *tier.ends_wh), (*tier.ends_wh, np.inf)
    lines: list[_Line] = []
    for start, end, price in zip(starts, ends, tier.prices, strict=True):
        if end > before and (start <= most or not lines):
            at = max(start, before)
            slope = price / _WH
            lines.append(_Line(tier.of(at) - tier.of(before) - slope * (at - before), slope))
    return lines


def _rises(tiers: list[Tiers]) -> bool:
    rising = [all(a <= b for a, b in itertools.pairwise(tier.prices)) for tier in tiers]
    falling = [all(a >= b for a, b in itertools.pairwise(tier.prices)) for tier in tiers]
    if not all(rising) and not all(falling):
        raise InvalidInputError(
            "a plan cannot be made with these tiers",
            why="their prices neither all rise nor all fall",
            fix="Plan for carbon",
        )
    return all(rising)


def used(problem: Problem) -> list[float]:
    """What the house uses in each billing month besides the car, up to the plan's end, Wh."""
    months = int(problem.month.max()) + 1
    house = [float(problem.base_w[problem.month == month].sum()) * problem.hours for month in range(months)]
    return [house[0] + _WH * problem.wish.site.used_kwh, *house[1:]]


def tier_cost(tiers: list[Tiers], problem: Problem, wall_wh: Floats, before: list[float]) -> float:
    """What tiers make of the energy of a plan."""
    grid = problem.grid_of(wall_wh)
    total = 0.0
    for month, used_wh in enumerate(before):
        more = used_wh + float(grid[problem.month == month].sum())
        total += sum(tier.of(more) - tier.of(used_wh) for tier in tiers)
    return total


def peaks_kw(problem: Problem, wall_wh: Floats) -> tuple[Floats, Floats]:
    """The highest power of each billing month where it is charged for: before or without the car, and with it."""
    demand = problem.wish.tariff.demand
    assert demand is not None
    counts = demand.applies.mean(problem.starts_us, problem.wish.step_s) > 0
    months = int(problem.month.max()) + 1
    before, behind = np.zeros(months), np.zeros(months)
    power = (problem.base_w + problem.grid_of(wall_wh) / problem.hours) / _WH
    for month in range(months):
        rows = counts & (problem.month == month)
        past = problem.wish.site.peak_kw if month == 0 else 0.0
        before[month] = max(float(problem.base_w[rows].max(initial=0.0)) / _WH, past)
        behind[month] = max(float(power[rows].max(initial=0.0)), before[month])
    return before, behind


def demand_cost(problem: Problem, wall_wh: Floats) -> float:
    """What the charge for power makes of a plan."""
    demand = problem.wish.tariff.demand
    if demand is None:
        return 0.0
    before, behind = peaks_kw(problem, wall_wh)
    return demand.price_per_kw * float((behind - before).sum())


def _with_demand(problem: Problem) -> Best:
    """The highest power as a cap: every cap gives a problem without the charge.

    Energy costs no more the higher the cap is. So within a box of caps (one a billing month) nothing is cheaper than
    the energy at its highest and the charge at its lowest corner; boxes that cannot be better than what is known are
    dropped, the others halved, until what remains is within one part in ten million. A box that is a point is not
    halved: what its tiers leave open stays open.
    """
    floor, ceiling = peaks_kw(problem, problem.high_w * problem.hours)
    caps = _Caps(problem, floor)
    boxes, closed = [caps.box(tuple(floor), tuple(ceiling))], np.inf
    most = max(min(_MOST_TRIES, _MOST_STEPS // len(problem.high_w)), _LEAST_TRIES)
    for _ in range(most):
        if not boxes or boxes[0].least >= caps.value - _PROVEN * max(abs(caps.value), 1e-6) or caps.tries >= most:
            break
        box = heapq.heappop(boxes)
        if box.width <= _POINT_KW:
            closed = min(closed, box.least)
            continue
        caps.energy(box.low)
        for half in _halves(box):
            inside = caps.box(*half)
            if inside.least < np.inf:
                heapq.heappush(boxes, inside)
    assert caps.best is not None
    bound = min([caps.value, closed, *(one.least for one in boxes)])
    return Best(caps.best.found, caps.value, max(_gap(caps.value, bound), caps.best.gap))


class _Box(NamedTuple):
    """Caps between two corners, in kW, and what they cost at least."""

    least: float
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def width(self) -> float:
        """Its longest side."""
        return max(b - a for a, b in zip(self.low, self.high, strict=True))


class _Caps:
    """What energy costs under caps, each solved once; and the best of all so far."""

    def __init__(self, problem: Problem, floor: Floats) -> None:
        demand = problem.wish.tariff.demand
        assert demand is not None
        self._problem = problem
        self._price = demand.price_per_kw
        self._floor = float(floor.sum())
        self._known: dict[tuple[float, ...], Best | None] = {}
        self.best: Best | None = None
        self.value = np.inf

    @property
    def tries(self) -> int:
        """How many caps were solved."""
        return len(self._known)

    def energy(self, caps: tuple[float, ...]) -> Best | None:
        """The cheapest energy under caps; None where the target is out of reach."""
        if caps not in self._known:
            limited = self._problem.capped(_limits(self._problem, np.array(caps)))
            reaches = limited.level_wh + reachable(limited).sum() >= limited.target_wh - ENOUGH_WH
            solved = _with_tiers(limited) if reaches else None
            self._known[caps] = solved
            if solved is not None:
                value = solved.value + demand_cost(self._problem, solved.found.wall_wh)
                if value < self.value:
                    self.best, self.value = solved, value
        return self._known[caps]

    def box(self, low: tuple[float, ...], high: tuple[float, ...]) -> _Box:
        """A box of caps."""
        solved = self.energy(high)
        if solved is None:
            return _Box(np.inf, low, high)
        return _Box(solved.value - solved.gap + self._price * (sum(low) - self._floor), low, high)


def _halves(box: _Box) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """The two halves of a box across its longest side."""
    side = int(np.argmax(np.array(box.high) - np.array(box.low)))
    middle = (box.low[side] + box.high[side]) / 2
    return [
        (box.low, (*box.high[:side], middle, *box.high[side + 1 :])),
        ((*box.low[:side], middle, *box.low[side + 1 :]), box.high),
    ]


def _limits(problem: Problem, caps_kw: Floats) -> Floats:
    demand = problem.wish.tariff.demand
    assert demand is not None
    counts = demand.applies.mean(problem.starts_us, problem.wish.step_s) > 0
    room = caps_kw[problem.month] * _WH - problem.base_w + problem.solar_wh / problem.hours
    return np.where(counts, np.maximum(room, 0.0), np.inf)


def _gap(value: float, bound: float) -> float:
    gap = value - bound
    return gap if gap > _PROVEN * max(abs(value), 1e-6) else 0.0
