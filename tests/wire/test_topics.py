from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.flow import DownKind, UpKind
from kaido.wire import topics

SPELLINGS = [topics.FLEETWISE, topics.KAIDO]
ids = st.from_regex(topics.VEHICLE_ID, fullmatch=True)


@pytest.mark.parametrize(
    ("prefixes", "kind", "topic"),
    [
        (topics.FLEETWISE, UpKind.CHECKIN, "$aws/iotfleetwise/vehicles/car-1/checkins"),
        (topics.FLEETWISE, UpKind.SIGNALS, "$aws/iotfleetwise/vehicles/car-1/signals"),
        (topics.KAIDO, UpKind.LAST_KNOWN_STATE, "kaido/v/car-1/last_known_states/data"),
        (topics.FLEETWISE, UpKind.COMMAND_RESPONSE, "$aws/commands/things/car-1/executions/7/response/protobuf"),
        (topics.KAIDO, UpKind.COMMAND_RESPONSE, "kaido/c/car-1/executions/7/response/protobuf"),
    ],
)
def test_up(prefixes: topics.Prefixes, kind: UpKind, topic: str) -> None:
    assert prefixes.up("car-1", kind, "7") == topic
    assert topics.up_kind(topic, "car-1") is kind
    assert topics.up_kind(topic, "car-2") is None
    assert topics.up_kind(topic + "/x", "car-1") is None


@pytest.mark.parametrize("prefixes", SPELLINGS)
def test_every_way_down_is_under_a_subscription_that_the_vehicle_may_make(prefixes: topics.Prefixes) -> None:
    filters = prefixes.subscriptions("car-1")
    for kind in DownKind:
        topic = prefixes.down("car-1", kind, "command-9")
        assert any(topics.matches(one, topic) for one in filters)
    assert all(topics.may_subscribe(one, "car-1") for one in filters)
    assert not any(topics.may_subscribe(one, "car-10") for one in filters)


@pytest.mark.parametrize(
    "topic_filter", ["#", "+/v/car-1/signals", "kaido/v/+/signals", "kaido/v/car-2/#", "$aws/#", ""]
)
def test_no_subscription_reaches_another_vehicle(topic_filter: str) -> None:
    assert not topics.may_subscribe(topic_filter, "car-1")


@given(ids, ids, st.text(max_size=40))
def test_a_topic_belongs_to_one_vehicle(one: str, other: str, tail: str) -> None:
    for prefixes in SPELLINGS:
        for prefix in prefixes.own(one):
            if one != other:
                assert topics.up_kind(prefix + tail, other) is None
                assert not topics.may_subscribe(prefix + tail, other)


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/b/c/d", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("+", "a/b", False),
        ("#", "$aws/x", False),
        ("$aws/#", "$aws/x", True),
        ("a/b", "a/b", True),
        ("a/b", "a", False),
    ],
)
def test_matching(topic_filter: str, topic: str, expected: bool) -> None:
    assert topics.matches(topic_filter, topic) is expected
