"""Conditions that cannot be run are told so, whatever they are."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.agent.conditions import MAX_DEPTH, MAX_NODES, Tree, read_tree
from kaido.agent.errors import UnusableError
from kaido.agent.scheme import ConditionBasedScheme, Skipped
from kaido.wire import kaido_wire_pb2 as pb
from tests.agent.condition_helpers import A, B, collector, message, node, read

EMPTY = pb.ConditionNode()


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        (EMPTY, "condition"),
        ((A, ">", EMPTY), "condition"),
        (("not", EMPTY), "condition"),
        ("text", "condition"),
        ((99, ">", 1.0), "signal"),
        (("is_null", 99), "signal"),
        ((A, "==", "text"), "type"),
        (("text", "==", A), "type"),
        (("a", "<", "b"), "type"),
        (("a", "and", True), "type"),
        (("not", "a"), "type"),
        (("a", "-", "b"), "type"),
        (("unknown", A), "function"),
        (("abs",), "type"),
        (("abs", A, A), "type"),
        (("min", A), "type"),
        (("abs", "text"), "type"),
        (("LAST_AVG", A), "window"),
        (("LAST_AVG", 99), "signal"),
        (pb.ConditionNode(primitive_in_complex=pb.PrimitiveInComplex(signal_id=A)), "unsupported"),
        (pb.ConditionNode(function=pb.NodeFunction()), "unsupported"),
        (pb.ConditionNode.FromString(b"\x0a\x0a\x0a\x02\x28\x01\x12\x02\x28\x01\x18\x63"), "unsupported"),
    ],
)
def test_a_condition_that_makes_no_sense_skips_its_scheme(condition: Any, reason: str) -> None:
    found = read(message(condition))
    assert isinstance(found, Skipped), found
    assert found.reason == reason
    assert found.why


def test_windows_that_contradict_each_other_skip_the_scheme() -> None:
    signals = [{"signal_id": A, "fixed_window_period_ms": period} for period in (10, 20)]
    found = read(message(("LAST_AVG", A), *signals))
    assert isinstance(found, Skipped)
    assert found.reason == "window"


def test_depth_and_size_have_limits() -> None:
    def nested(depth: int) -> Any:
        condition = innermost = pb.ConditionNode()
        for _ in range(depth - 1):
            innermost.operator.operator = pb.NodeOperator.NOT
            innermost = innermost.operator.left
        innermost.bool_value = True
        return condition

    assert isinstance(read(message(nested(MAX_DEPTH))), ConditionBasedScheme)
    assert read(message(nested(MAX_DEPTH + 1))).reason == "condition"  # type: ignore[union-attr]  # it is skipped
    with pytest.raises(UnusableError, match=f"{MAX_DEPTH} levels"):
        read_tree(nested(40 * MAX_DEPTH))
    wide = node(("max", *[1.0] * (MAX_NODES - 1)))
    assert read_tree(wide).steps
    with pytest.raises(UnusableError, match="parts"):
        read_tree(node(("max", *[1.0] * MAX_NODES)))


def test_a_scheme_without_signals_triggers_and_collects_nothing() -> None:
    scheme = message((A, ">", 2.0))
    del scheme.signal_information[:]
    running = collector(scheme)
    assert running.collects.sum() == 1
    scheme.condition_based.condition_tree.CopyFrom(node(True))
    assert not collector(scheme).collects.any()


def test_a_ring_holds_at_least_one_sample() -> None:
    found = read(message((A, ">", B), {"signal_id": A, "sample_buffer_size": 0}))
    assert isinstance(found, ConditionBasedScheme)
    assert found.signals[0].buffer == 1


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_condition_or_not(payload: bytes) -> None:
    try:
        found = read_tree(pb.ConditionNode.FromString(payload), {A, B}, {A})
    except (DecodeError, UnusableError):
        return
    assert isinstance(found, Tree)


leaves = st.sampled_from([EMPTY, *map(node, (A, B, 99, 1.0, True, "text", ("LAST_MIN", A), ("LAST_MIN", B)))])
trees = st.recursive(
    leaves,
    lambda below: st.one_of(
        st.builds(
            lambda code, left, right: pb.ConditionNode(operator=pb.NodeOperator(operator=code, left=left, right=right)),
            st.integers(0, 14),
            below,
            below,
        ),
        st.builds(lambda inner: node(("is_null", inner)), below),
        st.builds(
            lambda name, params: node((name, *params)),
            st.sampled_from(["abs", "max", "other"]),
            st.lists(below, max_size=3),
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=500, deadline=None)
@given(trees)
def test_any_tree_is_run_or_skipped_with_a_reason(condition: pb.ConditionNode) -> None:
    found = read(message(condition, {"signal_id": A, "fixed_window_period_ms": 10}, {"signal_id": B}))
    if isinstance(found, Skipped):
        assert found.reason in {"condition", "signal", "type", "function", "window", "unsupported"}
    else:
        assert isinstance(found, ConditionBasedScheme)
