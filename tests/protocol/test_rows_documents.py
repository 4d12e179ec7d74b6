"""wire.md, "Messages": the documents of the way down, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.protocol import messages as m
from tests.protocol.cloud import CHARGING, DBC, HVAC, LIMIT, MAPPING, POWER, SOC, SPEED, TYPES, WIPING
from tests.protocol.messages import WIRE
from tests.protocol.protobuf import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.protocol.cloud import Cloud
    from tests.protocol.edge import Edge

PAGES = """
BO_ 800 PAGES: 8 ECU
 SG_ PAGE M : 0|8@1+ (1,0) [0|1] "" ECU
 SG_ A m0 : 8|8@1+ (1,0) [0|1] "" ECU
"""
WINDOWS = ("last_window_min", "last_window_max", "last_window_avg")
FORMER = tuple(name.replace("last", "previous") for name in WINDOWS)


@pytest.fixture(scope="module")
def edge(cloud: Cloud) -> Iterator[Edge]:
    with cloud.running("reader") as running:
        yield running


def unknown(value: Any) -> list[int]:
    """The numbers of all fields that the description does not have."""
    if isinstance(value, dict):
        return [*value.get(UNKNOWN, []), *(one for inner in value.values() for one in unknown(inner))]
    return [one for inner in value for one in unknown(inner)] if isinstance(value, list) else []


def scheme_of(cloud: Cloud, edge: Edge, name: str, **campaign: Any) -> dict[str, Any]:
    """What a campaign becomes at the vehicle."""
    made = cloud.campaign(name, edge.vehicle, **campaign)
    edge.until(lambda: any(one.startswith(f"{name}@") for one in edge.schemes), f"a scheme of {made['name']}")
    (found,) = [one for key, one in edge.schemes.items() if key.startswith(f"{name}@")]
    edge.checkin()
    assert unknown(found) == []
    return found


def ids(edge: Edge) -> dict[str, int]:
    """The signals' ids by path: the manifest has them in the order of identifiers and bits."""
    assert edge.manifest is not None
    paths = (SPEED, POWER, SOC, CHARGING)
    return {path: one["signal_id"] for path, one in zip(paths, edge.manifest["can_signals"], strict=True)}


def test_decoder_manifest_can_signals(edge: Edge) -> None:
    """Start bits are those of the least significant bit, for big-endian signals too."""
    assert edge.manifest is not None
    found = {one["signal_id"]: one for one in edge.manifest["can_signals"]}
    assert len(found) == 4
    by_start = {(one["message_id"] & 0x7FFF_FFFF, one["start_bit"]): one for one in found.values() if one["start_bit"]}
    speed, power = by_start[291, 8], by_start[291, 16]
    soc, charging = by_start[419_385_383, 10], by_start[419_385_383, 32]
    assert (speed["is_big_endian"], speed["length"], speed["factor"]) == (True, 16, 0.01)
    assert (power.get("is_big_endian", False), power["is_signed"], power["length"], power["factor"]) == (
        False,
        True,
        20,
        10,
    )
    assert (soc["is_big_endian"], soc["length"]) == (True, 10)
    assert charging["length"] == 1
    assert charging["primitive_type"] == m.BOOL
    assert speed["primitive_type"] == m.FLOAT64
    assert {one["interface_id"] for one in found.values()} == {"can0"}
    assert all(one.get("signal_value_type", 0) == 0 for one in found.values())
    assert speed["message_id"] == 291  # 11 bits
    assert soc["message_id"] == 2_566_869_031  # 29 bits: bit 31 is set, as in SocketCAN


def test_decoder_manifest_obd_pid_signals(cloud: Cloud) -> None:
    cloud.import_database(name="with-pids", obd="true")
    with cloud.edge("obd", manifest="with-pids") as edge:
        edge.until(lambda: edge.manifest is not None, "a manifest")
        assert edge.manifest is not None
        speed = [one for one in edge.manifest["obd_pid_signals"] if one["pid"] == 0x0D]
    (one,) = speed
    assert (one["service_mode"], one["pid_response_length"], one["byte_length"]) == (1, 1, 1)
    assert (one["scaling"], one.get("offset", 0), one.get("start_byte", 0)) == (1, 0, 0)
    assert (one.get("bit_right_shift", 0), one["bit_mask_length"]) == (0, 8)


