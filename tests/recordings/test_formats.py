"""What the lines of each kind mean: times, buses, identifiers, flags."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kaido.can.frames import ERROR, EXTENDED, FD, REMOTE, SENT, Frames
from kaido.recordings import open_recording
from tests.recordings.messages import Seen, seen

CORPUS = Path(__file__).parent / "corpus"


def read(name: str) -> list[Seen]:
    return seen(Frames.concatenate(list(open_recording(CORPUS / name))))


def us(text: str) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return round(moment.timestamp() * 1e6)


def test_candump() -> None:
    frames = read("candump_mixed.log")
    base = 1_700_000_000_000_000
    assert frames[0] == Seen(base + 1, "can0", 0x123, 0, 8, bytes.fromhex("1122334455667788"))
    assert frames[1] == Seen(base + 2, "can0", 0x123, REMOTE, 0, b"")
    assert frames[2] == Seen(base + 3, "can0", 0x123, REMOTE | SENT, 4, bytes(4))
    assert frames[3] == Seen(base + 4, "can1", 0x1ABCDEF0, EXTENDED, 1, b"\0")
    assert frames[4] == Seen(base + 5, "can0", 0x123, FD, 12, bytes.fromhex("112233445566778899AABBCC"))
    assert frames[5] == Seen(base + 6, "can0", 0x80, ERROR, 8, bytes(8))
    assert frames[6] == Seen(base + 7, "slcan0", 0x7FF, 0, 0, b"")
    assert frames[8] == Seen(base + 17, "can0", 0x123, 0, 3, bytes.fromhex("112233"))


def test_candump_on_the_screen_without_times() -> None:
    frames = read("screen_plain.txt")
    assert [frame.time_us for frame in frames] == [0, 1, 2, 3, 4, 5]
    assert frames[0][1:] == ("can0", 0x260, 0, 8, bytes.fromhex("08FFFB0000001884"))
    assert frames[1][1:] == ("can1", 0x7FF, 0, 0, b"")
    assert frames[2][1:] == ("can0", 0x1ABCDEF0, EXTENDED, 3, b"\1\2\3")
    assert frames[3][1:] == ("can0", 0x123, REMOTE, 4, bytes(4))
    assert frames[4].flags == ERROR
    assert frames[5].flags == FD


def test_candump_on_the_screen_with_differences() -> None:
    assert [frame.time_us for frame in read("screen_differences.txt")] == [0, 10_000, 12_000, 312_000, 312_100]


def test_candump_on_the_screen_with_everything() -> None:
    received, sent = read("screen_full.txt")
    assert received == Seen(us("2023-11-14T22:13:20.123456"), "can0", 0x83, 0, 8, bytes.fromhex("10327064E0F8026D"))
    assert sent.flags == FD | SENT
    assert sent.length == 12


def test_asc() -> None:
    frames = read("asc_events.asc")
    begin = us("2020-12-31T16:20:31") + 430_000_000
    assert frames[0] == Seen(begin + 429_450, "can0", 0x119, 0, 2, b"\0\1")
    assert frames[1] == Seen(begin + 432_500, "can1", 0x18FEF100, EXTENDED | SENT, 8, bytes.fromhex("123456789ABCDEF0"))
    assert frames[2] == Seen(begin + 432_510, "can0", 0, ERROR, 0, b"")
    assert [(frame.flags, frame.length) for frame in frames[3:5]] == [(REMOTE, 0), (REMOTE, 4)]
    assert frames[5][2:] == (0x300, FD, 32, bytes(range(32)))
    assert frames[6][2:] == (0x301, 0, 8, bytes(range(8))), "a classic frame on a bus of CAN FD"


def test_asc_with_decimal_numbers_and_times_since_the_event_before() -> None:
    first, second = read("asc_decimal_relative.asc")
    begin = us("2018-08-02T16:14:48.230")
    assert first == Seen(begin + 1_000_000, "can0", 608, 0, 3, bytes([8, 255, 251]))
    assert second == Seen(begin + 2_000_000, "can1", 608, EXTENDED | SENT, 1, b"\x10")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("trc_1_1.trc", "2003-03-24T12:52:32.484"),
        ("trc_1_3.trc", "2009-07-29T12:35:20.701"),
        ("trc_2_0.trc", "2015-07-24T09:46:56.615"),
        ("trc_2_1.trc", "2014-05-07T11:09:27.0478"),
    ],
)
def test_the_start_of_trc(name: str, start: str) -> None:
    assert abs(read(name)[0].time_us - us(start) - 1_059_900) < 200


def test_trc_1_0() -> None:
    frames = read("trc_1_0.trc")
    assert frames[0] == Seen(us("2002-09-11T16:00:22.523"), "can0", 1, 0, 8, bytes(8))
    assert [frame.flags for frame in frames] == [0, ERROR, REMOTE, EXTENDED]


def test_trc_2() -> None:
    frames = read("trc_2_1.trc")
    assert [(frame.can_id, frame.flags, frame.length) for frame in frames] == [
        (0x300, 0, 7),
        (0x500, FD | SENT, 12),
        (0, ERROR, 0),
        (0x100, REMOTE, 3),
    ]
    assert read("trc_1_3.trc")[1][1:] == ("can1", 0x18FEF100, EXTENDED | SENT, 1, b"\7")


def test_gvret() -> None:
    first, second = read("gvret_bom.csv")
    assert first == Seen(1_700_000_000_000_001, "can0", 0x19A, 0, 8, bytes.fromhex("A50001A200000000"))
    assert second == Seen(1_700_000_000_000_002, "can1", 0x18FEF100, EXTENDED | SENT, 2, b"\x5a\x0c")
    assert read("gvret_first_version.csv")[0] == Seen(13, "can0", 0x75A, 0, 8, bytes.fromhex("03E803E864643839"))
    assert read("gvret_negative_time.csv")[1].time_us == -1_725_172_529_966_481
    missing = [frame.time_us for frame in read("gvret_missing_time.csv")]
    assert missing == [0, 1_700_000_000_000_000, 1_700_000_000_000_001, 1_700_000_000_000_002]


def test_canhacker() -> None:
    frames = read("canhacker.log")
    assert frames[0] == Seen(1_493_397_796_000, "can0", 0x681, 0, 8, bytes.fromhex("F0200A01FFFFFFFF"))
    assert frames[1] == Seen(1_493_397_862_000, "can1", 0x18FEF100, EXTENDED | SENT, 2, b"\xf0\x1e")


def test_crtd() -> None:
    frames = read("crtd_comments.crtd")
    assert frames[0] == Seen(1_632_509_059_541_604, "can1", 0x174, 0, 8, bytes.fromhex("000000aa0f000000"))
    assert frames[1][1:] == ("can0", 0x176, 0, 1, b"\xff")
    assert frames[2][1:] == ("can0", 0x18FEF100, EXTENDED | SENT, 2, b"\0\1")


def test_python_can_csv() -> None:
    frames = read("python_can.csv")
    assert frames[0] == Seen(1_483_389_946_197_000, "can0", 0xDADADA, EXTENDED, 6, b"[42, 9")
    assert frames[1].flags == REMOTE
    assert frames[2].time_us == 10


def test_the_start_moves_all_frames() -> None:
    start = datetime(2024, 5, 1, 12, tzinfo=UTC)
    recording = open_recording(CORPUS / "gvret_negative_time.csv", start=start)
    (frames,) = recording
    assert frames.time_us.tolist() == [1_714_564_800_000_000, 1_714_564_800_000_990]
    assert recording.account.notes == []


def test_a_clock_without_a_date_is_noted() -> None:
    recording = open_recording(CORPUS / "gvret_first_version.csv")
    list(recording)
    assert any("--start" in note for note in recording.account.notes)
