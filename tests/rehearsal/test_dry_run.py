"""A dry run says when, with which values, and how near it came."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.agent.firings import firings
from kaido.errors import InvalidInputError
from kaido.rehearsal import dry_run
from tests.rehearsal.drives import BRAKE, SPEED, frames, run


def test_each_moment_comes_with_its_values() -> None:
    speeds = [50.0] * 100 + [101.5, 120.0] + [50.0] * 98 + [130.25] * 20
    found = dry_run(run(before=5), [frames(speeds, brake=3)])
    assert [(one.time_ms, one.values, one.samples) for one in found.firings] == [
        (1_000, {SPEED: 101.5}, 10),
        (2_000, {SPEED: 130.25}, 10),
    ]
    assert (found.triggers, found.events, found.samples, found.frames) == (2, 2, 20, 220)
    assert found.bytes == found.compressed_bytes == sum(one.bytes for one in found.firings)
    assert found.compressed_bytes > 0
    assert found.plain_bytes > 20 * 9
    assert (found.first_us, found.last_us) == (0, 2_190_000)
    assert not found.notes


def test_values_are_those_of_the_trigger_not_of_the_end() -> None:
    speeds = [50.0] * 10 + [110.0] + [60.0] * 89
    one = frames(speeds)
    for chunks in ([one], [one.take(slice(0, 11)), one.take(slice(11, None))]):
        (fired,) = dry_run(run(after="500ms"), chunks).firings
        assert fired.values == {SPEED: 110.0}
        assert fired.samples == 2 + 2 * 49


def test_one_that_never_fires_says_how_near_it_came() -> None:
    found = dry_run(
        run(condition=f"{SPEED} > 100 and {SPEED} * 2 < {BRAKE} + 100"), [frames([40.0] * 50 + [99.5] * 50, brake=7)]
    )
    assert not found.firings
    assert found.held == 0
    fast, slow = found.comparisons
    assert (fast.text, fast.held, fast.left, fast.right) == (f"{SPEED} > 100", 0, (40, 99.5), (100, 100))
    assert slow.text == f"{SPEED} * 2 < {BRAKE} + 100"
    assert (slow.left, slow.right) == ((80, 199), (107, 107))
    assert slow.held == pytest.approx(50 / 99)


def test_by_the_clock_there_is_no_condition() -> None:
    found = dry_run(run(condition=None, trigger=None, period="100ms", every_sample=True), [frames([1.0] * 100)])
    assert found.held is None
    assert not found.comparisons
    assert found.events == 10
    assert found.samples == 200
    assert found.firings[0].values == {}


def test_what_is_not_there_is_said() -> None:
    empty = dry_run(run(), [])
    assert (empty.frames, empty.first_us, empty.held) == (0, None, None)
    assert list(empty.notes) == [
        "the recording has no frame",
        f"the recording has no sample of {SPEED}, which the condition reads",
    ]
    assert empty.comparisons[0].left is None
    late = dry_run(run(include_active_dtcs=True), [frames([1.0])] * 2, seconds=-1)
    assert late.notes[0].startswith("it took longer than")
    assert late.notes[-1] == "the bytes are without the trouble codes that go with every event"


def test_only_so_many_are_listed_and_all_are_counted() -> None:
    found = dry_run(run(), [frames([50.0, 110.0] * 30)], most=7)
    assert (len(found.firings), found.triggers) == (7, 30)


def test_what_vehicles_would_skip_is_refused() -> None:
    asked = run(functions={"mystery": {"parameters": ["number"]}}, condition=f"mystery({SPEED})")
    with pytest.raises(InvalidInputError, match="vehicles would skip the campaign"):
        dry_run(asked, [frames([1.0])])


@settings(max_examples=60, deadline=None)
@given(
    speeds=st.lists(st.sampled_from([0.0, 50.0, 99.99, 100.0, 100.01, 200.0]), min_size=1, max_size=200),
    cuts=st.lists(st.integers(0, 200), max_size=4),
    mode=st.sampled_from(["always", "rising_edge"]),
    interval=st.sampled_from([None, "30ms", "1s"]),
    after=st.sampled_from([None, "20ms", "1s"]),
)
def test_values_at_every_trigger_make_the_condition_true(
    speeds: list[float], cuts: list[int], mode: str, interval: str | None, after: str | None
) -> None:
    """Whatever the chunks: the firings are the agent's, each has the speed of its frame, and that is above 100."""
    asked = run(trigger=mode, minimum_interval=interval, after=after)
    whole = frames(speeds)
    edges = sorted({0, *(cut for cut in cuts if cut < len(speeds)), len(speeds)})
    chunks = [whole.take(slice(*pair)) for pair in itertools.pairwise(edges)]
    found = dry_run(asked, chunks)
    agents = list(firings(asked.scheme, asked.manifest, [whole]))
    assert [(one.time_ms, one.samples) for one in found.firings] == [(one.time_ms, one.samples) for one in agents]
    for one in found.firings:
        assert one.values[SPEED] == pytest.approx(speeds[one.time_ms // 10])
        assert speeds[one.time_ms // 10] > 100
    if len(speeds) > 1:
        above = np.array(speeds[:-1]) > 100
        assert found.held == pytest.approx(above.mean())
        assert found.comparisons[0].held == found.held
