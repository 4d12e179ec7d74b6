"""The vectorised evaluation against a plain one that looks at one sample after the other."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.agent.clock import STEP_BACK_US, RunningClock
from kaido.agent.samples import Batch, Samples
from kaido.agent.scheme import CollectedSignal, TimeBasedScheme
from kaido.agent.time_based import TimeBasedCollector

if TYPE_CHECKING:
    from kaido.agent.rings import Collected

IDS = (11, 12, 13, 14)
Row = tuple[int, int, float]
"""Time in µs, place of the signal, value."""


@dataclass
class Reference:
    """Rings of Python lists, one sample at a time."""

    scheme: TimeBasedScheme

    def __post_init__(self) -> None:
        self.rings = {IDS.index(one.signal_id): deque[Row](maxlen=one.buffer) for one in self.scheme.signals}
        self.minimum = {IDS.index(one.signal_id): one.minimum_period_ms * 1000 for one in self.scheme.signals}
        self.reset()
        self.order = 0
        self.events: list[tuple[int, list[Row]]] = []
        self.overflowed = 0

    def reset(self) -> None:
        self.last: dict[int, int] = {}
        self.due: int | None = None

    def advance(self, clock: int) -> None:
        while self.due is not None and clock >= self.due:
            self.trigger(self.due)
            self.due += self.scheme.period_ms * 1000

    def trigger(self, time_us: int) -> None:
        found = sorted((row for ring in self.rings.values() for row in ring), key=lambda row: row[3])  # type: ignore[misc]  # the order of arrival stands last
        for ring in self.rings.values():
            ring.clear()
        if found:
            self.events.append((time_us // 1000, [row[:3] for row in found]))

    def add(self, clock: int, row: Row) -> None:
        if self.due is None:
            self.due = clock // 1000 * 1000 + self.scheme.period_ms * 1000
        self.advance(clock)
        _, place, _ = row
        if place not in self.rings:
            return
        if place in self.last and clock - self.last[place] < self.minimum[place]:
            return
        self.last[place] = clock
        ring = self.rings[place]
        self.overflowed += len(ring) == ring.maxlen
        self.order += 1
        ring.append((*row, self.order))  # type: ignore[arg-type]

    def flush(self, clock: int) -> None:
        self.trigger(clock)
        self.reset()


def scheme(period_ms: int, *signals: tuple[int, int, int]) -> TimeBasedScheme:
    return TimeBasedScheme(
        sync_id="c@1",
        manifest="m@1",
        start_ms=0,
        expiry_ms=2**60,
        period_ms=period_ms,
        compress=False,
        priority=0,
        signals=tuple(CollectedSignal(*one) for one in signals),
    )


def columns(rows: list[Row]) -> tuple[Any, Any, Any]:
    times, places, values = zip(*rows, strict=True)
    return np.array(times, np.int64), np.array(places, np.intp), np.array(values, np.float64)


def batch(samples: Samples) -> Batch:
    return Batch(samples, np.arange(len(samples.clock_us)), len(IDS))


def plain(found: Collected) -> tuple[int, list[Row]]:
    samples = found.samples
    return found.time_ms, list(
        zip(samples.time_us.tolist(), samples.signal.tolist(), samples.value.tolist(), strict=True)
    )


gaps = st.one_of(st.integers(-2_000, 30_000), st.just(0), st.integers(0, 400_000), st.just(-2 * STEP_BACK_US))
drives = st.lists(st.tuples(gaps, st.integers(0, 3), st.floats(allow_nan=False)), min_size=1, max_size=120).map(
    lambda steps: list(
        zip(
            np.maximum(1_000_000_000 + np.cumsum([gap for gap, _, _ in steps]), 0).tolist(),
            [place for _, place, _ in steps],
            [value for _, _, value in steps],
            strict=True,
        )
    )
)
schemes = st.builds(
    lambda period, signals: scheme(period, *[(IDS[place], *rest) for place, rest in signals.items()]),
    st.sampled_from([1, 7, 10, 100, 1000]),
    st.dictionaries(
        st.integers(0, 3), st.tuples(st.integers(1, 6), st.sampled_from([0, 0, 1, 5, 20, 150])), max_size=4
    ),
)


@settings(max_examples=300, deadline=None)
@given(schemes, drives, st.lists(st.integers(0, 120), max_size=6))
def test_batches_give_what_single_samples_give(wanted: TimeBasedScheme, rows: list[Row], cuts: list[int]) -> None:
    reference = Reference(wanted)
    clock = None
    for row in rows:
        if clock is not None and row[0] < clock - STEP_BACK_US:
            reference.flush(clock)
            clock = None
        clock = row[0] if clock is None else max(clock, row[0])
        reference.add(clock, row)
    reference.flush(clock or 0)

    collector = TimeBasedCollector(wanted, IDS, most=10**6)
    running = RunningClock(follows_frames=True)
    found: list[Collected] = []
    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    for start, end in itertools.pairwise(edges):
        times, places, values = columns(rows[start:end])
        for part in running.parts(times, 0):
            if part.ended_us is not None:
                found += collector.flush(part.ended_us)
            found += collector.add(
                batch(Samples(part.clock_us, times[part.rows], places[part.rows], values[part.rows]))
            )
    found += collector.flush(running.us)

    assert [plain(one) for one in found] == reference.events
    assert sum(one.overflowed for one in found) == reference.overflowed


def run(collector: TimeBasedCollector, rows: list[Row]) -> list[Collected]:
    times, places, values = columns(rows)
    return list(collector.add(batch(Samples(np.maximum.accumulate(times), times, places, values))))


def test_every_sample_of_a_full_rate_signal_is_kept() -> None:
    collector = TimeBasedCollector(scheme(1000, (11, 1000, 0)), IDS, most=10**6)
    rows = [(index * 1000, 0, float(index)) for index in range(5_001)]
    found = run(collector, rows)
    assert [len(one.samples.value) for one in found] == [1000] * 5
    assert [one.time_ms for one in found] == [1000, 2000, 3000, 4000, 5000]
    assert sum(one.overflowed for one in found) == 0


def test_a_ring_keeps_the_newest_however_the_batches_fall() -> None:
    for size in (1, 3, 1000):
        collector = TimeBasedCollector(scheme(10_000, (11, 3, 0)), IDS, most=10**6)
        rows = [(index, 0, float(index)) for index in range(100)]
        for start in range(0, 100, size):
            assert not run(collector, rows[start : start + size])
        (found,) = collector.flush(5)
        assert found.samples.value.tolist() == [97.0, 98.0, 99.0]
        assert found.overflowed == 97


def test_memory_is_bounded_and_the_loss_counted() -> None:
    collector = TimeBasedCollector(scheme(10**9, (11, 10**7, 0)), IDS, most=1_000)
    for start in range(0, 100_000, 5_000):
        run(collector, [(index, 0, 1.0) for index in range(start, start + 5_000)])
    (found,) = collector.flush(1)
    assert len(found.samples.value) == 1_000
    assert found.overflowed == 99_000


def test_a_silent_bus_still_ends_the_period() -> None:
    collector = TimeBasedCollector(scheme(1000, (11, 5, 0)), IDS, most=100)
    run(collector, [(500, 0, 1.0)])
    assert not list(collector.advance(999_999))
    (found,) = collector.advance(3_700_000)
    assert found.time_ms == 1000
    assert collector.due_us == 4_000_000


@pytest.mark.parametrize("signal", [(99, 5, 0)])
def test_a_signal_that_the_manifest_does_not_have_is_left_out(signal: tuple[int, int, int]) -> None:
    collector = TimeBasedCollector(scheme(1000, signal), IDS, most=100)
    run(collector, [(500, 0, 1.0)])
    assert not list(collector.flush(1))


def test_a_live_clock_is_ruled_by_the_wall() -> None:
    clock = RunningClock(follows_frames=False)
    (part,) = clock.parts(np.array([10, 5, 9 * STEP_BACK_US], np.int64), now_us=100)
    assert part.clock_us.tolist() == [10, 10, 100]
    assert clock.advance(200) is None
    clock.advance(10 * STEP_BACK_US)
    assert clock.advance(50) == 10 * STEP_BACK_US
    assert clock.us == 50
