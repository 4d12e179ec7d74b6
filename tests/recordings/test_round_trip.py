"""What python-can writes, our readers give back."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import can
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaido.can.frames import ERROR, REMOTE, Frames
from kaido.recordings import open_recording
from tests.recordings.messages import Seen, expected, messages, seen

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SLOW = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def written(writer: Callable[[str], Any], suffix: str, sent: list[can.Message]) -> tuple[str, list[Seen]]:
    """The kind and the frames of a file that a writer of python-can wrote."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"drive{suffix}"
        log = writer(str(path))
        for message in sent:
            log.on_message_received(message)
        log.stop()
        recording = open_recording(path, chunk_frames=7)
        frames = Frames.concatenate(list(recording))
        assert recording.damaged == []
        assert recording.account.lines == recording.account.frames + recording.account.other
        return recording.kind, seen(frames)


def same(found: list[Seen], wanted: list[Seen], *, within_us: int = 0, shift_us: int = 0) -> None:
    assert len(found) == len(wanted)
    for frame, message in zip(found, wanted, strict=True):
        assert frame[1:] == message[1:]
        assert abs(frame.time_us - message.time_us - shift_us) <= within_us


@QUICK
@given(messages())
def test_candump(sent: list[can.Message]) -> None:
    kind, found = written(can.CanutilsLogWriter, ".log", sent)
    assert kind == "candump"
    # The writer leaves out how much a remote frame asks for, and writes an error as the identifier 20000080.
    found = [frame._replace(can_id=0) if frame.flags & ERROR else frame for frame in found]
    wanted = [frame._replace(length=0, data=b"") if frame.flags & REMOTE else frame for frame in expected(sent)]
    same(found, wanted)


@QUICK
@given(messages())
def test_asc(sent: list[can.Message]) -> None:
    kind, found = written(can.ASCWriter, ".asc", sent)
    assert kind == "asc"
    wanted = expected(sent)
    # The header has the first message's time in milliseconds of local time, without leading zeros.
    same(found, wanted, within_us=1, shift_us=found[0].time_us - wanted[0].time_us)


@QUICK
@given(messages())
def test_blf(sent: list[can.Message]) -> None:
    kind, found = written(can.BLFWriter, ".blf", sent)
    assert kind == "blf"
    same(found, expected(sent), within_us=1)


@QUICK
@given(messages(fd=False, remote=False, error=False))
def test_trc(sent: list[can.Message]) -> None:
    kind, found = written(can.TRCWriter, ".trc", sent)
    assert kind == "trc"
    same(found, expected(sent), within_us=2)


@QUICK
@given(messages(sent=False))
def test_csv(sent: list[can.Message]) -> None:
    kind, found = written(can.CSVWriter, ".csv", sent)
    assert kind == "csv"
    same(found, expected(sent, channels=False, fd=False))


@SLOW
@given(messages(sent=False))
def test_sqlite(sent: list[can.Message]) -> None:
    kind, found = written(can.SqliteWriter, ".db", sent)
    assert kind == "sqlite"
    same(found, expected(sent, channels=False, fd=False))


@SLOW
@given(messages())
def test_mf4(sent: list[can.Message]) -> None:
    pytest.importorskip("asammdf", reason="the extra mf4 is not installed")
    kind, found = written(can.MF4Writer, ".mf4", sent)
    assert kind == "mf4"
    same(found, expected(sent), within_us=1)


BOTH: dict[str, tuple[Any, Any]] = {
    ".log": (can.CanutilsLogWriter, can.CanutilsLogReader),
    ".blf": (can.BLFWriter, can.BLFReader),
    ".csv": (can.CSVWriter, can.CSVReader),
    ".trc": (can.TRCWriter, can.TRCReader),
}


@QUICK
@given(messages(fd=False, remote=False, error=False, sent=False), st.sampled_from(sorted(BOTH)))
def test_python_cans_own_readers_give_the_same(sent: list[can.Message], suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"drive{suffix}"
        writer, reader = BOTH[suffix]
        log = writer(str(path))
        for message in sent:
            log.on_message_received(message)
        log.stop()
        theirs = list(reader(str(path)))
        ours = seen(Frames.concatenate(list(open_recording(path))))
    assert [frame.can_id for frame in ours] == [message.arbitration_id for message in theirs]
    assert [frame.data for frame in ours] == [bytes(message.data) for message in theirs]
    for frame, message in zip(ours, theirs, strict=True):
        assert abs(frame.time_us - message.timestamp * 1e6) <= 1
