"""Every frame is accounted for, once, whatever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaido.can import decode_accounting
from kaido.can.decode import Accounting, Decoder, Identifier
from kaido.can.frames import ERROR, EXTENDED, FD, REMOTE, SENT, Frames
from kaido.catalog import CanSignal, Selector

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Maker = Callable[..., Frames]

BYTE0 = CanSignal("A", 0x100, 0, 8, interface="can0")
BYTE5 = CanSignal("B", 0x100, 40, 8, interface="can0")
EVERYWHERE = CanSignal("C", 0x100, 8, 8, extended=True)
WIDE = CanSignal("D", 0x200, 60, 10, interface="can0")
SIGNALS = (BYTE0, BYTE5, EVERYWHERE, WIDE)


def test_kinds_of_frames(make_frames: Maker) -> None:
    frames = make_frames(
        (0x100, bytes(8)),
        (0x100, bytes(8), SENT),
        (0x100, bytes(5)),
        (0x100, b""),
        (0x100, bytes(8), EXTENDED),
        (0x100, bytes(8), 0, 1),
        (0x100, bytes(8), REMOTE),
        (0x100, bytes(8), ERROR | REMOTE),
        (0x777, bytes(8)),
        (0x777, bytes(8)),
        (0x12345678, bytes(8), EXTENDED, 1),
    )
    for method in ("columns", "rows"):
        decoder = Decoder(SIGNALS)
        getattr(decoder, method)(frames)
        assert decoder.accounting == Accounting(
            frames=11,
            decoded=3,
            too_short=2,
            unknown={
                Identifier("can1", 0x100, extended=False): 1,
                Identifier("can0", 0x777, extended=False): 2,
                Identifier("can1", 0x12345678, extended=True): 1,
            },
            remote=1,
            error=1,
        )
    assert decoder.accounting.to_json() == {
        "frames": 11,
        "decoded": 3,
        "too_short": 2,
        "unknown": 4,
        "remote": 1,
        "error": 1,
        "unknown_identifiers": {"can0 777": 2, "can1 100": 1, "can1 12345678": 1},
    }


def test_a_short_frame_gives_the_signals_that_fit(make_frames: Maker) -> None:
    frames = make_frames((0x100, bytes([7, 0, 0])), (0x100, bytes([8, 0, 0, 0, 0, 9])))
    columns = Decoder(SIGNALS).columns(frames)
    assert columns["A"][1].tolist() == [7, 8]
    assert columns["B"][1].tolist() == [9]
    rows = Decoder(SIGNALS).rows(frames)
    assert list(zip(rows.signal_index.tolist(), rows.value.tolist(), strict=True)) == [(0, 7), (0, 8), (1, 9)]


def test_a_signal_of_can_fd_in_classic_frames(make_frames: Maker) -> None:
    frames = make_frames((0x200, b"\xff" * 8))
    for method in ("columns", "rows"):
        decoder = Decoder(SIGNALS)
        assert len(getattr(decoder, method)(frames)) == 0
        assert decoder.accounting.too_short == 1
    fd = make_frames((0x200, bytes(7) + b"\xf0\x3f" + bytes(3), FD))
    assert Decoder(SIGNALS).columns(fd)["D"][1].tolist() == [1023]


def test_a_signal_of_any_interface_is_found_on_all(make_frames: Maker) -> None:
    frames = make_frames(
        (0x100, bytes([0, 1]), EXTENDED, 1, 10),
        (0x100, bytes([0, 2]), EXTENDED, 0, 20),
        (0x100, bytes([0, 3]), EXTENDED, 1, 30),
    )
    times, values = Decoder(SIGNALS).columns(frames)["C"]
    assert (times.tolist(), values.tolist()) == ([10, 20, 30], [1, 2, 3])
    assert Decoder(SIGNALS).rows(frames).value.tolist() == [1, 2, 3]


def test_a_frame_too_short_for_its_multiplexer(make_frames: Maker) -> None:
    selector = Selector(8, 8, big_endian=False, ranges=((1, 1), (5, 9)))
    signals = [CanSignal("A", 1, 0, 4), CanSignal("B", 1, 4, 4, selectors=(selector,))]
    frames = make_frames((1, b"\x21\5"), (1, b"\x21\4"), (1, b"\x21\x0a"), (1, b"\x21"), (1, b"\x21\1"))
    for method in ("columns", "rows"):
        decoder = Decoder(signals)
        getattr(decoder, method)(frames)
        assert (decoder.accounting.decoded, decoder.accounting.too_short) == (4, 1)
    assert Decoder(signals).columns(frames)["B"][1].tolist() == [2, 2]
    assert Decoder(signals).rows(frames).value.tolist() == [1, 2, 1, 1, 1, 1, 2]


def test_nothing_to_decode(make_frames: Maker) -> None:
    for frames in (Frames.empty(), make_frames((1, b""))):
        for signals in ((), SIGNALS):
            decoder = Decoder(signals)
            assert decoder.columns(frames) == {}
            assert len(decoder.rows(frames)) == 0
            assert decoder.accounting.unknown_frames == 2 * len(frames)


def test_integers_beyond_53_bits_keep_their_first_53(make_frames: Maker) -> None:
    signals = [CanSignal("U", 1, 0, 64), CanSignal("S", 2, 0, 64, signed=True), CanSignal("E", 3, 0, 53)]
    frames = make_frames((1, b"\xff" * 8), (2, b"\xff" * 8), (3, b"\xff" * 8))
    columns = Decoder(signals).columns(frames)
    assert [columns[name][1].tolist() for name in "USE"] == [[2.0**64], [-1.0], [2.0**53 - 1]]
    assert Decoder(signals).rows(frames).value.tolist() == [2.0**64, -1.0, 2.0**53 - 1]


def test_unknown_identifiers_are_counted_in_bounded_memory(monkeypatch: pytest.MonkeyPatch, make_frames: Maker) -> None:
    monkeypatch.setattr(decode_accounting, "MOST_UNKNOWN", 3)
    decoder = Decoder(())
    decoder.rows(make_frames(*[(number, b"") for number in range(10)], (0, b"")))
    assert len(decoder.accounting.unknown) == 3
    assert (decoder.accounting.unknown_more, decoder.accounting.unknown_frames) == (7, 11)


FRAMES = st.lists(
    st.tuples(
        st.sampled_from([0, 0x100, 0x200, 0x7FF, 0x800, 0x12345678]),
        st.binary(max_size=12),
        st.sampled_from([0, 0, EXTENDED, ERROR, REMOTE, FD, SENT, EXTENDED | FD]),
        st.integers(0, 1),
    ),
    max_size=30,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FRAMES)
def test_any_frames_in_any_cut_count_the_same(
    make_frames: Maker, given_frames: list[tuple[int, bytes, int, int]]
) -> None:
    frames = make_frames(*given_frames)
    whole, flat, cut, total = Decoder(SIGNALS), Decoder(SIGNALS), Decoder(SIGNALS), Accounting()
    whole.columns(frames)
    flat.rows(frames)
    for place in range(len(frames)):
        cut.columns(frames.take(slice(place, place + 1)))
    total.add(cut.accounting)
    counted = whole.accounting
    assert counted == flat.accounting == cut.accounting == total
    known = counted.decoded + counted.too_short
    assert known + counted.unknown_frames + counted.remote + counted.error == counted.frames == len(frames)


def test_times_are_those_of_the_frames() -> None:
    count = 1000
    dice = np.random.default_rng(1)
    frames = Frames(
        np.arange(count, dtype=np.int64) * 7,
        np.zeros(count, np.uint16),
        ("can0",),
        dice.choice(np.array([0x100, 0x200, 0x300], np.uint32), count),
        np.zeros(count, np.uint8),
        np.full(count, 8, np.uint8),
        dice.integers(0, 256, (count, 8), np.uint8),
    )
    times, values = Decoder(SIGNALS).columns(frames)["A"]
    wanted = frames.can_id == 0x100
    np.testing.assert_array_equal(times, frames.time_us[wanted])
    np.testing.assert_array_equal(values, frames.data[wanted, 0])