def test_decoder_manifest_custom_decoding_signals_are_the_actuators(edge: Edge) -> None:
    integers = (m.UINT8, m.INT8, m.UINT16, m.INT16, m.UINT32, m.INT32, m.UINT64, m.INT64)
    types = (m.BOOL, *integers, m.FLOAT32, m.FLOAT64, m.STRING)
    expected = {f"Test.Of{name.capitalize()}": kind for name, kind in zip(TYPES, types, strict=True)}
    expected |= {HVAC: m.BOOL, LIMIT: m.UINT8, WIPING: m.STRING}
    found = {path: edge.actuator(path) for path in expected}
    assert {path: one["primitive_type"] for path, one in found.items()} == expected
    assert {one["interface_id"] for one in found.values()} == {"actuators"}
    numbers = [one["signal_id"] for one in found.values()]
    assert len({*numbers, *ids(edge).values()}) == len(numbers) + 4


def test_decoder_manifest_custom_decoding_signals_are_the_values_of_programs(cloud: Cloud) -> None:
    """A string among them: in a condition, and on its way to the lake."""
    state, air = "Vehicle.LowVoltageSystemState", "Vehicle.Exterior.AirTemperature"
    cloud.import_database(DBC, {**MAPPING, "values": [state, air]}, name="with-values")
    with cloud.edge("programs", manifest="with-values") as edge:
        edge.until(lambda: edge.manifest is not None, "a manifest")
        found = {path: edge.actuator(path) for path in (state, air)}
        assert {path: one["primitive_type"] for path, one in found.items()} == {state: m.STRING, air: m.FLOAT32}
        assert {one["interface_id"] for one in found.values()} == {"values"}
        number = found[state]["signal_id"]
        scheme = scheme_of(cloud, edge, "switched-on", signals=[state], condition=f'{state} == "ON"')
        compared = {"left": {"signal_id": number}, "right": {"string": "ON"}, "operator": m.EQUAL}
        assert scheme["condition_based"]["condition_tree"] == {"operator": compared}
        edge.send([{"signal_id": number, "string_value": "ON"}])
        (row,) = cloud.rows("programs", 1)
    assert (row["signal"], row["text"], row["value"]) == (state, "ON", None)


def test_decoder_manifest_complex_types_are_not_used(edge: Edge) -> None:
    assert edge.manifest is not None
    assert edge.manifest["complex_types"] == edge.manifest["complex_signals"] == []
    assert unknown(edge.manifest) == []


def test_a_multiplexed_signal_is_in_a_field_that_an_edge_agent_skips(cloud: Cloud) -> None:
    text = (
        DBC + '\nBO_ 800 PAGES: 8 ECU\n SG_ PAGE M : 0|8@1+ (1,0) [0|1] "" ECU\n SG_ A m0 : 8|8@1+ (1,0) [0|1] "" ECU\n'
    )
    cloud.import_database(text, name="with-pages")
    with cloud.edge("pages", manifest="with-pages") as edge:
        edge.until(lambda: edge.manifest is not None, "a manifest")
        assert edge.manifest is not None
        assert len(edge.manifest["can_signals"]) == 5  # and not A, which would be decoded at the wrong time
        assert unknown(edge.manifest) == [1000]


def test_collection_scheme_time_based(cloud: Cloud, edge: Edge) -> None:
    found = scheme_of(
        cloud, edge, "timed", signals=[{"path": SPEED, "minimum_period": "20ms", "buffer": 7}, SOC], period="250ms",
        priority=3, compression=False, persistence=False, start="2020-01-01T00:00:00Z", expiry="2100-01-01T00:00:00Z",
    )  # fmt: skip
    assert edge.manifest is not None
    assert found["decoder_manifest_sync_id"] == edge.manifest["sync_id"]
    assert (found["start_time_ms_epoch"], found["expiry_time_ms_epoch"]) == (1_577_836_800_000, 4_102_444_800_000)
    assert found["time_based"] == {"period_ms": 250}
    assert "condition_based" not in found
    assert found["priority"] == 3
    assert not found.get("compress_collected_data", False)
    assert not found.get("persist_all_collected_data", False)
    by_id = {one["signal_id"]: one for one in found["signal_information"]}
    assert by_id.keys() == {ids(edge)[SPEED], ids(edge)[SOC]}
    speed = by_id[ids(edge)[SPEED]]
    assert (speed["sample_buffer_size"], speed["minimum_sample_period_ms"]) == (7, 20)


