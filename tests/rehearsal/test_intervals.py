"""Intervals hold the truth about as often as they say."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.rehearsal.intervals import CONFIDENCE, of_amounts, of_counts

COUNTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=60).map(lambda one: np.array(one, np.int64))


@settings(max_examples=6, deadline=None)
@given(
    rate=st.floats(0.02, 30),
    days=st.integers(5, 80),
    spread=st.sampled_from([0.0, 0.2, 0.5]),
    seed=st.integers(0, 2**32),
)
def test_a_known_rate_is_covered(rate: float, days: int, spread: float, seed: int) -> None:
    """Poisson events, on days that differ; of 80 such histories, no fewer than chance allows of a 90 % interval."""
    random = np.random.default_rng(seed)
    covered = 0
    for _ in range(80):
        rates = rate * (random.gamma(1 / spread, spread, days) if spread else np.ones(days))
        found = of_counts(random.poisson(rates).astype(np.int64))
        assert found.high is not None
        covered += found.low <= rate <= found.high
    # Five standard deviations below, and the bootstrap over few skewed days is known to be a little narrow.
    assert covered >= 80 * (CONFIDENCE - 0.05) - 5 * np.sqrt(80 * 0.15 * 0.85)


@given(COUNTS)
@settings(deadline=None)
def test_the_mean_is_inside_and_more_days_say_more(counts: np.ndarray) -> None:
    found, more = of_counts(counts), of_counts(np.tile(counts, 9))
    for one in (found, more):
        assert one.high is not None
        assert 0 <= one.low <= one.mean + 1e-9
        assert one.mean <= one.high + 1e-9
    assert found.high is not None
    assert more.high is not None
    assert more.high - more.low <= (found.high - found.low) * 1.05
    assert of_counts(counts) == found


def test_no_event_is_not_never() -> None:
    """The rule of three: at 95 % on one side, 3 / N."""
    found = of_counts(np.zeros(100, np.int64))
    assert (found.mean, found.low) == (0, 0)
    assert found.high is not None
    assert abs(found.high - 0.03) < 0.002


def test_what_events_add_up_to() -> None:
    counts = np.array([2, 0, 1, 3], np.int64)
    events = of_counts(counts)
    assert events.high is not None
    found = of_amounts(100 * counts, events)
    assert found.mean == 150
    assert found.low <= 100 * events.low
    assert found.high is not None
    assert found.high >= 100 * events.high
    assert of_amounts(np.zeros(4, np.int64), of_counts(np.zeros(4, np.int64))).high is None


def test_one_day_is_a_day() -> None:
    found = of_counts(np.array([4], np.int64))
    assert found.mean == 4
    assert found.high is not None
    assert found.low < 2
    assert found.high > 8
