"""Hostile bytes: never anything but a refusal, and every line accounted for."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import can
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaido.recordings import KINDS, NotARecordingError, open_recording
from tests.recordings.text_logs import LINES, logs

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXTS = sorted(LINES)


def read(content: bytes, kind: str | None) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        try:
            recording = open_recording(Path(file.name), kind=kind, chunk_frames=5)
            frames = sum(len(frames) for frames in recording)
        except NotARecordingError:
            return
    account = recording.account
    assert frames == account.frames
    if recording.kind in LINES:
        cut = 1 if content[:2] == b"\x1f\x8b" and account.damaged_count else 0
        assert account.lines + cut >= frames + account.damaged_count + account.other >= account.lines
    assert len(account.damaged) == min(account.damaged_count, 100)
    assert all(line.reason for line in account.damaged)


@FEW
@given(st.binary(max_size=400), st.sampled_from([None, *sorted(set(KINDS) - {"mf4"})]))
def test_random_bytes(content: bytes, kind: str | None) -> None:
    read(content, kind)


@pytest.mark.parametrize("kind", TEXTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_texts(kind: str, data: st.DataObject) -> None:
    log = data.draw(logs(kind))
    read(log, None)
    read(log, data.draw(st.sampled_from(TEXTS)))


@FEW
@given(logs("candump"), st.data())
def test_damaged_gzip(log: bytes, data: st.DataObject) -> None:
    packed = bytearray(gzip.compress(log))
    at = data.draw(st.integers(2, len(packed) - 1))
    if data.draw(st.booleans()):
        del packed[at:]
    else:
        packed[at] ^= data.draw(st.integers(1, 255))
    read(bytes(packed), None)


def _written(suffix: str, count: int = 40) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        log = {".blf": can.BLFWriter, ".db": can.SqliteWriter}[suffix](str(path))
        for index in range(count):
            fd = index % 3 == 0
            log.on_message_received(
                can.Message(1.7e9 + index, index, is_fd=fd, data=bytes(12 if fd else 4), is_extended_id=False)
            )
        log.stop()
        return path.read_bytes()


BLF, SQLITE = _written(".blf"), _written(".db")


@FEW
@given(st.sampled_from([BLF, SQLITE]), st.data())
def test_damaged_binary_files(whole: bytes, data: st.DataObject) -> None:
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del broken[data.draw(st.integers(0, len(broken) - 1)) :]
    read(bytes(broken), None)


def test_a_cut_off_blf_gives_what_stands_before() -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(BLF[:-60])
        file.flush()
        recording = open_recording(Path(file.name))
        frames = sum(len(frames) for frames in recording)
    assert 0 < frames < 40
    assert recording.damaged_count >= 1


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    log = tmp_path / "long.log"
    log.write_bytes(b"(1700000000.0) can0 123#11\n" * 3 + b"x" * 20_000_000 + b"\n(1700000000.1) can0 123#12\n")
    recording = open_recording(log)
    assert sum(len(frames) for frames in recording) == 4
    assert recording.damaged_count == 1
