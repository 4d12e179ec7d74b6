from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from kaido.catalog import CanSignal, DecoderManifest, Selector, bits
from kaido.catalog.named_signal import NamedSignal
from kaido.catalog.signal import SCALARS
from kaido.errors import InvalidInputError, NotFoundError
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable

SPEED = CanSignal("Vehicle.Speed", 0xB4, 56, 16, big_endian=True, factor=0.01, unit="km/h", interface="can0")
SELECTOR = Selector(0, 8, big_endian=False, ranges=((1, 3), (7, 7)))
CELL = CanSignal("Cell.V1", 0x18DA00F1, 8, 16, extended=True, selectors=(SELECTOR,), labels=((0, "none"),))
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def places(draw: Callable[..., Any], longest: int) -> tuple[int, int, bool]:
    length, big_endian = draw(st.integers(1, longest)), draw(st.booleans())
    first = draw(st.integers(0, 512 - length))
    return (bits.flip(first + length - 1) if big_endian else first), length, big_endian


@st.composite
def selectors(draw: Callable[..., Any]) -> Selector:
    start, length, big_endian = draw(places(32))
    edges = sorted(draw(st.sets(st.integers(0, (1 << length) - 1), min_size=1, max_size=6)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False)) or [(edges[0], edges[0])]
    return Selector(start, length, big_endian, tuple(pairs))


@st.composite
def can_signals(draw: Callable[..., Any], path: str) -> CanSignal:
    start, length, big_endian = draw(places(64))
    extended = draw(st.booleans())
    return CanSignal(
        path,
        message_id=draw(st.integers(0, 0x1FFFFFFF if extended else 0x7FF)),
        start_bit_lsb=start,
        length=length,
        extended=extended,
        big_endian=big_endian,
        signed=draw(st.booleans()),
        is_float=length in {16, 32, 64} and draw(st.booleans()),
        factor=draw(FINITE),
        offset=draw(FINITE),
        interface=draw(st.sampled_from(["", "can0", "vcan1"])),
        unit=draw(st.text(max_size=5)),
        minimum=draw(st.none() | FINITE),
        maximum=draw(st.none() | FINITE),
        selectors=tuple(draw(st.lists(selectors(), max_size=2))),
        labels=tuple(draw(st.dictionaries(st.integers(0, 9), st.text(max_size=4), max_size=2)).items()),
    )


@st.composite
def manifests(draw: Callable[..., Any]) -> DecoderManifest:
    own = [draw(can_signals(f"A.B{index}")) for index in range(draw(st.integers(0, 5)))]
    datatypes = draw(st.lists(st.sampled_from(SCALARS), max_size=3))
    return DecoderManifest.of(
        "car", own, values=[NamedSignal(f"A.C{index}", datatype) for index, datatype in enumerate(datatypes)]
    )


@given(manifests())
def test_json_keeps_everything(manifest: DecoderManifest) -> None:
    assert DecoderManifest.from_json(json.loads(json.dumps(manifest.to_json()))) == manifest


@given(manifests())
def test_the_wire_keeps_what_decoding_needs(manifest: DecoderManifest) -> None:
    received = DecoderManifest.from_wire(pb.DecoderManifest.FromString(manifest.to_wire().SerializeToString()))
    assert received.sync_id == manifest.sync_id
    assert received.name == "car"
    assert received.ids == manifest.ids
    assert (received.values, received.texts) == (manifest.values, manifest.texts)
    own = manifest.ids[: len(manifest.signals)]
    for number, ours, theirs in zip(own, manifest.signals, received.signals, strict=True):
        bare = replace(ours, path=str(number), unit="", minimum=None, maximum=None, labels=(), source="")
        assert theirs == bare


def test_any_edit_makes_another_sync_id() -> None:
    manifests_ = [
        DecoderManifest.of("car", signals)
        for signals in (
            [SPEED],
            [SPEED, CELL],
            [CELL, SPEED],
            [replace(SPEED, factor=0.02)],
            [replace(SPEED, path="Vehicle.Sped")],
            [replace(SPEED, unit="m/s")],
            [replace(SPEED, selectors=(SELECTOR,))],
        )
    ]
    assert len({manifest.sync_id for manifest in manifests_}) == len(manifests_)
    assert DecoderManifest.of("car", [SPEED], notes=["other notes"]) == manifests_[0]
    assert DecoderManifest.of("car", [replace(SPEED)]).sync_id == manifests_[0].sync_id


