"""Any steps at all: exact by what it costs from every level on, kept as a function of the level.

Backward from the departure: what it costs from level E on, before a step, is the least over all levels y that the step
can lead to of the step's cost and what it costs from y on. Costs are linear in pieces, so are the levels that a step
reaches (``flow``), and so stays the function: nothing is rounded to a grid. It may jump, for a step can be off or draw
at least its least power.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kaido.services.planning.worth import CLOSE, NEVER, Worth, lowest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from kaido.services.planning.flow import Flow

    Floats = NDArray[np.float64]

_RELATIVE = 1e-10


@dataclass(frozen=True)
class Piece:
    """A range of gains (Wh into the battery) over which a step's cost is a line.

    Attributes:
        low, high: the range.
        base, slope: the cost of a gain is base + slope x gain.
        forced: it is below the step's least power: only a battery that takes no more gains so little.
    """

    low: float
    high: float
    base: float
    slope: float
    forced: bool = False


@dataclass(frozen=True)
class Offer:
    """What a step can do besides nothing.

    Attributes:
        pieces: by rising gain; none where the step cannot charge.
        least, most: where a step of the least and of the most power leads.
    """

    pieces: Sequence[Piece]
    least: Flow | None
    most: Flow | None


def choose(offers: Sequence[Offer], start_wh: float, target_wh: float, top_wh: float) -> tuple[Floats, float]:
    """The gains of the cheapest way from ``start_wh`` to ``target_wh`` or more, and what it costs.

    Args:
        offers: a step each, in time.
        start_wh: the battery's level at the beginning.
        target_wh: the level to reach.
        top_wh: the level that it must not pass.

    Returns:
        The gains in Wh, a step each; of several equally cheap ways the one that charges latest. The cost is ``NEVER``
        or more where the target cannot be reached.
    """
    scale = max((abs(p.base) + abs(p.slope) * p.high for one in offers for p in one.pieces), default=1.0)
    tolerance = _RELATIVE * max(scale, 1e-9)
    worth = [_end(start_wh, target_wh, top_wh)]
    for offer in reversed(offers):
        worth.append(_before(offer, worth[-1], tolerance))
    worth.reverse()
    level, gains = start_wh, np.zeros(len(offers))
    cost = float(worth[0].at(np.array([start_wh]))[0])
    if cost >= NEVER / 2:
        return gains, NEVER
    for number, offer in enumerate(offers):
        end = _latest(offer, worth[number], worth[number + 1], level, 16 * tolerance)
        gains[number] = end - level
        level = end
    return gains, cost


def _end(start: float, target: float, top: float) -> Worth:
    if target <= start + CLOSE:
        return Worth(np.array([start, max(top, start + 1.0)]), np.zeros(1), np.zeros(1))
    breaks, values = [start, target], [NEVER]
    if top > target + CLOSE:
        breaks, values = [*breaks, top], [NEVER, 0.0]
    else:
        breaks, values = [*breaks, target + 1.0], [NEVER, 0.0]
    return Worth(np.array(breaks), np.array(values), np.array(values))


def _before(offer: Offer, after: Worth, tolerance: float) -> Worth:
    """What it costs from each level on before a step, where ``after`` is what it costs behind it."""
    if not offer.pieces:
        return after
    assert offer.least is not None
    assert offer.most is not None
    breaks = _breaks(offer, after)
    ends = breaks[:-1], breaks[1:]
    middle = (ends[0] + ends[1]) / 2
    lines = [[after.line(after.interval(middle), end) for end in ends]]
    at_breaks = after.at_breaks
    top = float(after.breaks[-1])
    for piece in offer.pieces:
        windows = _window(offer, piece, middle, top)
        possible = _possible(piece, middle, windows)
        for window in windows:
            interval, line = after.interval(window.at), []
            for end in ends:
                at = window.leads_to(end)
                value = piece.base + piece.slope * (at - end) + after.line(interval, at)
                line.append(np.where(possible & (value < NEVER / 2), value, NEVER))
            lines.append(line)
        between = _least_between(after, piece.slope * after.breaks + at_breaks, windows[0].at, windows[1].at)
        known = possible & (between < NEVER / 2)
        lines.append([np.where(known, piece.base - piece.slope * end + between, NEVER) for end in ends])
    left, right = (np.array([line[side] for line in lines]) for side in (0, 1))
    return lowest(breaks, left, right, tolerance)


def _breaks(offer: Offer, after: Worth) -> Floats:
    """All levels at which one of the lines before the step can bend."""
    assert offer.least is not None
    assert offer.most is not None
    found = [after.breaks, offer.least.levels, offer.most.levels]
    found += [offer.least.sources(after.breaks), offer.most.sources(after.breaks)]
    for piece in offer.pieces:
        for gain in (piece.low, piece.high):
            found += [after.breaks - gain, offer.most.meets(gain), offer.least.meets(gain)]
    breaks = np.sort(np.concatenate(found))
    first, last = after.breaks[0], after.breaks[-1]
    breaks = breaks[(breaks > first + CLOSE) & (breaks < last - CLOSE)]
    breaks = np.concatenate([[first], breaks, [last]])
    return breaks[np.append(True, np.diff(breaks) > CLOSE)] if len(breaks) > 2 else breaks  # noqa: PLR2004  # two ends


class _Target(NamedTuple):
    """An end of what a step can lead to: from the middles of the intervals, and from any level in them."""

    at: Floats
    leads_to: Callable[[Floats], Floats]


def _window(offer: Offer, piece: Piece, middle: Floats, top: float) -> tuple[_Target, _Target]:
    """The lowest and the highest level that a piece leads to."""
    assert offer.least is not None
    assert offer.most is not None
    least, most = offer.least, offer.most
    if piece.forced:
        only = _Target(least(middle), least)
        return only, only
    ways = (lambda level: level + piece.high, most, lambda level: np.full_like(level, top))
    reached = np.stack([way(middle) for way in ways])
    nearest = reached.argmin(axis=0)

    def highest(level: Floats) -> Floats:
        found: Floats = np.choose(nearest, [way(level) for way in ways])
        return found

    return _Target(middle + piece.low, lambda level: level + piece.low), _Target(reached.min(axis=0), highest)


def _possible(piece: Piece, middle: Floats, windows: tuple[_Target, _Target]) -> NDArray[np.bool_]:
    low, high = windows[0].at, windows[1].at
    if piece.forced:
        return (high > middle) & (piece.low <= high - middle) & (high - middle <= piece.high)
    return low <= high + CLOSE / 2


def _least_between(after: Worth, inside: Floats, low: Floats, high: Floats) -> Floats:
    """The least of ``inside`` (a value a break) over the breaks between two levels."""
    first = np.searchsorted(after.breaks, low, side="left")
    last = np.searchsorted(after.breaks, high, side="right")
    empty = first >= last
    padded = np.append(inside, NEVER)
    first = np.where(empty, len(inside), first)
    last = np.where(empty, len(inside) + 1, last)
    pairs = np.stack([first, np.minimum(last, len(inside))], axis=1)
    pairs[empty] = (len(inside), len(inside))
    found = np.minimum.reduceat(padded, pairs.ravel())[::2]
    return np.where(empty, NEVER, found)


def _latest(offer: Offer, before: Worth, after: Worth, level: float, tolerance: float) -> float:
    """The lowest level that a step on a cheapest way leads to."""
    here = np.array([level])
    aim = float(before.at(here)[0]) + tolerance
    if float(after.at(here)[0]) <= aim or not offer.pieces:
        return level
    assert offer.least is not None
    assert offer.most is not None
    best, best_cost = level, np.inf
    most = float(offer.most(here)[0])
    least, most = float(offer.least(here)[0]), float(offer.most(here)[0])
    for piece in offer.pieces:
        top = float(after.breaks[-1])
        low, high = (least, least) if piece.forced else (level + piece.low, min(level + piece.high, most, top))
        if piece.forced and not piece.low - CLOSE <= least - level <= piece.high + CLOSE:
            continue
        if low > high + CLOSE or high <= level:
            continue
        within = after.breaks[(after.breaks > low) & (after.breaks < high)]
        ends = np.concatenate([[low], within, [max(high, low)]])
        costs = piece.base + piece.slope * (ends - level) + after.at(ends)
        good = np.flatnonzero(costs <= aim)
        if len(good):
            return float(ends[good[0]])
        nearest = int(costs.argmin())
        if costs[nearest] < best_cost:
            best, best_cost = float(ends[nearest]), float(costs[nearest])
    return best
