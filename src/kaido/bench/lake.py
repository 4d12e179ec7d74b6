"""The lake: bytes a value on a real drive, and reads of a fleet's hundred million rows after compaction."""

from __future__ import annotations

import importlib
import importlib.util
import os
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kaido.bench.figure import Figure
from kaido.catalog import read_can_database
from kaido.errors import KaidoError
from kaido.flow import SAMPLE_SCHEMA
from kaido.lake import Lake, query
from kaido.recordings.importer import import_recording

if TYPE_CHECKING:
    from kaido.bench.options import BenchOptions

BYTES, HOUR_MS, MEAN_SECONDS = 3.0, 100.0, 1.0
DRIVE = "bytes a value, a real drive"
START = datetime(2026, 1, 15, 6, tzinfo=UTC)
VEHICLES, SIGNALS = 500, 20
PAYLOAD_SECONDS = 10
APPEND_SECONDS = 200
"""Two million rows, as ingest commits them under full load."""
QUERY_SECONDS, QUERY_MEMORY_MB = 60.0, 2_000


class WrongAnswerError(KaidoError):
    """The lake gives other rows than went in: its times mean nothing."""


def run(options: BenchOptions) -> list[Figure]:
    """Import the drive; write, compact and read a fleet's day."""
    return [_drive(options), *_fleet(options)]


def _drive(options: BenchOptions) -> Figure:
    log = Path(os.environ.get("KAIDO_SHARED_DATA", "../shared/data")) / "comma2k19" / "drive.log"
    if not log.exists():
        return Figure.missing(DRIVE, "B", f"there is no {log}; KAIDO_SHARED_DATA names its folder", bound=BYTES)
    if importlib.util.find_spec("opendbc") is None:
        return Figure.missing(DRIVE, "B", "opendbc, which knows the car's CAN database, is not installed", bound=BYTES)
    options.say("importing a real drive")
    databases = importlib.import_module("opendbc.dbc.generator.generator").generate_all()
    manifest = read_can_database(databases["toyota_new_mc_pt_generated"].encode(), "toyota.dbc", namespace="Toyota")
    lake = Lake(options.folder / "drive", "bench")
    result = import_recording(log, manifest, lake, "car")
    lake.compact()
    stored = lake.statistics()["signals"]
    options.remark(f"the drive: {result.frames:,} frames, {stored['rows']:,} values, compacted")
    return Figure.of(DRIVE, stored["bytes"] / stored["rows"], "B", bound=BYTES, better="lower")


def _fleet(options: BenchOptions) -> list[Figure]:
    lake = Lake(options.folder / "fleet", "bench")
    seconds = options.pick(50, 1) * APPEND_SECONDS
    rows = seconds * VEHICLES * SIGNALS
    options.remark(f"the fleet: {VEHICLES} vehicles, {SIGNALS} signals, once a second for {seconds:,} s: {rows:,} rows")
    options.say(f"writing {rows:,} rows")
    appending = _write(lake, seconds)
    uncompacted = lake.statistics()["signals"]
    options.say("compacting")
    began = time.perf_counter()
    with options.profiled("compaction"):
        lake.compact()
    compacting = time.perf_counter() - began
    stored = lake.statistics()["signals"]
    return [
        Figure.of("append, 2,000,000 rows each", rows / appending, "rows/s"),
        Figure.of("compaction", rows / compacting, "rows/s"),
        Figure.of("bytes a value, as written", uncompacted["bytes"] / rows, "B"),
        Figure.of("bytes a value, compacted", stored["bytes"] / rows, "B"),
        _hour(options, lake, seconds),
        _mean(options, lake, seconds),
    ]


