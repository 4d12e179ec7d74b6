"""Recordings go into the lake whole, once, and on from where a killed import stopped."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from kaido.flow import SAMPLE_SCHEMA
from kaido.recordings import NotARecordingError
from kaido.recordings.importer import application_id, import_recording
from tests.recordings.conftest import FRAMES

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.catalog import DecoderManifest
    from kaido.lake import Lake
    from kaido.recordings.result import Progress

SAMPLES = FRAMES // 3 * 3  # of three frames one has two signals, one has one, one has none


def rows(lake: Lake) -> int:
    return lake.statistics()["signals"]["rows"]


def test_everything_is_accounted_for(long_log: Path, manifest: DecoderManifest, lake: Lake) -> None:
    steps: list[Progress] = []
    result = import_recording(long_log, manifest, lake, "car-1", progress=steps.append)
    assert result.lines == FRAMES + 2
    assert result.frames == FRAMES
    assert result.damaged == 2
    assert [line.number for line in result.damaged_lines] == [1001, 1002]
    assert result.decoded == FRAMES // 3 * 2
    assert result.unknown_identifiers == {"can0 7FF": FRAMES // 3}
    assert result.frames == result.decoded + result.unknown + result.too_short + result.remote + result.error
    assert result.samples == result.samples_written == rows(lake) == SAMPLES
    assert result.first_us == 1_700_000_000_000_000
    assert result.last_us == 1_700_000_449_999_000
    assert [step.frames for step in steps] == [200_000, 400_000, 450_000]
    assert steps[-1].bytes == steps[-1].total_bytes == long_log.stat().st_size


def test_values_and_times(long_log: Path, manifest: DecoderManifest, lake: Lake) -> None:
    result = import_recording(long_log, manifest, lake, "car-1")
    start = datetime.fromtimestamp(1_700_000_010, UTC)
    found = lake.signals(["car-1"], ["Vehicle.Speed"], start, datetime.fromtimestamp(1_700_000_011, UTC))
    index = [10_000 + i for i in range(1000) if (10_000 + i) % 3 == 1]
    assert found["value"].to_pylist() == [(i % 65536) * 0.01 for i in index]
    assert [moment.microsecond // 1000 for moment in found["time"].to_pylist()] == [i % 1000 for i in index]
    assert result.latest.schema == SAMPLE_SCHEMA
    newest = {row["signal"]: row for row in result.latest.to_pylist()}
    assert newest["Vehicle.Speed"]["value"] == pytest.approx((449_998 % 65536) * 0.01)
    assert newest["Vehicle.Cabin.Temperature"]["value"] == 449_997 % 256


def test_importing_again_changes_nothing(long_log: Path, manifest: DecoderManifest, lake: Lake, tmp_path: Path) -> None:
    first = import_recording(long_log, manifest, lake, "car-1")
    packed = tmp_path / "under another name.gz"
    packed.write_bytes(gzip.compress(long_log.read_bytes(), 1))
    for path in (long_log, packed):
        again = import_recording(path, manifest, lake, "car-1")
        assert again.already_imported
        assert (again.frames, again.decoded, again.samples) == (first.frames, first.decoded, first.samples)
        assert again.latest.equals(first.latest)
        assert rows(lake) == SAMPLES
    other = import_recording(long_log, manifest, lake, "car-2")
    assert not other.already_imported
    assert rows(lake) == 2 * SAMPLES


def test_an_import_that_is_stopped_goes_on_behind_its_last_chunk(
    long_log: Path, manifest: DecoderManifest, lake: Lake
) -> None:
    def stop(now: Progress) -> None:
        if now.frames > 200_000:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        import_recording(long_log, manifest, lake, "car-1", progress=stop)
    there = rows(lake)
    assert 0 < there < SAMPLES
    result = import_recording(long_log, manifest, lake, "car-1")
    assert result.samples_written == SAMPLES - there
    assert rows(lake) == SAMPLES


def test_an_import_that_is_killed_goes_on_behind_its_last_chunk(
    long_log: Path, manifest: DecoderManifest, lake: Lake, tmp_path: Path
) -> None:
    script = """
import json, pathlib, sys, time
from kaido.catalog import DecoderManifest
from kaido.lake import Lake
from kaido.recordings.importer import import_recording
manifest = DecoderManifest.from_json(json.loads(pathlib.Path(sys.argv[2]).read_text()))
lake = Lake(pathlib.Path(sys.argv[3]), "acme")
import_recording(pathlib.Path(sys.argv[1]), manifest, lake, "car-1", progress=lambda now: time.sleep(1))
"""
    document = tmp_path / "manifest.json"
    document.write_text(json.dumps(manifest.to_json()))
    arguments = [sys.executable, "-c", script, str(long_log), str(document), str(tmp_path / "lake")]
    child = subprocess.Popen(arguments, start_new_session=True)
    try:
        app_id = application_id(long_log, manifest, "car-1", None)
        deadline = time.monotonic() + 60
        while lake.transaction_version(app_id) is None and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait(60)
    assert lake.transaction_version(app_id) is not None
    assert rows(lake) < SAMPLES
    result = import_recording(long_log, manifest, lake, "car-1")
    assert 0 < result.samples_written < SAMPLES
    assert rows(lake) == SAMPLES


def test_the_start_makes_another_import(long_log: Path, manifest: DecoderManifest, lake: Lake) -> None:
    start = datetime(2024, 5, 1, 12, tzinfo=UTC)
    import_recording(long_log, manifest, lake, "car-1")
    result = import_recording(long_log, manifest, lake, "car-1", start=start)
    assert result.first_us == 1_714_564_800_000_000
    assert rows(lake) == 2 * SAMPLES


def test_the_wrong_kind_is_refused(long_log: Path, manifest: DecoderManifest, lake: Lake) -> None:
    with pytest.raises(NotARecordingError, match="no frame of kind crtd"):
        import_recording(long_log, manifest, lake, "car-1", kind="crtd")
    assert rows(lake) == 0


def test_a_foreign_manifest_is_noted(tmp_path: Path, manifest: DecoderManifest, lake: Lake) -> None:
    log = tmp_path / "other.log"
    log.write_text("(1700000000.0) can3 123#11\n")
    result = import_recording(log, manifest, lake, "car-1")
    assert result.unknown == 1
    assert "right CAN database" in result.notes[0]
    assert result.latest.num_rows == 0
