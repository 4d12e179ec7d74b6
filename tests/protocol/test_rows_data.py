"""wire.md, "Messages": what a vehicle says, field by field, as it comes to lake, twin and quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.protocol.cloud import SOC, SPEED, until
from tests.protocol.edge import compress, now_ms
from tests.protocol.messages import WIRE

if TYPE_CHECKING:
    from tests.protocol.cloud import Cloud
    from tests.protocol.edge import Edge

STATE_VALUES: dict[str, Any] = {
    "double": 0.1, "bool": True, "int8": -128, "uint8": 255, "int16": -32_768, "uint16": 65_535, "int32": -(2**31),
    "uint32": 2**32 - 1, "int64": -(2**52), "uint64": 2**53, "float": 0.5, "string": "text",
}  # fmt: skip


def test_checkin_says_what_is_held_and_when(cloud: Cloud) -> None:
    with cloud.running("checks-in") as edge:
        assert len(edge.sync_ids()) == 2
        standing = cloud.heard(edge, "checks-in")
    assert (standing["held"], standing["reason"]) == (list(edge.schemes), "holds")


def test_a_checkin_that_cannot_be_read_costs_nothing(cloud: Cloud) -> None:
    with cloud.running("bad-checkin") as edge:
        assert edge.publish(f"{edge.p}checkins", b"\xff\xff") == 0
        edge.checkin()


def test_vehicle_data_all_numbers_are_doubles_and_times_are_relative(cloud: Cloud) -> None:
    with cloud.running("numbers") as edge:
        signals = [
            {"relative_time_ms": t, "signal_id": edge.id_of(), "double_value": v}
            for t, v in ((-1_500, 1), (0, -0.25), (250, 1e300))
        ]
        moment = edge.send(signals, collection_event_id=77)
        rows = cloud.rows("numbers", 3)
    assert [(one["ms"] - moment, one["value"]) for one in rows] == [(-1_500, 1.0), (0, -0.25), (250, 1e300)]
    assert {(one["event"], one["signal"]) for one in rows} == {(77, SPEED)}
    assert {one["campaign"] for one in rows} == {next(iter(edge.schemes))}


def test_vehicle_data_strings(cloud: Cloud) -> None:
    with cloud.running("strings") as edge:
        edge.send([{"signal_id": edge.id_of(), "string_value": "großer Gang 街道"}])
        (row,) = cloud.rows("strings", 1)
    assert (row["text"], row["value"]) == ("großer Gang 街道", None)


def test_vehicle_data_trouble_codes(cloud: Cloud) -> None:
    with cloud.running("trouble") as edge:
        moment = edge.send([], dtc_data={"relative_time_ms": -20, "active_dtc_codes": ["P0217", "U0100"]})
        (row,) = cloud.rows("trouble", 1)
    assert (row["signal"], row["text"], row["ms"]) == ("Vehicle.OBD.DTCList", "P0217,U0100", moment - 20)


@pytest.mark.parametrize(
    ("signal", "event", "reason"),
    [
        ({"signal_id": 4_000, "double_value": 1.0}, {}, "unknown_signal"),
        ({"double_value": 1.0}, {}, "no_signal"),
        ({"signal_id": 1}, {}, "no_value"),
        ({"primitive_in_complex": {"signal_id": 1}, "double_value": 1.0}, {}, "complex_signal"),
        ({"signal_id": 1, "double_value": 1.0}, {"decoder_sync_id": "never@1"}, "unknown_manifest"),
        ({"signal_id": 1, "double_value": 1.0, "relative_time_ms": -(2**60)}, {}, "bad_time"),
    ],
)
def test_vehicle_data_that_makes_no_sense_is_kept_with_the_reason(
    cloud: Cloud, signal: dict[str, Any], event: dict[str, Any], reason: str
) -> None:
    with cloud.running(f"no-sense-{reason.replace('_', '-')}") as edge:
        edge.send([signal], **event)
        assert cloud.quarantined(edge.vehicle).startswith(reason)


@pytest.mark.parametrize("kind", list(STATE_VALUES))
def test_last_known_state_values_are_typed(cloud: Cloud, kind: str) -> None:
    value = STATE_VALUES[kind]
    with cloud.running(f"state-{kind}", campaign=False) as edge:
        moment = edge.send_state("any", [{"signal_id": edge.id_of(), kind: value}])
        (row,) = cloud.rows(edge.vehicle, 1)
    assert row["ms"] == moment
    assert (row["text"] if kind == "string" else row["value"]) == value


def test_last_known_state_of_several_templates_in_one_message(cloud: Cloud) -> None:
    with cloud.running("templates", campaign=False) as edge:
        captured = [
            {"state_template_sync_id": "a@1", "captured_signals": [{"signal_id": edge.id_of(0), "double": 1.0}]},
            {"state_template_sync_id": "b@1", "captured_signals": [{"signal_id": edge.id_of(0), "double": 2.0}]},
        ]
        data = {"collection_event_time_ms_epoch": now_ms(), "captured_state_template_signals": captured}
        assert edge.publish(f"{edge.p}last_known_states/data", compress(WIRE.encode("LastKnownStateData", data))) == 0
        rows = cloud.rows("templates", 1)
    assert {one["campaign"] for one in rows} <= {"a@1", "b@1"}


def test_an_older_state_never_overwrites_a_newer_one(cloud: Cloud) -> None:
    with cloud.running("older", campaign=False) as edge:
        newest = now_ms()
        for value, moment in ((2.0, newest), (1.0, newest - 60_000)):
            edge.send_state("any", [{"signal_id": edge.id_of(), "double": value}], moment)
        cloud.rows("older", 2)
        assert speed_in_twin(cloud, edge)["value"] == 2.0


def test_a_state_s_time_is_its_own(cloud: Cloud) -> None:
    with cloud.running("own-time", campaign=False) as edge:
        edge.send_state("any", [{"signal_id": edge.id_of(), "double": 3.0}], now_ms() - 120_000)
        until(lambda: speed_in_twin(cloud, edge) != {}, "a value")
        assert speed_in_twin(cloud, edge)["age_s"] >= 119


def speed_in_twin(cloud: Cloud, edge: Edge) -> dict[str, Any]:
    """What the twin says of its speed."""
    values = cloud.get(f"vehicles/{edge.vehicle}/twin")["values"]
    return next((one for one in values if one["signal"] == SPEED), {})


def test_battery_of_a_29_bit_identifier_comes_under_its_own_name(cloud: Cloud) -> None:
    with cloud.running("battery") as edge:
        assert edge.manifest is not None
        (soc,) = [one for one in edge.manifest["can_signals"] if one["start_bit"] == 10]
        edge.send([{"signal_id": soc["signal_id"], "double_value": 81.5}])
        assert cloud.rows("battery", 1)[0]["signal"] == SOC
