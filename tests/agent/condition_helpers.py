"""Conditions, schemes and drives in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kaido.agent.collector import collector_of
from kaido.agent.samples import Batch, Samples
from kaido.agent.scheme import Scheme, Skipped, read_schemes
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from kaido.agent.collector import Collector
    from kaido.agent.rings import Collected

A, B, C, D = IDS = (11, 12, 13, 14)
MS = 1_000
_CODES = {
    "<": 0,
    ">": 1,
    "<=": 2,
    ">=": 3,
    "==": 4,
    "!=": 5,
    "and": 6,
    "or": 7,
    "not": 8,
    "+": 9,
    "-": 10,
    "*": 11,
    "/": 12,
}

Frame = tuple[float, dict[int, float]]
"""Time in ms, and values by signal id."""
Event = tuple[float, list[tuple[float, int, float]]]
"""Time in ms, and samples: time in ms, signal id, value."""


def node(what: Any) -> pb.ConditionNode:
    """An int is a signal, a tuple an operator between its operands or a function before them."""
    match what:
        case pb.ConditionNode():
            return what
        case bool():
            return pb.ConditionNode(bool_value=what)
        case int():
            return pb.ConditionNode(signal_id=what)
        case float():
            return pb.ConditionNode(double_value=what)
        case str():
            return pb.ConditionNode(string_value=what)
    return _composed(*what)


def _composed(first: Any, *others: Any) -> pb.ConditionNode:
    if first == "not":
        return _operator(8, left=node(others[0]))
    if len(others) == 2 and isinstance(others[0], str) and others[0] in _CODES:
        return _operator(_CODES[others[0]], left=node(first), right=node(others[1]))
    if first == "is_null":
        return pb.ConditionNode(function=pb.NodeFunction(is_null=pb.IsNullFunction(expression=node(others[0]))))
    if first in pb.WindowFunction.Type.keys():  # noqa: SIM118  # protobuf's enum, no dict
        window = pb.WindowFunction(signal_id=others[0], window_type=first)
        return pb.ConditionNode(function=pb.NodeFunction(window=window))
    custom = pb.CustomFunction(function_name=first, params=[node(one) for one in others])
    return pb.ConditionNode(function=pb.NodeFunction(custom=custom))


def _operator(code: int, **operands: pb.ConditionNode) -> pb.ConditionNode:
    return pb.ConditionNode(operator=pb.NodeOperator(operator=code, **operands))  # type: ignore[arg-type]  # an enum's number


def message(condition: Any, *signals: dict[str, Any], **changes: Any) -> pb.CollectionScheme:
    """A scheme; its signals default to A with a ring of 100."""
    scheme = pb.CollectionScheme(
        campaign_sync_id="c@1",
        decoder_manifest_sync_id=changes.pop("manifest", "m@1"),
        expiry_time_ms_epoch=1 << 62,
        after_duration_ms=changes.pop("after", 0),
    )
    for signal in signals or ({"signal_id": A},):
        scheme.signal_information.add(**{"sample_buffer_size": 100, **signal})
    scheme.condition_based.condition_tree.CopyFrom(node(condition))
    scheme.condition_based.minimum_interval_ms = changes.pop("interval", 0)
    scheme.condition_based.trigger_mode = changes.pop("mode", pb.ALWAYS)
    assert not changes
    return scheme


def read(scheme: pb.CollectionScheme, **options: Any) -> Scheme | Skipped:
    (found,) = read_schemes(
        pb.CollectionSchemes(collection_schemes=[scheme]), "m@1", options.pop("ids", IDS), **options
    )
    return found


def collector(scheme: pb.CollectionScheme, *, most: int = 10**6, **options: Any) -> Collector:
    found = read(scheme, **options)
    assert isinstance(found, Scheme), found
    return collector_of(found, IDS, most)


def add(running: Collector, *frames: Frame) -> list[Event]:
    """Let frames arrive as one batch."""
    counts = [len(values) for _, values in frames]
    times = np.repeat(np.array([time_ms * MS for time_ms, _ in frames]).astype(np.int64), counts)
    places = np.array([IDS.index(key) for _, values in frames for key in values], np.intp)
    values = np.array([value for _, values in frames for value in values.values()], np.float64)
    samples = Samples(np.maximum.accumulate(times), times, places, values)
    return shown(list(running.add(Batch(samples, np.repeat(np.arange(len(frames)), counts), len(IDS)))))


def shown(found: list[Collected]) -> list[Event]:
    return [
        (
            one.time_ms,
            [
                (time_us / MS, IDS[place], value)
                for time_us, place, value in zip(
                    one.samples.time_us.tolist(), one.samples.signal.tolist(), one.samples.value.tolist(), strict=True
                )
            ],
        )
        for one in found
    ]


def times(events: list[Event]) -> list[float]:
    return [time_ms for time_ms, _ in events]


def a(*values: float, every: float = 10) -> list[Frame]:
    """Frames of signal A."""
    return [(number * every, {A: value}) for number, value in enumerate(values)]
