"""No topic and no filter leads a vehicle out of its own: for any text, and for ids that look alike."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from kaido.flow import DownKind, UpKind
from kaido.gateway.subscribing import own_prefixes
from kaido.wire.topics import FLEETWISE, KAIDO, VEHICLE_ID, matches, may_subscribe, up_kind

IDS = st.one_of(
    st.sampled_from(["car-1", "car-10", "car-", "c", "vehicles", "things", "v", "$aws", "car-1.", "a:b", "{id}", ".."]),
    st.from_regex(VEHICLE_ID, fullmatch=True),
)
VEHICLES = IDS.filter(lambda name: VEHICLE_ID.fullmatch(name) is not None)
LEVELS = st.sampled_from(
    ["$aws", "iotfleetwise", "vehicles", "things", "commands", "kaido", "v", "c", "car-1", "car-10", "signals", "jobs",
     "checkins", "executions", "x", "response", "request", "protobuf", "last_known_states", "data", "..", ".", "", "+",
     "#", "$share", "$SYS", "{id}", "car-1\0", "\u0441ar-1", "fold"]
)  # fmt: skip
FROM_VEHICLES = (UpKind.CHECKIN, UpKind.SIGNALS, UpKind.LAST_KNOWN_STATE, UpKind.COMMAND_RESPONSE)
TOPICS = st.one_of(st.lists(LEVELS, max_size=9).map("/".join), st.text(max_size=60))


def owner(topic: str) -> str | None:
    """Whose topic it is, read level by level: another way than the code has."""
    levels = topic.split("/")
    if levels[:3] in (["$aws", "iotfleetwise", "vehicles"], ["$aws", "commands", "things"]) and len(levels) > 4:
        return levels[3]
    if levels[:2] in (["kaido", "v"], ["kaido", "c"]) and len(levels) > 3:
        return levels[2]
    if levels[:2] == ["$aws", "things"] and len(levels) > 3:
        return levels[2]
    return None


@given(TOPICS, VEHICLES)
@example("kaido/v/car-1/../car-2/signals", "car-1")
@example("kaido/v/car-10/signals", "car-1")
def test_what_is_taken_is_the_vehicle_s_own(topic: str, vehicle: str) -> None:
    if up_kind(topic, vehicle) is not None or topic.startswith(own_prefixes(vehicle)):
        assert owner(topic) == vehicle or topic in own_prefixes(vehicle)


@given(TOPICS, VEHICLES, VEHICLES)
def test_no_filter_matches_what_is_another_s(pattern: str, vehicle: str, another: str) -> None:
    if vehicle == another or not may_subscribe(pattern, vehicle):
        return
    for prefixes in (FLEETWISE, KAIDO):
        for kind in DownKind:
            assert not matches(pattern, prefixes.down(another, kind, "c1"))


@given(VEHICLES, VEHICLES)
def test_no_two_vehicles_share_a_topic(one: str, other: str) -> None:
    for prefixes in (FLEETWISE, KAIDO):
        for kind in FROM_VEHICLES:
            taken = up_kind(prefixes.up(one, kind, "c1"), other)
            assert taken == (kind if one == other else None)


@given(TOPICS)
def test_no_topic_brings_what_only_the_platform_may_say(topic: str) -> None:
    assert up_kind(topic, "car-1") in {None, *FROM_VEHICLES}
