"""So many steps at once: exact where a step is off or within the same limits as all others, and being on costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_TIE = 1e-12


def choose(
    prices: Floats,
    usable: NDArray[np.bool_],
    low: Floats,
    high: Floats,
    need: Floats,
    lost: Floats,
    extra: Callable[[Floats], Floats] | None = None,
) -> Floats:
    """How much each step takes: 0, or between ``low`` and ``high``.

    Minimises Σ price x taken (+ ``extra`` of the sum) subject to Σ (taken - lost, where on) ≥ need. With the number n
    of steps that are on, the sum to take is known: need + n x lost. All steps have the same limits, so exchanging a
    step for a cheaper one never costs more: the n cheapest are on, all at ``low``, and the rest fills them up, the
    cheapest first. What remains is to try every n.

    Args:
        prices: of a unit, a row a plan, a column a step, in time.
        usable: which steps there are.
        low: the least of a step that is on, a plan each.
        high: the most of it.
        need: how much is wanted behind the losses, a plan each, more than 0.
        lost: of each step that is on.
        extra: what a sum costs besides (tiers), elementwise.
    """
    width = prices.shape[1]
    order = width - 1 - np.argsort(np.where(usable, prices, np.inf)[:, ::-1], axis=1, kind="stable")
    sorted_prices = np.take_along_axis(np.where(usable, prices, 0.0), order, axis=1)
    sums = np.concatenate([np.zeros((len(prices), 1)), np.cumsum(sorted_prices, axis=1)], axis=1)
    count = np.arange(1, width + 1, dtype=np.float64)[np.newaxis, :]
    low, high, need, lost = (one[:, np.newaxis] for one in (low, high, need, lost))
    wanted = need + lost * count
    possible = (count <= usable.sum(axis=1, keepdims=True)) & (wanted <= count * high * (1 + _TIE))
    room = high - low
    above = np.clip(wanted - count * low, 0.0, count * room)
    whole = np.minimum(np.floor(np.divide(above, room, out=np.zeros_like(above), where=room > 0)), count)
    rest = above - whole * room
    at = whole.astype(np.intp)
    next_price = np.take_along_axis(sorted_prices, np.minimum(at, width - 1), axis=1)
    cost = low * sums[:, 1:] + room * np.take_along_axis(sums, at, axis=1) + rest * next_price
    if extra is not None:
        cost = cost + extra(np.maximum(wanted, count * low))
    cost = np.where(possible, cost, np.inf)
    least = cost.min(axis=1, keepdims=True)
    best = np.argmax(cost <= least + _TIE * np.abs(least), axis=1)[:, np.newaxis]
    index = np.arange(width)[np.newaxis, :]
    filled = np.take_along_axis(above, best, axis=1) - index * room
    taken = np.where(index <= best, low + np.clip(filled, 0.0, room), 0.0)
    found = np.empty_like(taken)
    np.put_along_axis(found, order, taken, axis=1)
    return found
