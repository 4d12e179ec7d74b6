from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.agent.state.state_data import Part, payloads
from kaido.wire import kaido_wire_pb2 as pb
from kaido.wire import snappy

FLOAT32_MAX = float(np.finfo(np.float32).max)
EVENT_MS = 1_700_000_000_000
FIELDS = {
    pb.BOOL: "bool_value",
    pb.FLOAT32: "float_value",
    pb.FLOAT64: "double_value",
    **{getattr(pb, f"{s}INT{n}"): f"{s.lower()}int{n}_value" for s in ("", "U") for n in (8, 16, 32, 64)},
}  # fmt: skip

Row = tuple[int, int, int, float]
ids = st.integers(0, 2**32 - 1) | st.integers(0, 300)
times = st.integers(-(2**40), 2**40) | st.integers(-300, 0)
values = (
    st.floats(width=64)
    | st.floats(width=32)
    | st.integers(-(2**63), 2**64 - 1).map(float)
    | st.integers(-300, 300).map(float)
)
rows = st.tuples(ids, st.sampled_from([*FIELDS, pb.NULL, pb.STRING]), times, values)


def part(rows: list[Row], sync_id: str = "state:doors@1") -> Part:
    signal, kind, relative, value = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Part(
        sync_id,
        np.array(signal, np.uint32),
        np.array(kind, np.uint8),
        np.array(relative, np.int64) + EVENT_MS,
        np.array(value, np.float64),
    )


@given(st.lists(st.tuples(ids, times, st.text(max_size=20)), min_size=1, max_size=10), st.lists(rows, max_size=10))
def test_texts_come_behind_the_numbers(told: list[tuple[int, int, str]], numbers: list[Row]) -> None:
    mixed = part([*((key, pb.STRING, ms, 0.0) for key, ms, _ in told), *numbers])
    text = np.array([*(word for *_, word in told), *[None] * len(numbers)], object)
    (payload,) = payloads(EVENT_MS, [replace(mixed, text=text)], 131_072)
    (state,) = pb.LastKnownStateData.FromString(snappy.decompress(payload)).captured_state_template_signals
    expected = message({mixed.sync_id: numbers}).captured_state_template_signals
    wanted = [*expected[0].captured_signals] if numbers else []
    wanted += [pb.StateSignal(signal_id=key, relative_time_ms=ms, string_value=word) for key, ms, word in told]
    assert [one.SerializeToString() for one in state.captured_signals] == [one.SerializeToString() for one in wanted]


def takes(kind: int, value: float) -> bool:
    """Whether a type can hold a value without loss, by the protobuf library and Python alone."""
    if kind == pb.FLOAT32:
        return not math.isfinite(value) or (abs(value) <= FLOAT32_MAX and float(np.float32(value)) == value)
    if kind not in FIELDS or not math.isfinite(value) or not value.is_integer():
        return False
    if kind == pb.BOOL:
        return value in {0, 1}
    name = pb.PrimitiveType.Name(kind)
    bits = int(name.lstrip("UINT"))
    least, beyond = (0, 1 << bits) if name.startswith("U") else (-(1 << bits - 1), 1 << bits - 1)
    return least <= int(value) < beyond


def message(parts: dict[str, list[Row]]) -> pb.LastKnownStateData:
    data = pb.LastKnownStateData(collection_event_time_ms_epoch=EVENT_MS)
    for sync_id, some in parts.items():
        template = data.captured_state_template_signals.add(state_template_sync_id=sync_id)
        for signal, kind, relative, value in some:
            one = template.captured_signals.add(signal_id=signal, relative_time_ms=relative)
            if kind in {pb.FLOAT32, pb.FLOAT64} or not takes(kind, value):
                field = "float_value" if kind == pb.FLOAT32 and takes(kind, value) else "double_value"
                setattr(one, field, value)
            else:
                setattr(one, FIELDS[kind], bool(value) if kind == pb.BOOL else int(value))
    return data


def read(payload: bytes) -> pb.LastKnownStateData:
    return pb.LastKnownStateData.FromString(snappy.decompress(payload))


@given(st.lists(rows, min_size=1, max_size=40), st.lists(rows, min_size=1, max_size=5))
def test_the_bytes_are_those_of_the_protobuf_library(first: list[Row], second: list[Row]) -> None:
    (payload,) = payloads(EVENT_MS, [part(first, "a"), part(second, "b")], 131_072)
    assert snappy.decompress(payload) == message({"a": first, "b": second}).SerializeToString()


@given(st.lists(st.lists(rows, min_size=1, max_size=60), min_size=1, max_size=3), st.integers(200, 900))
def test_parts_keep_the_limit_and_every_value(groups: list[list[Row]], limit: int) -> None:
    names = {f"template-{number}": some for number, some in enumerate(groups)}
    made = list(payloads(EVENT_MS, [part(some, name) for name, some in names.items()], limit))
    assert all(len(one) <= limit for one in made)
    found: dict[str, list[bytes]] = {name: [] for name in names}
    for payload in made:
        data = read(payload)
        assert data.collection_event_time_ms_epoch == EVENT_MS
        for template in data.captured_state_template_signals:
            found[template.state_template_sync_id] += [one.SerializeToString() for one in template.captured_signals]
    whole = message(names).captured_state_template_signals
    assert found == {
        one.state_template_sync_id: [signal.SerializeToString() for signal in one.captured_signals] for one in whole
    }


def test_parts_are_as_large_as_the_limit_allows() -> None:
    many = part([(index % 200, pb.FLOAT64, -index % 1000, index * 0.1) for index in range(20_000)])
    sizes = [len(snappy.decompress(one)) for one in payloads(EVENT_MS, [many], 131_072)]
    assert all(112_000 < size <= 131_072 for size in sizes[:-1])


def test_nothing_makes_no_payload() -> None:
    assert not list(payloads(EVENT_MS, [], 1_000))
    assert not list(payloads(EVENT_MS, [part([])], 1_000))


def test_a_limit_without_room_is_an_error() -> None:
    with pytest.raises(ValueError, match="no room"):
        list(payloads(EVENT_MS, [part([(1, pb.BOOL, 0, 1.0)])], 60))


def test_a_value_that_its_type_does_not_take_goes_as_a_double() -> None:
    odd: list[Row] = [(1, pb.UINT8, 0, 256.0), (2, pb.UINT8, 0, 1.5), (3, pb.INT32, 0, math.nan), (4, pb.BOOL, 0, 2.0)]
    (payload,) = payloads(EVENT_MS, [part(odd)], 1_000)
    (template,) = read(payload).captured_state_template_signals
    assert [one.WhichOneof("value") for one in template.captured_signals] == ["double_value"] * 4
