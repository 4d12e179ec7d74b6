"""The cheapest pieces first: exact where every piece has one price and can be taken in any part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def fill(prices: Floats, sizes: Floats, need: Floats) -> Floats:
    """How much of each piece to take: the cheapest first, of equal ones the later.

    Minimises Σ price x taken subject to Σ taken = need and 0 ≤ taken ≤ size. Any other choice has a dearer piece where
    a cheaper one has room, and exchanging them makes it cheaper: so this is the optimum of the linear program.

    Args:
        prices: of a unit, a row a plan, a column a piece, in time.
        sizes: the most of each.
        need: how much of each plan; no more than the sizes' sum.
    """
    order = np.argsort(prices[:, ::-1], axis=1, kind="stable")
    order = prices.shape[1] - 1 - order
    sorted_sizes = np.take_along_axis(sizes, order, axis=1)
    before = np.cumsum(sorted_sizes, axis=1) - sorted_sizes
    taken = np.clip(need[:, np.newaxis] - before, 0.0, sorted_sizes)
    found = np.empty_like(taken)
    np.put_along_axis(found, order, taken, axis=1)
    return found
