"""From a campaign to the message that a vehicle gets."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kaido.agent.scheme import ConditionBasedScheme, read_schemes
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.named_signal import NamedSignal
from kaido.control import compiling
from kaido.control.compiling import Scheme, Unfit, compile_scheme
from kaido.control.spec import read_spec
from kaido.expressions import from_wire, show
from kaido.wire import kaido_wire_pb2 as pb

MANIFEST = DecoderManifest.of(
    "leaf",
    [
        CanSignal("Vehicle.Speed", 0x100, 0, 16, unit="km/h"),
        CanSignal("Vehicle.IsMoving", 0x100, 16, 1),
        CanSignal("Vehicle.Acceleration.Longitudinal", 0x101, 0, 16, unit="m/s^2"),
        CanSignal("Vehicle.Acceleration.Lateral", 0x101, 16, 16, unit="m/s^2"),
        CanSignal("Vehicle.LowVoltageSystemState", 0x102, 0, 8, factor=2, labels=((0, "OFF"), (3, "ON"))),
    ],
    values=[NamedSignal("Vehicle.Driver.Identifier.Subject", "string"), NamedSignal("Vehicle.Trip.Name", "string")],
)
LEAST: dict[str, Any] = {"name": "fast", "signals": ["Vehicle.Speed"], "condition": "Vehicle.Speed > 60 mph"}


def compiled(**changes: Any) -> pb.CollectionScheme:
    document = {name: value for name, value in {**LEAST, **changes}.items() if value is not None}
    scheme = compile_scheme(read_spec(document), MANIFEST)
    assert isinstance(scheme, Scheme), scheme
    message = pb.CollectionScheme.FromString(scheme.content)
    assert message.campaign_sync_id == scheme.sync_id
    return message


def unfit(**changes: Any) -> str:
    found = compile_scheme(read_spec({**LEAST, **changes}), MANIFEST)
    assert isinstance(found, Unfit)
    return found.reason


def text(node: pb.ConditionNode) -> str:
    return show(from_wire(node, {number: MANIFEST.path_of(number) for number in MANIFEST.ids}))


def signals(message: pb.CollectionScheme) -> dict[str, pb.SignalInformation]:
    return {MANIFEST.path_of(one.signal_id): one for one in message.signal_information}


def test_a_condition_with_all_around_it() -> None:
    message = compiled(
        trigger="rising_edge",
        minimum_interval="10s",
        before=100,
        after="5s",
        include_active_dtcs=True,
        priority=3,
        compression=False,
    )
    asked = message.condition_based
    assert text(asked.condition_tree) == "Vehicle.Speed > 96.56064"
    assert (asked.minimum_interval_ms, asked.trigger_mode, asked.condition_language_version) == (
        10_000,
        pb.RISING_EDGE,
        1,
    )
    assert (message.after_duration_ms, message.include_active_dtcs, message.priority) == (5_000, True, 3)
    assert (message.compress_collected_data, message.persist_all_collected_data) == (False, True)
    assert message.decoder_manifest_sync_id == MANIFEST.sync_id
    assert signals(message)["Vehicle.Speed"].sample_buffer_size == 100


def test_without_settings_a_trigger_takes_the_newest_sample_each_time() -> None:
    message = compiled()
    assert message.condition_based.trigger_mode == pb.ALWAYS
    assert (message.condition_based.minimum_interval_ms, message.after_duration_ms) == (0, 0)
    assert signals(message)["Vehicle.Speed"].sample_buffer_size == 1


def test_signals_have_settings_of_their_own() -> None:
    message = compiled(
        signals=[
            "Vehicle.Acceleration.*",
            {"path": "Vehicle.Acceleration.Lateral", "minimum_period": "20ms", "buffer": 7},
            {"path": "Vehicle.Speed", "condition_only": True, "window": "2s"},
        ],
        before=50,
        minimum_sample_period="10ms",
    )
    found = signals(message)
    assert {path: (one.sample_buffer_size, one.minimum_sample_period_ms) for path, one in found.items()} == {
        "Vehicle.Speed": (1, 10),
        "Vehicle.Acceleration.Longitudinal": (50, 10),
        "Vehicle.Acceleration.Lateral": (7, 20),
    }
    assert {path for path, one in found.items() if one.condition_only_signal} == {"Vehicle.Speed"}
    assert found["Vehicle.Speed"].fixed_window_period_ms == 2_000


def test_what_a_condition_reads_besides_is_read_and_not_sent() -> None:
    message = compiled(condition="not Vehicle.IsMoving and is_null(Vehicle.Acceleration.Lateral)", before=9)
    found = signals(message)
    assert {path for path, one in found.items() if one.condition_only_signal} == {
        "Vehicle.IsMoving",
        "Vehicle.Acceleration.Lateral",
    }
    assert found["Vehicle.IsMoving"].sample_buffer_size == 1


def test_partitions_and_what_lies_in_them() -> None:
    message = compiled(
        signals=["Vehicle.Speed", {"path": "Vehicle.Acceleration.*", "partition": "brakes"}],
        partitions=[
            {"name": "drive", "maximum_size": "10MB", "upload": "Vehicle.Speed == 0"},
            {"name": "brakes", "maximum_size": 5_000, "minimum_time_to_live": "2h", "upload": "true"},
        ],
    )
    first, second = message.store_and_forward_configuration.partition_configuration
    assert (first.storage_options.storage_location, first.storage_options.maximum_size_in_bytes) == ("drive", 10**7)
    assert (second.storage_options.maximum_size_in_bytes, second.storage_options.minimum_time_to_live_in_seconds) == (
        5_000,
        7_200,
    )
    assert text(first.upload_options.condition_tree) == "Vehicle.Speed == 0"
    assert second.upload_options.condition_tree.bool_value
    found = signals(message)
    assert found["Vehicle.Speed"].data_partition_id == 0
    assert found["Vehicle.Acceleration.Lateral"].data_partition_id == 1


def test_fetches_by_schedule_and_by_condition() -> None:
    actions = ['ask("a", -1)', "ask('b', 2)"]
    message = compiled(
        functions={"ask": {"parameters": ["string", "number"]}},
        fetch=[
            {"signal": "Vehicle.Speed", "every": "10s", "count": 5, "reset": "1h", "actions": actions},
            {
                "signal": "Vehicle.Speed",
                "condition": "Vehicle.IsMoving",
                "trigger": "rising_edge",
                "actions": actions[:1],
            },
        ],
    )
    scheduled, conditional = message.signal_fetch_information
    assert scheduled.signal_id == MANIFEST.id_of("Vehicle.Speed")
    assert (
        scheduled.time_based.execution_frequency_ms,
        scheduled.time_based.max_execution_count,
        scheduled.time_based.reset_max_execution_count_interval_ms,
    ) == (10_000, 5, 3_600_000)
    assert [text(action) for action in scheduled.actions] == ['ask("a", -1)', 'ask("b", 2)']
    assert text(conditional.condition_based.condition_tree) == "Vehicle.IsMoving"
    assert conditional.condition_based.trigger_mode == pb.RISING_EDGE
    assert len(conditional.actions) == 1


def test_what_agents_know_of_ecus_needs_no_declaration() -> None:
    actions = ["OBD_QUERY()", 'DTC_QUERY(1, "7E0")']
    message = compiled(fetch=[{"signal": "Vehicle.Speed", "every": "10s", "actions": actions}])
    (fetch,) = message.signal_fetch_information
    assert [text(action) for action in fetch.actions] == actions
    assert "no function 'OBD_QUERY'" in unfit(condition="OBD_QUERY() > 1")


@pytest.mark.parametrize(
    "condition",
    [
        'Vehicle.Driver.Identifier.Subject == "mia"',
        "Vehicle.Driver.Identifier.Subject != Vehicle.Trip.Name",
        "is_null(Vehicle.Trip.Name)",
    ],
)
def test_strings_that_programs_hand_over_are_strings_in_the_vehicle(condition: str) -> None:
    message = compiled(condition=condition)
    assert text(message.condition_based.condition_tree) == condition


def test_by_the_clock_nothing_of_a_condition_is_there() -> None:
    message = compiled(condition=None, period="2s")
    assert message.time_based.period_ms == 2_000
    assert not message.HasField("condition_based")
    assert not message.HasField("store_and_forward_configuration")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signals": ["Vehicle.Cabin.*"]}, "its manifest has none of the signals"),
        ({"condition": "Vehicle.Range > 1"}, "its manifest has no signal Vehicle.Range"),
        ({"condition": "Vehicle.Speed > 5 celsius"}, "of different quantities"),
        (
            {"condition": "Vehicle.LowVoltageSystemState == 'on'"},
            "its manifest has Vehicle.LowVoltageSystemState as a number, not as the string 'on'; 'on' is 6",
        ),
        ({"condition": "'START' != Vehicle.LowVoltageSystemState"}, "not as the string 'START'"),
        ({"condition": "Vehicle.Trip.Name == 5"}, "a string is compared with a number"),
        (
            {"condition": "Vehicle.Trip.Name == Vehicle.LowVoltageSystemState"},
            "has one of Vehicle.Trip.Name and Vehicle.LowVoltageSystemState as a string, the other as a number",
        ),
        ({"condition": "last_window_max(Vehicle.Speed) > 1"}, "nothing says how long they are"),
        (
            {"fetch": [{"signal": "Vehicle.Range", "every": "1s", "actions": ["abs(1)"]}]},
            "its manifest has no signal Vehicle.Range",
        ),
        (
            {"partitions": [{"name": "a", "maximum_size": 1, "upload": "Vehicle.Parked"}]},
            "its manifest has no signal Vehicle.Parked",
        ),
    ],
)
def test_what_a_manifest_lacks_is_the_reason(changes: dict[str, Any], reason: str) -> None:
    assert reason in unfit(**changes)


def test_a_scheme_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "MAX_SCHEME_BYTES", 20_000)
    call = {"signal": "Vehicle.Speed", "every": "1s", "actions": [f'ask("{"x" * 3_000}")']}
    reason = unfit(functions={"ask": {"parameters": ["string"]}}, fetch=[call] * 9)
    assert re.match(r"its collection scheme would have 27,\d+ bytes, of 20,000 at most", reason)


def test_equal_content_has_equal_ids_and_any_edit_another() -> None:
    first = compiled()
    assert compiled().campaign_sync_id == first.campaign_sync_id
    assert compiled(condition="Vehicle.Speed>60mph").campaign_sync_id == first.campaign_sync_id
    for changes in ({"condition": "Vehicle.Speed > 61 mph"}, {"after": "1s"}, {"before": 2}, {"priority": 1}):
        assert compiled(**changes).campaign_sync_id != first.campaign_sync_id


@pytest.mark.parametrize(
    "condition",
    [
        "Vehicle.Speed > 60 mph and not Vehicle.IsMoving or is_null(Vehicle.Acceleration.Lateral)",
        "last_window_avg(Vehicle.Speed) - previous_window_min(Vehicle.Speed) >= 5 / 2 * -1",
        "abs(Vehicle.Acceleration.Longitudinal) > 0.4 g0 and pow(Vehicle.Speed, 2) != max(1, 2, 3)",
        " or ".join(["Vehicle.Speed == 1"] * 100),
        "true",
    ],
)
def test_agents_take_it(condition: str) -> None:
    message = compiled(
        signals=[{"path": "Vehicle.Speed", "window": "1s"}], condition=condition, trigger="rising_edge", after="1s"
    )
    schemes = pb.CollectionSchemes(collection_schemes=[message])
    [scheme] = read_schemes(schemes, MANIFEST.sync_id, frozenset(MANIFEST.ids))
    assert isinstance(scheme, ConditionBasedScheme), scheme
    assert (scheme.rising_edge, scheme.after_duration_ms) == (True, 1_000)
