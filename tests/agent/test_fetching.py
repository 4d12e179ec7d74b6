"""Signals that schemes fetch: what they may ask for, and when it is due."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from kaido.agent.errors import UnusableError
from kaido.agent.fetching.fetches import Fetches
from kaido.agent.fetching.plan import Action, OnCondition, Periodically, read_fetches
from kaido.agent.fetching.schedule import Period
from kaido.agent.samples import Batch, Samples
from kaido.agent.scheme import Scheme, read_schemes
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable

ACTIONS = {"OBD_QUERY", "DTC_QUERY"}
RPM, SPEED = 7, 8


def call(name: str = "OBD_QUERY", *parameters: float | str) -> pb.ConditionNode:
    node = pb.ConditionNode()
    node.function.custom.function_name = name
    for one in parameters:
        if isinstance(one, str):
            node.function.custom.params.add(string_value=one)
        else:
            node.function.custom.params.add(double_value=one)
    return node


def timed(every_ms: int = 1000, most: int = 0, reset_ms: int = 0) -> pb.FetchInformation:
    when = pb.TimeBasedFetch(
        execution_frequency_ms=every_ms, max_execution_count=most, reset_max_execution_count_interval_ms=reset_ms
    )
    return pb.FetchInformation(signal_id=RPM, time_based=when, actions=[call()])


def conditional(threshold: float = 50, mode: pb.TriggerMode = pb.RISING_EDGE) -> pb.FetchInformation:
    one = pb.FetchInformation(signal_id=RPM, actions=[call("DTC_QUERY", 1, "7E0")])
    operator = one.condition_based.condition_tree.operator
    operator.operator = pb.NodeOperator.BIGGER
    operator.left.signal_id = SPEED
    operator.right.double_value = threshold
    one.condition_based.trigger_mode = mode
    return one


def scheme(*fetches: pb.FetchInformation, start: int = 0) -> pb.CollectionScheme:
    one = pb.CollectionScheme(
        campaign_sync_id="c@1",
        decoder_manifest_sync_id="m@1",
        start_time_ms_epoch=start,
        expiry_time_ms_epoch=2**62,
        signal_fetch_information=fetches,
    )
    one.time_based.period_ms = 1000
    one.signal_information.add(signal_id=RPM, sample_buffer_size=10)
    return one


def running(*fetches: pb.FetchInformation, start: int = 0) -> Fetches:
    (read,) = read_schemes(
        pb.CollectionSchemes(collection_schemes=[scheme(*fetches, start=start)]), "m@1", {RPM, SPEED}, actions=ACTIONS
    )
    assert isinstance(read, Scheme)
    found = Fetches()
    found.replace([read], {RPM: 0, SPEED: 1}, afresh=True)
    return found


def batch(*speeds: float, start_us: int = 0) -> Batch:
    clock = start_us + np.arange(len(speeds)) * 1_000_000
    samples = Samples(clock, clock, np.ones(len(speeds), np.intp), np.array(speeds, np.float64))
    return Batch(samples, np.arange(len(speeds)), 2)


def test_what_a_scheme_says() -> None:
    first, second = read_fetches(scheme(timed(500, 3, 9000), conditional()), {RPM, SPEED}, actions=ACTIONS)
    assert first.when == Periodically(500, 3, 9000)
    assert first.actions == (Action("OBD_QUERY"),)
    assert isinstance(second.when, OnCondition)
    assert second.when.rising_edge
    assert second.actions == (Action("DTC_QUERY", (1.0, "7E0")),)


def unknown_signal() -> pb.FetchInformation:
    one = timed()
    one.signal_id = 99
    return one


def without(field: str) -> pb.FetchInformation:
    one = timed()
    one.ClearField(field)
    return one


def by(node: pb.ConditionNode) -> pb.FetchInformation:
    one = without("actions")
    one.actions.append(node)
    return one


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda: timed(99), "every 99 ms; 100 are the least"),
        (unknown_signal, "signal 99, which the manifest does not have"),
        (lambda: without("time_based"), "does not say when"),
        (lambda: without("actions"), "by 0 actions"),
        (lambda: by(call("rm -rf")), "by 'rm -rf', which this agent does not know"),
        (lambda: by(pb.ConditionNode(double_value=1)), "no function's call"),
        (lambda: by(pb.ConditionNode()), "no function's call"),
    ],
)
def test_what_cannot_be_done(wrong: Callable[[], pb.FetchInformation], why: str) -> None:
    with pytest.raises(UnusableError, match=why):
        read_fetches(scheme(wrong()), {RPM, SPEED}, actions=ACTIONS)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    one = scheme(timed())
    with contextlib.suppress(DecodeError, UnusableError):
        one.signal_fetch_information[0].MergeFromString(payload)
        read_fetches(one, {RPM, SPEED}, actions=ACTIONS)


def test_a_period_begins_at_once_and_keeps_its_pace() -> None:
    period = Period(Periodically(1000, 0, 0))
    assert [ms for ms in range(5_000, 9_000, 100) if period.due(ms)] == [5_000, 6_000, 7_000, 8_000]
    assert period.due(11_500)  # two were missed: they are not made up for
    assert [ms for ms in range(11_600, 14_000, 100) if period.due(ms)] == [12_000, 13_000]


def test_no_more_than_so_many_times_in_a_span() -> None:
    period = Period(Periodically(100, 2, 1000))
    assert [ms for ms in range(0, 3_000, 50) if period.due(ms)] == [0, 100, 1_000, 1_100, 2_000, 2_100]
    for_ever = Period(Periodically(100, 2, 0))
    assert [ms for ms in range(0, 100_000, 100) if for_ever.due(ms)] == [0, 100]


@given(
    st.integers(100, 2_000),
    st.integers(0, 5),
    st.just(0) | st.integers(500, 5_000),
    st.lists(st.integers(0, 3_000), max_size=60),
)
def test_never_too_often(every_ms: int, most: int, reset_ms: int, steps: list[int]) -> None:
    period = Period(Periodically(every_ms, most, reset_ms))
    now, due = 0, []
    for step in steps:
        now += step
        if period.due(now):
            due.append(now)
    assert len(due) <= now // every_ms + 1
    spans = Counter((ms - due[0]) // reset_ms if reset_ms else 0 for ms in due)
    assert not most or max(spans.values(), default=0) <= most


def test_a_clock_that_goes_back_begins_anew() -> None:
    period = Period(Periodically(1000, 1, 0))
    assert period.due(50_000)
    assert not period.due(52_000)
    assert period.due(1_000)


def test_a_rising_edge_fetches_once() -> None:
    fetches = running(conditional())
    assert fetches.collects.tolist() == [False, True]
    fetches.look(batch(0, 60, 70))
    assert [one.signal_id for one in fetches.due(1)] == [RPM]
    assert fetches.due(2) == []
    fetches.look(batch(80, 40, start_us=10_000_000))
    assert fetches.due(3) == []
    fetches.look(batch(60, 40, 60, start_us=20_000_000))
    assert len(fetches.due(4)) == 1  # two edges between two looks are one fetch


def test_always_fetches_while_it_holds() -> None:
    fetches = running(conditional(mode=pb.ALWAYS))
    for second in range(3):
        fetches.look(batch(60, start_us=second * 1_000_000))
        assert len(fetches.due(second)) == 1
    fetches.look(batch(10, start_us=9_000_000))
    assert fetches.due(9) == []


def test_only_while_its_scheme_is_active() -> None:
    fetches = running(timed(), start=10_000)
    assert fetches.due(9_999) == []
    assert len(fetches.due(10_000)) == 1
    fetches.replace([], {RPM: 0, SPEED: 1}, afresh=False)
    assert fetches.due(20_000) == []
    assert not fetches.collects.any()