def test_collection_scheme_condition_based(cloud: Cloud, edge: Edge) -> None:
    found = scheme_of(
        cloud, edge, "conditional", signals=[SPEED, {"path": SOC, "condition_only": True}], condition=f"{SPEED} > 100",
        trigger="rising_edge", minimum_interval="30s", before=40, after="5s", include_active_dtcs=True,
    )  # fmt: skip
    asked = found["condition_based"]
    assert (asked["minimum_interval_ms"], asked["trigger_mode"]) == (30_000, m.RISING_EDGE)
    assert (found["after_duration_ms"], found["include_active_dtcs"]) == (5_000, True)
    assert (
        asked["condition_tree"]
        == {"operator": {"left": {"signal_id": ids(edge)[SPEED]}, "right": {"double": 100.0}, "operator": m.GREATER}}
        or asked["condition_tree"]["operator"]["operator"] == m.GREATER
    )
    by_id = {one["signal_id"]: one for one in found["signal_information"]}
    assert by_id[ids(edge)[SPEED]]["sample_buffer_size"] >= 40
    assert by_id[ids(edge)[SOC]]["condition_only_signal"]


@pytest.mark.parametrize(
    ("text", "operator"),
    [
        ("{a} < {b}", m.LESS), ("{a} > {b}", m.GREATER), ("{a} <= {b}", m.AT_MOST), ("{a} >= {b}", m.AT_LEAST),
        ("{a} == {b}", m.EQUAL), ("{a} != {b}", m.UNEQUAL), ("{a} > {b} and {c}", m.AND), ("{a} > {b} or {c}", m.OR),
        ("not {c}", m.NOT), ("{a} + {a} > {b}", m.PLUS), ("{a} - {a} > {b}", m.MINUS), ("{a} * 2 > {b}", m.TIMES),
        ("{a} / 2 > {b}", m.DIVIDED),
    ],
)  # fmt: skip
def test_condition_node_operators(cloud: Cloud, edge: Edge, text: str, operator: int) -> None:
    condition = text.format(a=SPEED, b="Vehicle.Speed", c=CHARGING)
    name = f"operator-{operator}"
    found = scheme_of(cloud, edge, name, signals=[SPEED], condition=condition)
    nodes = list(walk(found["condition_based"]["condition_tree"]))
    assert operator in [one["operator"].get("operator", 0) for one in nodes if "operator" in one]
    used = {one["signal_id"] for one in nodes if "signal_id" in one}
    assert used <= {ids(edge)[SPEED], ids(edge)[CHARGING]}
    if operator == m.NOT:
        assert found["condition_based"]["condition_tree"]["operator"].keys() == {"left", "operator"}


def test_condition_node_functions_and_literals(cloud: Cloud, edge: Edge) -> None:
    windows = " or ".join(f"{name}({SPEED}) > 1" for name in (*WINDOWS, *FORMER))
    condition = f'{windows} or is_null({SOC}) or {CHARGING} == true or my_function({SPEED}, "text", 2.5)'
    found = scheme_of(
        cloud, edge, "functions", signals=[{"path": SPEED, "window": "2s"}], condition=condition,
        functions={"my_function": {"parameters": ["number", "string", "number"]}},
    )  # fmt: skip
    nodes = list(walk(found["condition_based"]["condition_tree"]))
    functions = [one["function"] for one in nodes if "function" in one]
    assert [one["window"].get("window_type", 0) for one in functions if "window" in one] == [0, 1, 2, 3, 4, 5]
    assert [one["is_null"]["expression"] for one in functions if "is_null" in one] == [{"signal_id": ids(edge)[SOC]}]
    (custom,) = [one["custom"] for one in functions if "custom" in one]
    assert custom["function_name"] == "my_function"
    assert custom["params"] == [{"signal_id": ids(edge)[SPEED]}, {"string": "text"}, {"double": 2.5}]
    assert {"bool": True} in nodes
    information = {one["signal_id"]: one for one in found["signal_information"]}
    assert information[ids(edge)[SPEED]]["fixed_window_period_ms"] == 2_000


