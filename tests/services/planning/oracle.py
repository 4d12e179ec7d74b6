"""The same problems, said to scipy's HiGHS, and to plain enumeration."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

if TYPE_CHECKING:
    from kaido.services.planning.problem import Problem


def linear(problem: Problem) -> float:
    """The optimum of the linear program: no least power, no standby, no limits of the battery."""
    high = problem.high_w * problem.hours
    solar = np.minimum(problem.solar_wh, high)
    prices = np.concatenate([problem.grid_price, np.full(len(high), problem.solar_price)])
    sizes = np.concatenate([high - solar, solar])
    share = problem.charger.efficiency
    solved = linprog(
        prices,
        A_eq=[np.full(len(prices), share)],
        b_eq=[problem.need_wh],
        bounds=list(zip(0 * sizes, sizes, strict=True)),
    )
    assert solved.status == 0, solved.message
    return float(solved.fun)


def mixed(problem: Problem) -> float:
    """The optimum where a step is off or between its limits, and loses its standby: on = 1, grid, roof ≥ 0 a step."""
    count = len(problem.high_w)
    high, low = problem.high_w * problem.hours, problem.low_w * problem.hours
    solar = problem.solar_wh
    share, lost = problem.charger.efficiency, problem.charger.standby_w * problem.hours
    zero, one = np.zeros((count, count)), np.eye(count)
    prices = np.concatenate([np.zeros(count), problem.grid_price, np.full(count, problem.solar_price)])
    gain = np.concatenate([np.full(count, -lost), np.full(2 * count, share)])
    constraints = [
        LinearConstraint(gain[np.newaxis], problem.need_wh, problem.top_wh - problem.level_wh),
        LinearConstraint(np.hstack([-np.diag(high), one, one]), -np.inf, 0),
        LinearConstraint(np.hstack([-np.diag(low), one, one]), 0, np.inf),
        LinearConstraint(np.hstack([zero, zero, one]), 0, solar),
    ]
    if (problem.grid_price < problem.solar_price).any():  # a roof that pays more is used first all the same
        first = np.hstack([zero, one, zero])
        pick = np.eye(count)
        prices = np.concatenate([prices, np.zeros(count)])
        constraints = [LinearConstraint(np.hstack([c.A, np.zeros((len(c.A), count))]), c.lb, c.ub) for c in constraints]
        constraints.append(LinearConstraint(np.hstack([first, -np.diag(high)]), -np.inf, 0))
        constraints.append(LinearConstraint(np.hstack([zero, zero, one, -np.diag(solar) @ pick]), 0, np.inf))
    size = len(prices)
    whole = np.zeros(size)
    whole[:count] = 1
    whole[3 * count :] = 1
    upper = np.full(size, np.inf)
    upper[whole == 1] = 1
    solved = milp(
        prices, constraints=constraints, integrality=whole, bounds=Bounds(0, upper), options={"mip_rel_gap": 1e-9}
    )
    assert solved.status == 0, solved.message
    return float(solved.fun)


def enumerated(problem: Problem) -> float:
    """The optimum by trying every set of steps that are on; for few steps, without solar energy and battery limits."""
    high, low = problem.high_w * problem.hours, problem.low_w * problem.hours
    share, lost = problem.charger.efficiency, problem.charger.standby_w * problem.hours
    best = np.inf
    for on in itertools.product((False, True), repeat=len(high)):
        chosen = np.flatnonzero(np.array(on) & (high > 0))
        wanted = max((problem.need_wh + lost * len(chosen)) / share, low[chosen].sum())
        if high[chosen].sum() < wanted - 1e-9:
            continue
        cost, rest = float(problem.grid_price[chosen] @ low[chosen]), wanted - low[chosen].sum()
        for step in sorted(chosen, key=lambda at: problem.grid_price[at]):
            more = min(rest, high[step] - low[step])
            cost, rest = cost + problem.grid_price[step] * more, rest - more
        best = min(best, cost)
    return best


def tapered(problem: Problem) -> float:
    """The optimum under a battery's own limits, with no least power: levels between knots, and between which."""
    flow = problem.most(float(problem.high_w.max()))
    knots, ends = flow.levels, flow.ends
    count, pieces = len(problem.high_w), len(knots) - 1
    share = problem.charger.efficiency
    size = count + count * (pieces + 1) + count * pieces  # gains, weights of the knots, which piece
    weights = count + np.arange(count * (pieces + 1)).reshape(count, pieces + 1)
    which = count + count * (pieces + 1) + np.arange(count * pieces).reshape(count, pieces)
    rows, low, high = [], [], []

    def constrain(row: np.ndarray, least: float, most: float) -> None:
        rows.append(row)
        low.append(least)
        high.append(most)

    for step in range(count):
        for chosen in (weights[step], which[step]):
            row = np.zeros(size)
            row[chosen] = 1
            constrain(row, 1, 1)
        level = np.zeros(size)
        level[weights[step]] = knots
        level[:step] = -1
        constrain(level, problem.level_wh, problem.level_wh)
        reached = np.zeros(size)
        reached[weights[step]] = ends - knots
        reached[step] = -1
        constrain(reached, 0, np.inf)
        for knot in range(pieces + 1):
            row = np.zeros(size)
            row[weights[step][knot]] = 1
            row[[which[step][piece] for piece in (knot - 1, knot) if 0 <= piece < pieces]] = -1
            constrain(row, -np.inf, 0)
    total = np.zeros(size)
    total[:count] = 1
    constrain(total, problem.need_wh, problem.need_wh)
    prices = np.zeros(size)
    prices[:count] = problem.grid_price / share
    whole = np.zeros(size)
    whole[which.ravel()] = 1
    solved = milp(
        prices,
        constraints=LinearConstraint(np.array(rows), low, high),
        integrality=whole,
        bounds=Bounds(0, np.where(whole == 1, 1, np.inf)),
        options={"mip_rel_gap": 1e-9},
    )
    assert solved.status == 0, solved.message
    return float(solved.fun)


