"""Each rule of docs/decisions/0011-conditions.md."""

from __future__ import annotations

import numpy as np
import pytest

from kaido.agent.conditions import FUNCTIONS, Function, Kind
from kaido.wire import kaido_wire_pb2 as pb
from tests.agent.condition_helpers import IDS, A, B, C, a, add, collector, message, shown, times

RISING = pb.RISING_EDGE


def test_at_the_trigger_goes_what_the_rings_hold_each_sample_once() -> None:
    running = collector(message((A, ">", 2.0), {"signal_id": A, "sample_buffer_size": 2}))
    (first, second) = add(running, *a(0, 1, 3, 3))
    assert first == (20, [(10, A, 1), (20, A, 3)])
    assert second == (30, [(30, A, 3)])


def test_what_comes_in_the_time_after_belongs_to_the_event() -> None:
    running = collector(message((A, ">", 2.0), {"signal_id": A, "sample_buffer_size": 1}, after=20))
    assert add(running, *a(0, 1, 3, 0, 0, 0)) == [(20, [(20, A, 3), (30, A, 0)])]


def test_the_clock_alone_ends_an_event() -> None:
    running = collector(message((A, ">", 2.0), after=20))
    assert not add(running, *a(0, 3, 0))
    assert not list(running.advance(29_999))
    assert times(shown(list(running.advance(30_000)))) == [10]
    assert not list(running.advance(90_000))


def test_while_an_event_collects_nothing_triggers() -> None:
    running = collector(message((A, ">", 2.0), after=25))
    assert times(add(running, *a(3, 3, 3, 3, 3, 3, 0, 0))) == [0, 30]


def test_an_edge_while_an_event_collects_is_used_up() -> None:
    running = collector(message((A, ">", 2.0), mode=RISING, after=35))
    assert times(add(running, *a(0, 3, 0, 3, 3, 3, 3, 3, 0, 3, 0, 0, 0, 0))) == [10, 90]


def test_an_edge_within_the_minimum_interval_waits_for_its_end() -> None:
    running = collector(message((A, ">", 2.0), mode=RISING, interval=35))
    assert times(add(running, *a(0, 3, 0, 3, 3, 3, 3))) == [10, 50]
    running = collector(message((A, ">", 2.0), mode=RISING, interval=35))
    assert times(add(running, *a(0, 3, 0, 3, 0, 0, 0, 3))) == [10, 70]


def test_what_holds_at_the_first_look_has_not_risen() -> None:
    running = collector(message((A, ">", 2.0), mode=RISING))
    assert times(add(running, *a(3, 3, 0, 3, 3))) == [30]


def test_always_triggers_as_often_as_the_minimum_interval_lets_it() -> None:
    running = collector(message((A, ">", 2.0), interval=25))
    assert times(add(running, *a(3, 3, 3, 3, 3, 3, 3))) == [0, 30, 60]


def test_a_condition_is_looked_at_behind_whole_frames() -> None:
    """Neither with the new value of one and the old one of the other, nor is half of a frame sent."""
    running = collector(message((A, "!=", B), {"signal_id": A}, {"signal_id": B}, {"signal_id": C}))
    events = add(running, (0, {A: 1, B: 1}), (10, {A: 2, B: 2}), (20, {A: 3, C: 7}))
    assert times(events) == [20]
    assert events[0][1][-1] == (20, C, 7)


def test_only_signals_of_the_condition_make_it_look() -> None:
    running = collector(message((A, ">", 2.0), {"signal_id": A}, {"signal_id": B}))
    assert times(add(running, (0, {A: 3}), (10, {B: 1}), (20, {B: 1}))) == [0]


def test_a_signal_that_is_only_for_the_condition_is_not_sent() -> None:
    running = collector(message((A, ">", 2.0), {"signal_id": A, "condition_only_signal": True}, {"signal_id": B}))
    assert add(running, (0, {B: 1}), (10, {A: 3})) == [(10, [(0, B, 1)])]


def test_samples_that_come_too_soon_are_seen_by_nobody() -> None:
    running = collector(message((A, ">", 2.0), {"signal_id": A, "minimum_sample_period_ms": 15}))
    assert add(running, *a(0, 3, 3)) == [(20, [(0, A, 0), (20, A, 3)])]


@pytest.mark.parametrize(
    "condition",
    [
        (B, ">", 2.0),
        (("is_null", A), "and", (B, ">", 2.0)),
        ((A, ">", 2.0), "or", (B, ">", 2.0)),
        ("not", (B, ">", 2.0)),
        ("is_null", (A, "+", 1.0)),
        ("abs", B),
    ],
)
def test_what_was_never_seen_leaves_a_condition_undecided(condition: object) -> None:
    running = collector(message(condition, {"signal_id": A}, {"signal_id": B}))
    assert not add(running, *a(3, 3))