def test_store_and_forward_configuration(cloud: Cloud, edge: Edge) -> None:
    signals = [{"path": SPEED, "partition": "b"}, {"path": SOC, "partition": "a"}]
    found = scheme_of(
        cloud, edge, "stored", condition=f"{SPEED} > 1", signals=signals,
        partitions=[
            {"name": "a", "maximum_size": "1MB", "minimum_time_to_live": "1h", "upload": f"{CHARGING}"},
            {"name": "b", "maximum_size": "2MB", "upload": f"{SPEED} == 0"},
        ],
    )  # fmt: skip
    one, other = found["store_and_forward_configuration"]["partition_configuration"]
    assert one["storage_options"] == {
        "maximum_size_in_bytes": 1_000_000, "storage_location": "a", "minimum_time_to_live_in_seconds": 3_600,
    }  # fmt: skip
    assert other["upload_options"]["condition_tree"]["operator"]["operator"] == m.EQUAL
    by_id = {one["signal_id"]: one.get("data_partition_id", 0) for one in found["signal_information"]}
    assert by_id[ids(edge)[SPEED]] == 1
    assert by_id[ids(edge)[SOC]] == 0


def test_fetch_information(cloud: Cloud, edge: Edge) -> None:
    found = scheme_of(
        cloud, edge, "fetched", condition=f"{SPEED} > 1", signals=[SPEED, SOC],
        fetch=[
            {"signal": SPEED, "every": "10s", "count": 3, "reset": "1h", "actions": ["ask(1)"]},
            {"signal": SOC, "condition": f"{SPEED} > 5", "trigger": "rising_edge", "actions": ["ask(2)", "ask(3)"]},
        ],
        functions={"ask": {"parameters": ["number"]}},
    )  # fmt: skip
    timed, conditional = found["signal_fetch_information"]
    assert timed["signal_id"] == ids(edge)[SPEED]
    assert timed["time_based"] == {
        "max_execution_count": 3, "execution_frequency_ms": 10_000, "reset_max_execution_count_interval_ms": 3_600_000,
    }  # fmt: skip
    assert timed["actions"] == [{"function": {"custom": {"function_name": "ask", "params": [{"double": 1.0}]}}}]
    assert conditional["condition_based"]["trigger_mode"] == m.RISING_EDGE
    assert len(conditional["actions"]) == 2


def test_state_templates(cloud: Cloud, edge: Edge) -> None:
    def make(name: str, **how: Any) -> None:
        cloud.post("state-templates", {"name": name, "signals": [SPEED, SOC], "targets": [edge.vehicle], **how})

    make("changing", on_change=True)
    make("timed", period="500ms")
    edge.until(lambda: len(edge.templates) == 2, "two state templates")
    by_name = {name: one for name in ("changing", "timed") for key, one in edge.templates.items() if name in key}
    assert by_name["changing"]["on_change"] == {}
    assert by_name["timed"]["periodic"] == {"period_ms": 500}
    assert sorted(by_name["timed"]["signal_ids"]) == sorted([ids(edge)[SPEED], ids(edge)[SOC]])
    documents = [WIRE.decode("StateTemplates", one) for one in edge.got("last_known_states/config")]
    assert unknown(documents) == []
    assert edge.manifest is not None
    assert {one["decoder_manifest_sync_id"] for one in documents} == {edge.manifest["sync_id"]}
    assert [one["version"] for one in documents] == sorted(one["version"] for one in documents)
    edge.checkin()
    cloud.api.delete("/v1/state-templates/timed").raise_for_status()
    edge.until(lambda: len(edge.templates) == 1, "a removal")
    last = WIRE.decode("StateTemplates", edge.got("last_known_states/config")[-1])
    assert ["timed" in one for one in last["state_template_sync_ids_to_remove"]] == [True]


def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a condition tree."""
    yield node
    operator, function = node.get("operator", {}), node.get("function", {})
    inner = [operator.get("left"), operator.get("right"), function.get("is_null", {}).get("expression")]
    for one in (*inner, *function.get("custom", {}).get("params", [])):
        if one is not None:
            yield from walk(one)