def with_tiers(problem: Problem) -> float:
    """The optimum with one part of tiers, with a least power: a month's energy goes into one tier after the other."""
    (tier,) = problem.wish.tariff.tiers
    count, tiers, months = len(problem.high_w), len(tier.prices), int(problem.month.max()) + 1
    high = problem.high_w * problem.hours
    house = [float(problem.base_w[problem.month == month].sum()) * problem.hours for month in range(months)]
    before = [house[0] + 1_000 * problem.wish.site.used_kwh, *house[1:]]
    room = np.diff([0.0, *tier.ends_wh, 1e9])
    size = 2 * count + 2 * months * tiers
    parts = count + np.arange(months * tiers).reshape(months, tiers)
    full = count + months * tiers + np.arange(months * tiers).reshape(months, tiers)
    rows, low, up = [], [], []
    gain = np.zeros(size)
    gain[:count] = problem.charger.efficiency
    rows, low, up = [gain], [problem.need_wh], [problem.top_wh - problem.level_wh]
    for step in range(count):
        for limit, least, most in ((high[step], -np.inf, 0), (problem.low_w[step] * problem.hours, 0, np.inf)):
            row = np.zeros(size)
            row[step], row[step - count] = 1, -limit
            rows, low, up = [*rows, row], [*low, least], [*up, most]
    for month in range(months):
        row = np.zeros(size)
        row[:count][problem.month == month] = -1
        row[parts[month]] = 1
        rows, low, up = [*rows, row], [*low, before[month]], [*up, before[month]]
        for number in range(tiers):
            later, earlier = np.zeros(size), np.zeros(size)
            earlier[parts[month, number]], earlier[full[month, number]] = 1, -room[number]
            rows, low, up = [*rows, earlier], [*low, 0], [*up, np.inf]
            if number + 1 < tiers:
                later[parts[month, number + 1]], later[full[month, number]] = 1, -room[number + 1]
                rows, low, up = [*rows, later], [*low, -np.inf], [*up, 0]
    prices = np.zeros(size)
    prices[:count] = problem.grid_price
    prices[parts] = np.array(tier.prices) / 1_000
    upper = np.concatenate([high, np.tile(room, months), np.ones(months * tiers + count)])
    whole = np.zeros(size)
    whole[full.ravel()] = whole[-count:] = 1
    solved = milp(
        prices,
        constraints=LinearConstraint(np.array(rows), low, up),
        integrality=whole,
        bounds=Bounds(0, upper),
        options={"mip_rel_gap": 1e-10},
    )
    assert solved.status == 0, solved.message
    return float(solved.fun) - sum(tier.of(used) for used in before)


def with_demand(problem: Problem) -> float:
    """The optimum with a charge for the month's highest power: one more variable, above all that counts."""
    demand = problem.wish.tariff.demand
    assert demand is not None
    count = len(problem.high_w)
    counts = demand.applies.at(problem.starts_us) > 0
    floor = max(problem.wish.site.peak_kw * 1_000, float(problem.base_w[counts].max(initial=0.0)))
    upper = np.hstack([np.eye(count)[counts] / problem.hours, np.full((int(counts.sum()), 1), -1.0)])
    solved = linprog(
        np.append(problem.grid_price, demand.price_per_kw / 1_000),
        A_ub=upper,
        b_ub=-problem.base_w[counts],
        A_eq=[np.append(np.full(count, problem.charger.efficiency), 0.0)],
        b_eq=[problem.need_wh],
        bounds=[*zip(np.zeros(count), problem.high_w * problem.hours, strict=True), (floor, None)],
    )
    assert solved.status == 0, solved.message
    return float(solved.fun) - demand.price_per_kw * floor / 1_000


def sampled(problem: Problem, levels: int) -> float:
    """The cheapest of all ways with so many powers a step besides none; any of them can be driven."""
    powers = np.linspace(problem.low_w.max(), problem.high_w.max(), levels)
    flows = [problem.most(float(watts)) for watts in powers]
    ways = np.array(list(itertools.product(range(levels + 1), repeat=len(problem.high_w))))
    level, cost = np.full(len(ways), problem.level_wh), np.zeros(len(ways))
    for step, price in enumerate(problem.grid_price):
        ends = np.stack([level, *(flow(level) for flow in flows)])
        end = np.take_along_axis(ends, ways[np.newaxis, :, step], axis=0)[0]
        cost += price * problem.wall_of(end - level)
        level = end
    return float(cost[level >= problem.target_wh - 1e-6].min(initial=np.inf))