def test_is_null_knows_what_was_never_seen() -> None:
    running = collector(message(("is_null", B), {"signal_id": A}, {"signal_id": B}))
    assert not add(running, (0, {A: 1}))
    running = collector(message((("is_null", B), "and", (A, ">", 2.0)), {"signal_id": A}, {"signal_id": B}))
    assert times(add(running, (0, {A: 3}), (10, {B: 3}), (20, {A: 3}))) == [0]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (((1.0, "/", A), ">", 1e300), [0]),
        (((-1.0, "/", A), "<", -1e300), [0]),
        (((A, "/", A), "==", 1.0), [10]),
        (((A, "/", A), "!=", 1.0), [0]),
        ((A, "==", 0.0009), [0]),
        ((A, "==", 0.001), []),
        ((A, "!=", 0.0009), [10]),
        (A, [10]),
        (("not", A), [0]),
        (((A, ">", 1.0), "==", 1.0), [10]),
        (((A, ">", 1.0), "+", 1.0), [0, 10]),
        ((("a", "+", "b"), "==", "ab"), [0, 10]),
        ((("a", "!=", "a"), "or", (A, ">", 1.0)), [10]),
        (("is_null", "text"), []),
        ((("max", A, 3.0, 1.0), "==", 3.0), [0, 10]),
        ((("min", A, 1.0), "==", 1.0), [10]),
        ((("pow", A, 2.0), "==", 4.0), [10]),
        ((("log", 2.0, A), "==", 1.0), [10]),
        ((("ceil", (A, "/", 4.0)), "==", 1.0), [10]),
        ((("floor", (A, "/", 4.0)), "==", 0.0), [0, 10]),
        (True, [0, 10]),
        (False, []),
    ],
)
def test_operators(condition: object, expected: list[float]) -> None:
    """A is 0 at 0 ms and 2 at 10 ms."""
    assert times(add(collector(message(condition)), *a(0, 2))) == expected


def test_windows_stand_one_behind_the_other_from_the_first_sample_on() -> None:
    signals = {"signal_id": A, "fixed_window_period_ms": 30}
    drive = a(1, 2, 6, 10, 20, 60, 0, 0, 0)
    assert times(add(collector(message((("LAST_AVG", A), "==", 3.0), signals)), *drive)) == [30, 40, 50]
    assert times(add(collector(message((("LAST_MIN", A), "==", 10.0), signals)), *drive)) == [60, 70, 80]
    assert times(add(collector(message((("LAST_MAX", A), "==", 6.0), signals)), *drive)) == [30, 40, 50]
    assert times(add(collector(message((("PREVIOUS_LAST_AVG", A), "==", 3.0), signals)), *drive)) == [60, 70, 80]
    assert times(add(collector(message((("PREVIOUS_LAST_MAX", A), "==", 6.0), signals)), *drive)) == [60, 70, 80]


def test_a_window_without_samples_has_no_result() -> None:
    condition = (("is_null", ("LAST_AVG", A)), "and", (("PREVIOUS_LAST_AVG", A), "==", 1.0))
    running = collector(message(condition, {"signal_id": A, "fixed_window_period_ms": 30}))
    assert times(add(running, (0, {A: 1}), (70, {A: 5}))) == [70]


def test_two_schemes_may_want_different_windows_of_a_signal() -> None:
    short, long = (
        collector(message((("LAST_AVG", A), ">", 0.0), {"signal_id": A, "fixed_window_period_ms": period}))
        for period in (10, 50)
    )
    assert times(add(short, *a(1, 1, 1))) == [10, 20]
    assert not add(long, *a(1, 1, 1))


def test_after_a_step_of_the_clock_values_stay_and_time_begins_anew() -> None:
    running = collector(message((A, ">", 2.0), {"signal_id": A}, interval=1_000_000, after=50))
    assert not add(running, (500_000, {A: 3}))
    assert times(shown(list(running.flush(500_000_000)))) == [500_000]
    (event,) = add(running, (0, {A: 3}), (60, {A: 0}))
    assert event == (0, [(0, A, 3)])


def test_a_trigger_with_nothing_new_to_send_is_an_event_without_samples() -> None:
    running = collector(message((A, ">", 2.0), {"signal_id": A, "condition_only_signal": True}))
    assert add(running, *a(3)) == [(0, [])]


def test_memory_is_bounded_and_the_loss_counted() -> None:
    running = collector(message((A, ">", 2.0), {"signal_id": A, "sample_buffer_size": 2**32 - 1}, after=1000), most=50)
    assert not add(running, *a(*[0.0] * 1000, every=1))
    assert not add(running, (1_000, {A: 3}))
    assert not add(running, *[(1_001 + number, {A: 0.0}) for number in range(500)])
    (found,) = running.advance(2_000_000)
    assert len(found.samples.value) == 50
    assert found.samples.time_us[-1] == 1_500_000
    assert found.overflowed > 0


def test_what_newer_samples_overwrite_in_a_ring_is_no_loss() -> None:
    running = collector(message((A, ">", 2.0), {"signal_id": A, "sample_buffer_size": 2}))
    add(running, *a(*[0.0] * 100))
    (found,) = collected = add(running, (2_000, {A: 3}))
    assert len(found[1]) == 2
    assert collected


def test_who_embeds_the_agent_adds_functions() -> None:
    functions = {
        **FUNCTIONS,
        "near": Function(lambda x, y, unit: np.hypot(x, y) < (5 if unit == "m" else 0),
                         (Kind.NUMBER, Kind.NUMBER, Kind.STRING), Kind.CONDITION),
    }  # fmt: skip
    scheme = message((("near", A, B, "m"), "and", True), {"signal_id": A}, {"signal_id": B})
    running = collector(scheme, functions=functions)
    assert times(add(running, (0, {A: 1, B: 9}), (10, {B: 1}), (20, {A: 9}))) == [10]


def test_every_signal_it_looks_at_is_decoded() -> None:
    running = collector(message((C, ">", 2.0), {"signal_id": A}))
    assert [IDS[place] for place in np.flatnonzero(running.collects)] == [A, C]
    assert times(add(running, (0, {A: 1}), (10, {C: 3}))) == [10]