def _hour(options: BenchOptions, lake: Lake, seconds: int) -> Figure:
    start = START + timedelta(seconds=seconds // 4)
    names = [_signal(number) for number in range(5)]
    ask = partial(lake.signals, _vehicle(VEHICLES // 3), names, start, start + timedelta(hours=1))
    if ask().num_rows != 5 * min(3_600, seconds - seconds // 4):
        raise WrongAnswerError("the lake gives another number of rows than went in")
    taken = options.repeat(ask, runs=2 * options.runs).times(1e3)
    return Figure.of("one vehicle's hour of 5 signals", taken, "ms", bound=HOUR_MS, better="lower")


def _mean(options: BenchOptions, lake: Lake, seconds: int) -> Figure:
    sql = f"""
        SELECT time_bucket(INTERVAL 1 HOUR, time) AS hour, avg(value) AS mean, count(*) AS samples
        FROM signals WHERE signal = '{_signal(3)}' GROUP BY hour ORDER BY hour
    """  # noqa: S608  # a name of our own
    ask = partial(query.run, lake, sql, seconds=QUERY_SECONDS, memory_mb=QUERY_MEMORY_MB, limit=1_000)
    if sum(ask()["samples"].to_pylist()) != seconds * VEHICLES:
        raise WrongAnswerError("the lake counts other rows than went in")
    options.remark(f"the hourly mean reads {seconds * VEHICLES:,} rows, in a process of its own that starts for it")
    taken = options.repeat(ask, runs=2 * options.runs)
    return Figure.of("one signal's hourly mean over the fleet, by SQL", taken, "s", bound=MEAN_SECONDS, better="lower")


def _write(lake: Lake, seconds: int) -> float:
    """Seconds of all appends alone."""
    taken = 0.0
    chance = np.random.default_rng(3)
    level = chance.uniform(20, 80, (VEHICLES, SIGNALS))
    for version, second in enumerate(range(0, seconds, APPEND_SECONDS)):
        rows, level = _rows(chance, level, second)
        began = time.perf_counter()
        lake.append(rows, app_id="bench", version=version)
        taken += time.perf_counter() - began
    return taken


def _rows(chance: np.random.Generator, level: np.ndarray, second: int) -> tuple[pa.Table, np.ndarray]:
    """The samples of ``APPEND_SECONDS`` as they arrive: of all vehicles in turn, 10 s of all signals at once."""
    payloads = APPEND_SECONDS // PAYLOAD_SECONDS
    shape = (payloads, VEHICLES, SIGNALS, PAYLOAD_SECONDS)
    steps = chance.choice([-0.1, 0.0, 0.0, 0.0, 0.1], (VEHICLES, SIGNALS, APPEND_SECONDS))
    values = level[:, :, np.newaxis] + np.cumsum(steps, axis=2)
    arrived = values.reshape(VEHICLES, SIGNALS, payloads, PAYLOAD_SECONDS).transpose(2, 0, 1, 3)
    place = np.indices(shape, np.int32)
    jitter = chance.integers(0, 20_000, (payloads, VEHICLES, 1, 1))
    offsets = (second + place[0] * PAYLOAD_SECONDS + place[3]) * np.int64(1_000_000) + jitter
    vehicles, signals = [_vehicle(n) for n in range(VEHICLES)], [_signal(n) for n in range(SIGNALS)]
    count = arrived.size
    columns = [
        pa.DictionaryArray.from_arrays(place[1].ravel(), pa.array(vehicles)),
        pa.DictionaryArray.from_arrays(place[2].ravel(), pa.array(signals)),
        pa.array(int(START.timestamp() * 1e6) + offsets.ravel(), SAMPLE_SCHEMA.field("time").type),
        pa.array(np.round(arrived, 1).ravel()),
        pa.nulls(count, pa.string()),
        pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), pa.array(["bench"])),
        pa.array(place[0].ravel().astype(np.uint32)),
    ]
    fields = [field.with_type(column.type) for field, column in zip(SAMPLE_SCHEMA, columns, strict=True)]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields)), values[:, :, -1]


def _vehicle(number: int) -> str:
    return f"car-{number:04}"


def _signal(number: int) -> str:
    return f"Vehicle.Bench.Signal{number}"
