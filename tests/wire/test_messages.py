"""The messages against the tags and types that the protocol states."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from kaido.wire import generate
from kaido.wire import kaido_wire_pb2 as wire

if TYPE_CHECKING:
    from pathlib import Path


def test_the_generated_code_is_that_of_the_proto_file(tmp_path: Path) -> None:
    generate.generate(tmp_path)
    for name in ("kaido_wire_pb2.py", "kaido_wire_pb2.pyi"):
        assert (tmp_path / name).read_text() == (generate.HERE / name).read_text(), f"{name} is stale"
    shutil.rmtree(tmp_path)


# Bytes written by hand from the protocol's tag numbers: (tag << 3 | wire type), then the value.
@pytest.mark.parametrize(
    ("message", "raw"),
    [
        (wire.Checkin(document_sync_ids=["m"], timestamp_ms_epoch=5), b"\x0a\x01m\x10\x05"),
        (
            wire.VehicleData(
                campaign_sync_id="c",
                decoder_sync_id="d",
                collection_event_id=7,
                collection_event_time_ms_epoch=8,
                captured_signals=[wire.CapturedSignal(relative_time_ms=-1, signal_id=3, double_value=1.0)],
            ),
            b"\x0a\x01c\x12\x01d\x18\x07\x20\x08\x2a\x0d\x08\x01\x10\x03\x19" + b"\x00" * 6 + b"\xf0\x3f",
        ),
        (
            wire.CapturedSignal(primitive_in_complex=wire.PrimitiveInComplex(signal_id=4), string_value="x"),
            b"\x22\x01x\x52\x02\x08\x04",
        ),
        (wire.VehicleData(dtc_data=wire.DtcData(active_dtc_codes=["P0420"])), b"\x32\x07\x12\x05P0420"),
        (
            wire.CommandRequest(command_id="c", timeout_ms=9, issued_timestamp_ms=2),
            b"\x82\x01\x01c\x88\x01\x09\xa0\x01\x02",
        ),
        (
            wire.CommandResponse(status=wire.CommandResponse.EXECUTION_FAILED, command_id="c", reason_code=0x10000),
            b"\x08\x04\x12\x01c\x18\x80\x80\x04",
        ),
        (
            wire.CollectionScheme(campaign_sync_id="c", compress_collected_data=True, priority=3, campaign_arn="a"),
            b"\x0a\x01c\x60\x01\x68\x03\x9a\x01\x01a",
        ),
        (
            wire.StateTemplates(decoder_manifest_sync_id="d", state_template_sync_ids_to_remove=["s"], version=3),
            b"\x12\x01d\x32\x01s\x38\x03",
        ),
        (wire.StateSignal(signal_id=1, int16_value=-2), b"\x08\x01\x30\x03"),
        (wire.ActuatorCommand(signal_id=1, bool_value=True), b"\x08\x01\x20\x01"),
        (wire.CANSignal(signal_id=1, is_big_endian=True, start_bit=63, length=8), b"\x08\x01\x20\x01\x30\x3f\x48\x08"),
    ],
)
def test_bytes_are_those_of_the_protocol(message: object, raw: bytes) -> None:
    kind = type(message)
    assert message.SerializeToString() == raw  # type: ignore[attr-defined]  # any of the messages
    assert kind.FromString(raw) == message  # type: ignore[attr-defined]


def test_codes_of_the_condition_tree() -> None:
    codes = wire.NodeOperator.Code
    assert [codes.Value(n) for n in ("SMALLER", "BIGGER", "SMALLER_EQUAL", "BIGGER_EQUAL")] == [0, 1, 2, 3]
    assert [codes.Value(n) for n in ("EQUAL", "NOT_EQUAL", "AND", "OR", "NOT")] == [4, 5, 6, 7, 8]
    assert [codes.Value(n) for n in ("PLUS", "MINUS", "MULTIPLY", "DIVIDE")] == [9, 10, 11, 12]
    assert wire.PrimitiveType.Value("STRING") == 12
    assert wire.CommandResponse.Status.Value("IN_PROGRESS") == 10
