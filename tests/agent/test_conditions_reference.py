"""The vectorised evaluation of conditions against the reference evaluator: thousands of random cases, no difference.

``KAIDO_CONDITION_CASES`` sets how many; they are others every time.
"""

from __future__ import annotations

import itertools
import os
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.agent import rings
from kaido.agent.clock import RunningClock
from kaido.agent.collector import collector_of
from kaido.agent.readings import Readings
from kaido.agent.samples import Batch, Samples
from kaido.agent.scheme import Skipped, read_schemes
from kaido.wire import kaido_wire_pb2 as pb
from tests.agent.reference import drives
from tests.agent.reference.evaluator import Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kaido.agent.rings import Collected
    from tests.agent.reference.evaluator import Event

CASES = int(os.environ.get("KAIDO_CONDITION_CASES", "2000"))
IDS = drives.KNOWN


@pytest.fixture(autouse=True, scope="module")
def _rings_are_cut_often() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rings, "_MANY", 8)
        yield


def agents_events(case: drives.Case) -> list[Event]:
    """What the agent makes of a drive, cut as the case says, with the clock advancing at every cut."""
    message = pb.CollectionSchemes(collection_schemes=[case.scheme])
    (scheme,) = read_schemes(message, case.scheme.decoder_manifest_sync_id, IDS, texts=drives.TEXTS)
    assert not isinstance(scheme, Skipped), scheme
    collector = collector_of(scheme, IDS, most=10**6)
    clock = RunningClock(follows_frames=True)
    found: list[Collected] = []
    for start, end in itertools.pairwise([0, *case.cuts, len(case.frames)]):
        frames = case.frames[start:end]
        counts = [len(samples) for _, samples in frames]
        frame = np.repeat(np.arange(len(frames)), counts)
        times = np.repeat(np.array([time_us for time_us, _ in frames], np.int64), counts)
        _, places, values, text = Readings.of(
            (0, IDS.index(key), value) for _, samples in frames for key, value in samples
        )
        for part in clock.parts(times, 0):
            if part.ended_us is not None:
                found += collector.flush(part.ended_us)
            told = None if text is None else text[part.rows]
            samples = Samples(part.clock_us, times[part.rows], places[part.rows], values[part.rows], told)
            found += collector.add(Batch(samples, frame[part.rows], len(IDS)))
        found += collector.advance(clock.us)
    found += collector.flush(clock.us)
    assert not any(one.overflowed for one in found)
    return [(one.time_ms, list(rows(one.samples))) for one in found]


def rows(samples: Samples) -> Iterable[tuple[int, int, float | str]]:
    ids = [IDS[place] for place in samples.signal.tolist()]
    text = [None] * len(ids) if samples.text is None else samples.text.tolist()
    values = [number if told is None else told for number, told in zip(samples.value.tolist(), text, strict=True)]
    return zip(samples.time_us.tolist(), ids, values, strict=True)


def references_events(case: drives.Case) -> list[Event]:
    reference = Reference(case.scheme, set(IDS))
    for time_us, samples in case.frames:
        if samples:  # a frame without a signal that anybody knows is none
            reference.frame(time_us, samples)
    reference.end()
    return reference.events


@settings(max_examples=CASES, deadline=None)
@given(seed=st.integers(0, 2**63), frames=st.integers(1, 120))
def test_any_drive_gives_the_events_of_the_reference(seed: int, frames: int) -> None:
    case = drives.case(random.Random(seed), frames)
    assert repr(agents_events(case)) == repr(references_events(case))


def test_the_random_cases_are_worth_something() -> None:
    """Most of them trigger, many several times, some with samples after the trigger."""
    events = [references_events(drives.case(random.Random(seed), 100)) for seed in range(200)]
    assert sum(bool(one) for one in events) > 60
    assert sum(len(one) > 2 for one in events) > 30
    assert sum(any(len(samples) > 5 for _, samples in one) for one in events) > 30
