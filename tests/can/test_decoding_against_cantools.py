"""Whatever the database and the frames: our values are those of cantools, in both forms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from cantools.database.can import Message, Signal
from cantools.database.conversion import BaseConversion
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.can.decode import Decoder
from kaido.can.frames import EXTENDED, FD, Frames
from kaido.catalog.database import _Reader

if TYPE_CHECKING:
    from collections.abc import Callable

FRAME_BYTES = st.sampled_from([1, 2, 5, 8, 8, 8, 12, 24, 64])
SCALES = st.sampled_from([1, 1, 2, -3, 0.1, 0.25, -0.5, 1e-7, 1.1])
OFFSETS = st.sampled_from([0, 0, -40, 12.5, 1e9])


Place = tuple[int, int, bool, bool]


@st.composite
def places(draw: Callable[..., Any], frame_bits: int, taken: set[int], longest: int = 64) -> Place | None:
    """DBC start bit, length, big-endian, float; None where the drawn place is taken."""
    is_float = longest == 64 and draw(st.integers(0, 5)) == 0
    lengths = st.sampled_from([16, 32, 64]) if is_float else st.integers(1, longest) | st.integers(1, min(12, longest))
    length = min(draw(lengths), frame_bits)
    if is_float and length not in {16, 32, 64}:
        return None
    first = draw(st.integers(0, frame_bits - length))
    big_endian = draw(st.booleans())
    bits = range(first, first + length)
    if big_endian:
        bits = [8 * (bit // 8) + 7 - bit % 8 for bit in bits]  # type: ignore[assignment]  # only iterated
    if not taken.isdisjoint(bits):
        return None
    taken.update(bits)
    return bits[0], length, big_endian, is_float


def byte_order(big_endian: bool) -> Any:
    return "big_endian" if big_endian else "little_endian"


def signal(draw: Callable[..., Any], name: str, place: Place, **multiplexing: Any) -> Signal:
    start, length, big_endian, is_float = place
    return Signal(
        name,
        start,
        length,
        byte_order(big_endian),
        is_signed=draw(st.booleans()) and not is_float,
        conversion=BaseConversion.factory(draw(SCALES), draw(OFFSETS), None, is_float),
        **multiplexing,
    )


@st.composite
def messages(draw: Callable[..., Any], name: str) -> Message:
    size = draw(FRAME_BYTES)
    extended = draw(st.booleans())
    taken: set[int] = set()
    found: list[Signal] = []
    parent: dict[str, Any] = {}
    for depth in range(draw(st.integers(0, 2))):
        lane, rest = draw(places(8 * size, taken, 3)), draw(places(8 * size, taken, 4))
        if not lane or not rest:
            break
        start, length, big_endian, _ = lane
        multiplexer = f"M{depth}"
        order = byte_order(big_endian)
        found.append(Signal(multiplexer, start, length, order, is_multiplexer=True, **parent))
        values = st.sampled_from(range(1 << length))
        # One signal that is there always: else cantools refuses a frame with a value that it does not know.
        always = {"multiplexer_ids": list(range(1 << length)), "multiplexer_signal": multiplexer}
        found.append(signal(draw, f"C{depth}", rest, **always))
        before = set(taken)
        for value in draw(st.sets(values)):
            own = set(before)
            if place := draw(places(8 * size, own)):
                taken |= own
                one = {"multiplexer_ids": [value], "multiplexer_signal": multiplexer}
                found.append(signal(draw, f"C{depth}x{value}", place, **one))
        parent = {"multiplexer_ids": sorted(draw(st.sets(values, min_size=1))), "multiplexer_signal": multiplexer}
    for index in range(draw(st.integers(1, 8))):
        place = draw(places(8 * size, taken))
        if place:
            found.append(signal(draw, f"S{index}", place))
    frame_id = draw(st.integers(0, 0x1FFFFFFF if extended else 0x7FF))
    return Message(frame_id, name, size, found, is_extended_frame=extended, is_fd=size > 8, strict=False)


def expected(message: Message, data: bytes) -> dict[str, float]:
    decoded: Any = message.decode(data, decode_choices=False, allow_truncated=True)
    return {f"N.{message.name}.{name}": value for name, value in decoded.items()}


def same(ours: float, theirs: float) -> bool:
    if math.isnan(theirs):
        return math.isnan(ours)
    return ours == theirs or math.isclose(ours, theirs, rel_tol=1e-15)  # beyond 2^53 Python computes with integers


def check(message: Message, frames: Frames, truths: list[dict[str, float]]) -> None:
    signals = _Reader("N", "", {}, {}).read([message])
    assert len(signals) == len(message.signals)
    decoder = Decoder(signals)
    decoded, rows = decoder.decode(frames), decoder.rows(frames)
    columns, long = decoded.columns(), decoded.rows()
    wanted: dict[str, list[tuple[int, float]]] = {}
    for time, truth in zip(frames.time_us.tolist(), truths, strict=True):
        for path, value in truth.items():
            wanted.setdefault(path, []).append((time, value))
    assert set(columns) == set(wanted)
    for path, (times, values) in columns.items():
        assert times.tolist() == [time for time, _ in wanted[path]]
        for ours, (_, theirs) in zip(values.tolist(), wanted[path], strict=True):
            assert same(ours, theirs), path
        index = [one.path for one in signals].index(path)
        flat = rows.signal_index == index
        np.testing.assert_array_equal(rows.time_us[flat], times)
        np.testing.assert_array_equal(rows.value[flat], values)
        np.testing.assert_array_equal(long.time_us[long.signal_index == index], times)
        np.testing.assert_array_equal(long.value[long.signal_index == index], values)
    assert len(long) == len(rows) == sum(map(len, wanted.values()))
    count = decoder.accounting
    assert count.frames == count.decoded + count.too_short == 2 * len(frames)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_database_and_frame(data: st.DataObject) -> None:
    message = data.draw(messages("Msg"))
    if not message.signals:
        return
    lengths = st.one_of(st.just(message.length), st.integers(0, message.length))
    payloads = data.draw(st.lists(lengths.flatmap(lambda n: st.binary(min_size=n, max_size=n)), min_size=1, max_size=6))
    width = 8 if message.length <= 8 else 64
    count = len(payloads)
    frames = Frames(
        np.arange(count, dtype=np.int64),
        np.zeros(count, np.uint16),
        ("can0",),
        np.full(count, message.frame_id, np.uint32),
        np.full(count, (EXTENDED if message.is_extended_frame else 0) | (FD if message.is_fd else 0), np.uint8),
        np.array([len(one) for one in payloads], np.uint8),
        np.frombuffer(b"".join(one.ljust(width, b"\0") for one in payloads), np.uint8).reshape(count, width).copy(),
    )
    check(message, frames, [expected(message, payload) for payload in payloads])


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_signals_that_share_bits(data: st.DataObject) -> None:
    found = []
    for index in range(data.draw(st.integers(2, 6))):
        place = data.draw(places(64, set()))
        if place:
            found.append(signal(data.draw, f"S{index}", place))
    if not found:
        return
    message = Message(0x123, "Msg", 8, found, strict=False)
    payloads = data.draw(st.lists(st.binary(min_size=8, max_size=8), min_size=1, max_size=5))
    count = len(payloads)
    frames = Frames(
        np.arange(count),
        np.zeros(count, np.uint16),
        ("can0",),
        np.full(count, 0x123, np.uint32),
        np.zeros(count, np.uint8),
        np.full(count, 8, np.uint8),
        np.frombuffer(b"".join(payloads), np.uint8).reshape(-1, 8).copy(),
    )
    alone = [Message(0x123, "Msg", 8, [one]) for one in found]  # cantools reads no two that share bits
    truths = [{path: value for one in alone for path, value in expected(one, each).items()} for each in payloads]
    check(message, frames, truths)
