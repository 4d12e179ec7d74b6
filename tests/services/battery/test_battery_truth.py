"""The proof of ``kaido bench battery`` in small."""

from __future__ import annotations

import numpy as np

from kaido.bench.battery import judged


def test_true_batteries_are_found_and_lie_in_their_intervals() -> None:
    batteries = list(judged(25, seed=8))
    told = [one for one in batteries if one.found.charge.value is not None]
    assert len(told) >= 20
    errors = [abs((one.found.charge.value or 0) / one.true_ah - 1) for one in told]
    assert np.median(errors) < 0.025
    inside = [(one.found.charge.low or 0) <= one.true_ah <= (one.found.charge.high or np.inf) for one in batteries]
    assert sum(inside) >= 0.8 * len(batteries)
