"""One problem, by the method that is exact for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kaido.services.planning import counting, greedy, values
from kaido.services.planning.values import Offer, Piece

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kaido.services.planning.problem import Problem

    Floats = NDArray[np.float64]

GREEDY, COUNTING, VALUES = "cheapest first", "number of steps", "value of levels"
NOTHING, EVERYTHING = "nothing to do", "all there is"

ENOUGH_WH = 1e-6
"""What a target may be missed by."""

_IDLE_W = 1e-6
"""A gain that is as good as none."""


class Found(NamedTuple):
    """A solution: what the wall gives and the battery gains, in Wh a step."""

    wall_wh: Floats
    gain_wh: Floats
    method: str


def reachable(problem: Problem) -> Floats:
    """The gains of a battery that charges whenever and as fast as it can, up to the target."""
    level, gains = problem.level_wh, np.zeros(len(problem.starts_us))
    flows = {watts: problem.most(watts) for watts in np.unique(problem.high_w)}
    for number, watts in enumerate(problem.high_w):
        end = float(flows[watts](np.array([level]))[0])
        gains[number] = end - level
        level = end
    return gains


def method(problem: Problem) -> str:
    """The method that is exact for a problem, if what it finds ``fits``."""
    if not problem.charger.is_linear:
        return VALUES
    usable = problem.high_w > 0
    if not problem.low_w.any() and (problem.grid_price >= problem.solar_price)[problem.solar_wh > 0].all():
        return GREEDY
    if not usable.any():
        return NOTHING
    low = problem.low_w[usable]
    return COUNTING if low.min() == low.max() and not problem.solar_wh.any() else VALUES


def solve(problem: Problem) -> Found:
    """The cheapest way to the target, which must be within reach."""
    if problem.need_wh <= ENOUGH_WH:
        nothing = np.zeros(len(problem.starts_us))
        return Found(nothing, nothing, NOTHING)
    chosen = method(problem)
    if chosen == GREEDY:
        found = by_greed([problem])[0]
    elif chosen == COUNTING:
        found = by_count([problem])[0]
    else:
        return by_value(problem)
    return found if fits(problem, found) else by_value(problem)


def by_greed(problems: list[Problem]) -> list[Found]:
    """Several problems at once whose ``method`` is ``GREEDY``; all with as many steps."""
    high = np.array([one.high_w * one.hours for one in problems])
    solar = np.minimum(np.array([one.solar_wh for one in problems]), high)
    share = np.array([one.charger.efficiency for one in problems])
    need = np.array([one.need_wh for one in problems]) / share
    prices = np.array([one.grid_price for one in problems])
    if solar.any():
        roof = np.broadcast_to(np.array([[one.solar_price] for one in problems]), prices.shape)
        count = prices.shape[1]
        prices, sizes = (
            np.stack(pair, axis=2).reshape(len(problems), 2 * count) for pair in ((prices, roof), (high - solar, solar))
        )
        taken = greedy.fill(prices, sizes, need).reshape(len(problems), count, 2).sum(axis=2)
    else:
        taken = greedy.fill(prices, high, need)
    return [Found(row, row * part, GREEDY) for row, part in zip(taken, share, strict=True)]


def by_count(problems: list[Problem]) -> list[Found]:
    """Several problems at once whose ``method`` is ``COUNTING``; all with as many steps.

    Every step has the highest limit that one of them has. What fits the real limits is the optimum for them, too.
    """
    high = np.array([one.high_w * one.hours for one in problems])
    low = np.array([one.low_w * one.hours for one in problems])
    share = np.array([one.charger.efficiency for one in problems])
    lost = np.array([one.charger.standby_w * one.hours for one in problems])
    need = np.array([one.need_wh for one in problems])
    taken = counting.choose(
        np.array([one.grid_price for one in problems]),
        high > 0,
        low.max(axis=1),
        high.max(axis=1),
        need / share,
        lost / share,
    )
    return [
        Found(row, np.where(row > 0, row * part - off, 0.0), COUNTING)
        for row, part, off in zip(taken, share, lost, strict=True)
    ]


def by_value(problem: Problem) -> Found:
    """Any problem."""
    flows = {watts: problem.most(watts) for watts in np.unique(np.concatenate([problem.high_w, problem.low_w]))}
    offers = []
    for number, high in enumerate(problem.high_w):
        if high <= 0:
            offers.append(Offer((), None, None))
            continue
        low = problem.low_w[number]
        offers.append(Offer(_pieces(problem, number), flows[low], flows[high]))
    gains, _ = values.choose(offers, problem.level_wh, problem.target_wh, problem.top_wh)
    return Found(problem.wall_of(gains), gains, VALUES)


def fits(problem: Problem, found: Found) -> bool:
    """Whether a solution that took limits for wider than they are keeps them."""
    return bool((found.wall_wh <= problem.high_w * problem.hours + ENOUGH_WH).all()) and within_bands(problem, found)


def within_bands(problem: Problem, found: Found) -> bool:
    """Whether the battery takes what a solution gives it."""
    if not problem.wish.car.taper:
        return True
    levels = problem.level_wh + np.concatenate([[0.0], np.cumsum(found.gain_wh)])
    on = found.gain_wh > 0
    begin, gain = levels[:-1][on], found.gain_wh[on]
    if levels[-1] > problem.wish.car.capacity_wh + ENOUGH_WH:
        return False
    watts = problem.high_w[on]
    for one in np.unique(watts):
        rows = watts == one
        if (problem.most(one)(begin[rows]) - begin[rows] < gain[rows] - ENOUGH_WH).any():
            return False
    return True


def _pieces(problem: Problem, number: int) -> list[Piece]:
    """A step's cost over the battery's gain, linear between limits, the roof's power and the charger's points."""
    low, high = problem.low_w[number], problem.high_w[number]
    roof = problem.solar_wh[number] / problem.hours
    idle = float(problem.charger.wall_of(_IDLE_W)) if problem.charger.standby_w else 0.0
    if not problem.wish.car.taper:  # nothing forces less than the least power
        idle = low
    bends = np.concatenate([[idle, low, high, roof], problem.charger.wall_w])
    walls = np.unique(bends[(bends >= idle) & (bends <= high)])
    gains = np.maximum(problem.charger.gain_w(walls), 0.0) * problem.hours
    bought = np.maximum(walls - roof, 0.0) * problem.grid_price[number]
    costs = (np.minimum(walls, roof) * problem.solar_price + bought) * problem.hours
    slopes = np.diff(costs) / np.diff(gains)
    pieces = [
        Piece(gains[at], gains[at + 1], costs[at] - slope * gains[at], slope, forced=bool(walls[at] < low))
        for at, slope in enumerate(slopes)
    ]
    return [*pieces, Piece(gains[-1], gains[-1], costs[-1], 0.0)] if low == high else pieces
