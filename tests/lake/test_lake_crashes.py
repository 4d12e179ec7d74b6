"""Writers are killed, writers race, a power cut tears the newest files: every row is there once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from kaido.lake import Lake, table, upkeep
from tests.lake.samples import NOON, samples

if TYPE_CHECKING:
    import pytest

TESTS = Path(__file__).parents[1]


def start_appender(root: Path, app_id: str, last: int, rows: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(TESTS / "lake" / "appender.py"), str(root), app_id, str(last), str(rows)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(TESTS.parent)}, stdout=subprocess.PIPE)


def values(lake: Lake) -> list[float]:
    return sorted(lake.signals("*", "*")["value"].to_pylist())


def test_killed_again_and_again_every_row_is_there_once(tmp_path: Path) -> None:
    chance = random.Random(7)
    rows = 500
    lake = Lake(tmp_path, "acme")
    for _ in range(6):
        with start_appender(tmp_path, "journal", 100_000, rows) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0.02, 0.3))
            process.kill()
    last = lake.transaction_version("journal")
    assert last is not None
    expected = [float(n) for n in range(rows, rows * (last + 1))]
    assert values(lake) == expected
    upkeep.vacuum(lake.signals_table, grace_seconds=-1)
    assert values(lake) == expected


def test_writers_of_several_processes_and_a_compaction_all_succeed(tmp_path: Path) -> None:
    lake = Lake(tmp_path, "acme")
    versions, rows = 15, 100
    processes = [start_appender(tmp_path, f"app-{n}", versions, rows) for n in range(2)]
    merges = 0
    try:
        while any(process.poll() is None for process in processes):
            merges += lake.compact().merges
        assert [process.wait(60) for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    merges += lake.compact().merges
    assert merges > 0
    assert values(lake) == sorted(float(n) for n in range(rows, rows * (versions + 1)) for _ in range(2))


def test_a_torn_log_entry_is_taken_away_and_written_again(tmp_path: Path) -> None:
    lake = Lake(tmp_path, "acme")
    lake.append(samples(10), app_id="journal", version=1)
    lake.append(samples(10), app_id="journal", version=2)
    entry = lake.signals_table.folder / "_delta_log" / f"{2:020}.json"
    entry.write_bytes(entry.read_bytes()[:40])
    after = Lake(tmp_path, "acme")
    assert after.transaction_version("journal") == 1
    assert after.append(samples(10), app_id="journal", version=2)
    assert after.statistics()["signals"]["rows"] == 20


def test_an_empty_first_entry_is_no_table_yet(tmp_path: Path) -> None:
    lake = Lake(tmp_path, "acme")
    lake.append(samples(10), app_id="journal", version=1)
    for entry in (lake.signals_table.folder / "_delta_log").iterdir():
        entry.write_bytes(b"")
    after = Lake(tmp_path, "acme")
    assert after.append(samples(10), app_id="journal", version=1)
    assert after.statistics()["signals"]["rows"] == 10


def test_a_torn_checkpoint_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CHECKPOINT_ENTRIES", 10)
    lake = Lake(tmp_path, "acme")
    for version in range(14):
        lake.append(samples(1), app_id="journal", version=version)
    (checkpoint,) = (lake.signals_table.folder / "_delta_log").glob("*.checkpoint.parquet")
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    after = Lake(tmp_path, "acme")
    assert after.transaction_version("journal") == 13
    assert after.statistics()["signals"]["rows"] == 14


def test_the_log_is_cut_behind_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CHECKPOINT_ENTRIES", 10)
    lake = Lake(tmp_path, "acme")
    log = lake.signals_table.folder / "_delta_log"
    for version in range(9):
        lake.append(samples(1), app_id="journal", version=version)
    for entry in log.iterdir():
        os.utime(entry, (0, 0))  # longer ago than the log is kept
    for version in range(9, 23):
        lake.append(samples(1), app_id="journal", version=version)
    assert not (log / f"{3:020}.json").exists()
    assert Lake(tmp_path, "acme").statistics()["signals"]["rows"] == 23
    assert lake.append(samples(1), app_id="journal", version=23)


def test_everything_is_on_disk_before_append_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """fsync is called for the data file, its folder, the log entry and the log's folder, in that order."""
    synced: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink().relative_to(tmp_path).as_posix())
        real(handle)

    lake = Lake(tmp_path, "acme")
    lake.append(samples(1), app_id="journal", version=1)
    monkeypatch.setattr(os, "fsync", fsync)
    lake.append(samples(1, start=NOON), app_id="journal", version=2)
    where = "acme/signals"
    (data,) = [path for path in synced if path.endswith(".parquet")]
    assert [path.replace(data, "data") for path in synced[synced.index(data) :]] == [
        "data",
        f"{where}/day=2026-03-14",
        f"{where}/_delta_log/{2:020}.json",
        f"{where}/_delta_log",
    ]