def test_ids_and_paths() -> None:
    manifest = DecoderManifest.of("car", [SPEED, CELL])
    assert (manifest.id_of("Cell.V1"), manifest.path_of(1)) == (2, "Vehicle.Speed")
    with pytest.raises(NotFoundError, match=r"Did you mean Vehicle\.Speed"):
        manifest.id_of("Vehicle.Sped")
    with pytest.raises(NotFoundError, match="no signal id 3"):
        manifest.path_of(3)


def test_a_stock_agent_never_sees_a_multiplexed_signal() -> None:
    message = DecoderManifest.of("car", [CELL, SPEED]).to_wire()
    assert [one.signal_id for one in message.can_signals] == [2]
    assert [one.signal.signal_id for one in message.multiplexed_can_signals] == [1]
    assert pb.DecoderManifest.DESCRIPTOR.fields_by_name["multiplexed_can_signals"].number > 6


def test_extended_identifiers_are_marked_on_the_wire() -> None:
    low = replace(CELL, message_id=0x123, selectors=())
    message = DecoderManifest.of("car", [low, SPEED]).to_wire()
    assert [one.message_id for one in message.can_signals] == [0x80000123, 0xB4]
    message.can_signals[1].message_id = 0x18DA00F1  # without the mark, as other clouds send it
    received = DecoderManifest.from_wire(message)
    assert [(one.message_id, one.extended) for one in received.signals] == [(0x123, True), (0x18DA00F1, True)]


def test_manifests_of_other_clouds_have_any_ids() -> None:
    message = DecoderManifest.of("car", [SPEED, replace(SPEED, path="B")]).to_wire()
    message.can_signals[0].signal_id = 70_000
    received = DecoderManifest.from_wire(message)
    assert received.ids == (2, 70_000)
    assert received.path_of(70_000) == "70000"
    assert received.id_of("70000") == 70_000
    message.can_signals[0].signal_id = 2
    with pytest.raises(InvalidInputError, match="one id to two signals"):
        DecoderManifest.from_wire(message)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"length": 0}, "only 1 to 64"),
        ({"length": 65}, "only 1 to 64"),
        ({"start_bit_lsb": 600}, "does not fit in a frame"),
        ({"start_bit_lsb": 0, "length": 16}, "does not fit in a frame"),
        ({"is_float": True, "length": 10}, "float of 10 bits"),
        ({"message_id": 0x800}, "no 11-bit identifier"),
        ({"message_id": 1 << 29, "extended": True}, "no 29-bit identifier"),
        ({"factor": float("inf")}, "not finite"),
        ({"offset": float("nan")}, "not finite"),
    ],
)
def test_signals_that_cannot_be(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        replace(SPEED, **changes)


@pytest.mark.parametrize("ranges", [(), ((3, 1),), ((1, 2), (2, 3)), ((0, 256),), ((-1, 2),)])
def test_selectors_that_cannot_be(ranges: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(InvalidInputError, match="values cannot be"):
        Selector(0, 8, big_endian=False, ranges=ranges)


def test_two_signals_of_one_name() -> None:
    with pytest.raises(InvalidInputError, match=r"both named Vehicle\.Speed"):
        DecoderManifest.of("car", [SPEED, replace(SPEED, message_id=5)])


@pytest.mark.parametrize("name", ["", "a b", "-a", "a" * 65, "a/b", "ä"])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be named"):
        DecoderManifest.of(name, [SPEED])


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"name": "car", "sync_id": "x", "signals": [{}]},
        {"name": "car", "sync_id": "x", "signals": [{"path": "a"}]},
        {"name": "car", "sync_id": "car@0", "signals": []},
        {"name": "car", "sync_id": "x", "signals": 5},
    ],
)
def test_documents_that_are_none_of_ours(document: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        DecoderManifest.from_json(document)


@given(st.binary(max_size=60))
def test_any_bytes_from_the_wire_are_a_manifest_or_refused(data: bytes) -> None:
    with contextlib.suppress(InvalidInputError, DecodeError):
        DecoderManifest.from_wire(pb.DecoderManifest.FromString(data))
