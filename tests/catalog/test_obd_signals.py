"""Signals that have to be asked for: decoding, and their way through manifests."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.catalog import CanSignal, DecoderManifest, ObdSignal
from kaido.errors import InvalidInputError
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable

FINITE = st.floats(allow_nan=False, allow_infinity=False)
SPEED = CanSignal("Vehicle.Speed", 0xB4, 0, 16)
RPM = ObdSignal("Vehicle.OBD.EngineSpeed", 0x01, 0x0C, 0, 2, 2, scaling=0.25, unit="rpm")


@st.composite
def obd_signals(draw: Callable[..., Any], path: str = "A.B") -> ObdSignal:
    service = draw(st.sampled_from([0x01, 0x02, 0x09, 0x22]))
    byte_length, bit_mask_length = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    bits = 8 * (byte_length - 1) + bit_mask_length
    shift = draw(st.integers(0, 8 * byte_length - bits))
    start = draw(st.integers(0, 20))
    return ObdSignal(
        path,
        service_mode=service,
        pid=draw(st.integers(0, 0xFFFF if service == 0x22 else 0xFF)),
        start_byte=start,
        byte_length=byte_length,
        response_length=draw(st.just(0) | st.integers(start + byte_length, 40)),
        bit_right_shift=shift,
        bit_mask_length=bit_mask_length,
        scaling=draw(FINITE),
        offset=draw(FINITE),
        signed=draw(st.booleans()),
        is_float=bits in {32, 64} and not shift and draw(st.booleans()),
        interface=draw(st.sampled_from(["", "can0"])),
    )


@given(obd_signals(), st.data())
def test_a_value_is_what_its_bits_say(signal: ObdSignal, data: st.DataObject) -> None:
    length = signal.response_length or data.draw(st.integers(signal.bytes_needed, 60))
    answer = data.draw(st.binary(min_size=length, max_size=length))
    text = "".join(f"{byte:08b}" for byte in answer[signal.start_byte : signal.bytes_needed])
    text = text[: len(text) - signal.bit_right_shift][-signal.bits :]
    if signal.is_float:
        raw = struct.unpack(">f" if signal.bits == 32 else ">d", answer[signal.start_byte : signal.bytes_needed])[0]
    else:
        raw = int(text, 2) - (1 << signal.bits if signal.signed and text[0] == "1" else 0)
    assert signal.value(answer) == pytest.approx(raw * signal.scaling + signal.offset, nan_ok=True)


@given(obd_signals(), st.binary(max_size=60))
def test_any_answer_is_a_number_or_a_clear_error(signal: ObdSignal, answer: bytes) -> None:
    try:
        assert isinstance(signal.value(answer), float)
    except InvalidInputError as error:
        assert "bytes" in str(error)  # noqa: PT017  # both are fine


@pytest.mark.parametrize(
    ("signal", "answer", "value"),
    [  # SAE J1979: engine speed, coolant, one bit of the monitor status, DID of two bytes
        (RPM, "1AF8", 1726.0),
        (ObdSignal("T", 0x01, 0x05, 0, 1, 1, offset=-40), "7B", 83.0),
        (ObdSignal("MIL", 0x01, 0x01, 0, 1, 4, bit_right_shift=7, bit_mask_length=1), "83076504", 1.0),
        (ObdSignal("Count", 0x01, 0x01, 0, 1, 4, bit_mask_length=7), "83076504", 3.0),
        (ObdSignal("Angle", 0x22, 0xF40E, 0, 2, 2, signed=True, scaling=0.5), "FFFE", -1.0),
    ],
)
def test_known_answers(signal: ObdSignal, answer: str, value: float) -> None:
    assert signal.value(bytes.fromhex(answer)) == value


def test_what_asks_for_it() -> None:
    assert RPM.request == b"\x01\x0c"
    assert ObdSignal("Angle", 0x22, 0xF40E, 0, 2).request == b"\x22\xf4\x0e"


@pytest.mark.parametrize(
    "wrong",
    [
        {"service_mode": 0},
        {"service_mode": 0x41},
        {"pid": 256},
        {"byte_length": 0},
        {"byte_length": 9},
        {"bit_mask_length": 0},
        {"bit_mask_length": 9},
        {"bit_right_shift": 1},
        {"start_byte": 1},
        {"response_length": 5000},
        {"is_float": True},
        {"scaling": float("nan")},
    ],
)
def test_bits_that_cannot_be(wrong: dict[str, Any]) -> None:
    given = {"service_mode": 1, "pid": 0x0C, "start_byte": 0, "byte_length": 2, "response_length": 2}
    with pytest.raises(InvalidInputError, match="signal 'X'"):
        ObdSignal("X", **{**given, **wrong})


@given(st.lists(obd_signals(), max_size=4))
def test_both_kinds_go_through_json_and_the_wire(signals: list[ObdSignal]) -> None:
    named = [ObdSignal(**{**fields(one), "path": f"O{index}"}) for index, one in enumerate(signals)]
    manifest = DecoderManifest.of("car", [SPEED], obd=named)
    assert DecoderManifest.from_json(json.loads(json.dumps(manifest.to_json()))) == manifest
    assert [manifest.path_of(number) for number in manifest.ids] == [SPEED.path, *(one.path for one in named)]
    held = DecoderManifest.from_wire(pb.DecoderManifest.FromString(manifest.to_wire().SerializeToString()))
    assert held.ids == manifest.ids
    nameless = {"path": "", "unit": "", "source": "", "minimum": None, "maximum": None}
    assert [{**fields(one), "path": ""} for one in held.obd] == [{**fields(one), **nameless} for one in named]


def test_a_manifest_of_frames_keeps_its_sync_id() -> None:
    assert DecoderManifest.of("car", [SPEED]).sync_id == DecoderManifest.of("car", [SPEED], obd=[]).sync_id
    assert DecoderManifest.of("car", [SPEED]).sync_id != DecoderManifest.of("car", [SPEED], obd=[RPM]).sync_id


def test_two_kinds_of_one_name() -> None:
    with pytest.raises(InvalidInputError, match=r"two signals are both named Vehicle\.Speed.*0xb4 and 01 0d"):
        DecoderManifest.of("car", [SPEED], obd=[ObdSignal("Vehicle.Speed", 0x01, 0x0D, 0, 1)])


def test_one_id_for_two_kinds_is_refused() -> None:
    message = DecoderManifest.of("car", [SPEED], obd=[RPM]).to_wire()
    message.obd_pid_signals[0].signal_id = message.can_signals[0].signal_id
    with pytest.raises(InvalidInputError, match="one id to two signals"):
        DecoderManifest.from_wire(message)


def fields(signal: ObdSignal) -> dict[str, Any]:
    return {name: getattr(signal, name) for name in ObdSignal.__slots__}
