"""The folder of odd files: each is read as written down beside it, or refused."""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

import can
import pytest

from kaido.can.frames import Frames
from kaido.errors import NotFoundError, UnavailableError
from kaido.recordings import KINDS, NotARecordingError, open_recording

CORPUS = Path(__file__).parent / "corpus"
EXPECTED: dict[str, dict[str, Any]] = json.loads((CORPUS / "expected.json").read_text())


def test_every_file_is_expected() -> None:
    assert {file.name for file in CORPUS.iterdir()} == {*EXPECTED, "expected.json"}


@pytest.mark.parametrize("name", [name for name, wanted in EXPECTED.items() if "refused" not in wanted])
def test_read(name: str) -> None:
    wanted = EXPECTED[name]
    recording = open_recording(CORPUS / name)
    frames = Frames.concatenate(list(recording))
    account = recording.account
    assert recording.kind == wanted["kind"]
    assert account.frames == len(frames)
    if "damaged_at_least" in wanted:
        assert account.damaged_count >= wanted["damaged_at_least"]
    else:
        found = (len(frames), account.damaged_count, account.other)
        assert found == (wanted["frames"], wanted["damaged"], wanted["other"]), account.damaged
        assert account.lines == len(frames) + account.damaged_count + account.other
    assert account.untimed == wanted.get("untimed", 0)
    assert len(account.notes) >= wanted.get("notes", 0)
    again = Frames.concatenate(list(recording))
    assert again.time_us.tolist() == frames.time_us.tolist()


@pytest.mark.parametrize("name", [name for name, wanted in EXPECTED.items() if "refused" in wanted])
def test_refused(name: str) -> None:
    with pytest.raises(NotARecordingError) as error:
        list(open_recording(CORPUS / name))
    assert all(kind in error.value.fix for kind in KINDS)


def test_a_damaged_line_is_named_by_its_number() -> None:
    recording = open_recording(CORPUS / "candump_mixed.log")
    list(recording)
    assert [line.number for line in recording.damaged] == [9, 10, 11, 12, 13, 14, 15, 17, 18]
    reasons = {line.number: line.reason for line in recording.damaged}
    assert "half a byte" in reasons[9]
    assert "11 bits" in reasons[10]
    assert "9 data bytes" in reasons[11]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotARecordingError, match="folder"):
        open_recording(tmp_path)
    with pytest.raises(NotFoundError, match=r"not-there\.log is not there"):
        open_recording(tmp_path / "not-there.log")


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotARecordingError, match="no regular file"):
        open_recording(tmp_path / "pipe")


def test_without_asammdf_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asammdf", None)
    path = tmp_path / "x.mf4"
    path.write_bytes(b"MDF     4.10    " + bytes(64))
    with pytest.raises(UnavailableError, match=r"kaido\[mf4\]"):
        list(open_recording(path))


@pytest.mark.parametrize("end", [10, 100, 167, 300, 1000, 2000])
def test_damaged_mf4_is_refused(end: int, tmp_path: Path) -> None:
    pytest.importorskip("asammdf", reason="the extra mf4 is not installed")
    path = tmp_path / "x.mf4"
    log = can.MF4Writer(str(path))
    log.on_message_received(can.Message(1.7e9, 1, data=b"1"))
    log.stop()
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(NotARecordingError, match=r"MDF|asammdf says"):
        list(open_recording(path, kind="mf4"))
    gc.collect()


def test_a_kind_that_does_not_exist_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="Did you mean candump"):
        open_recording(tmp_path, kind="candmp")
