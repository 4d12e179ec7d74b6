"""Trips and charges of a fleet's month, derived within a bounded memory; and of one more hour.

A few simulated cars with 1 Hz change data are written under many names. Deriving runs in a process of its own, so that
its memory is its own. KAIDO_BENCH_VEHICLES sets how many vehicles there are (10,000 take some 12 GB of disk and more
than an hour).
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import resource
import time
from typing import TYPE_CHECKING

import pyarrow as pa

from kaido.bench.figure import Figure
from kaido.errors import KaidoError
from kaido.lake import Lake
from kaido.services.derive import How, catch_up
from kaido.sim import truth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kaido.bench.options import BenchOptions

VEHICLES, DAYS = 1_000, 30
MODELS = 20
"""Different cars; the others live as one of these does."""
MEMORY_MB = 1_000
OVERHEAD_MB = 800.0
"""Of the process itself, beside what the setting bounds: libraries, results, what is being written."""


class WrongAnswerError(KaidoError):
    """Other trips were found than were driven: the times mean nothing."""


def run(options: BenchOptions) -> list[Figure]:
    """Write the fleet's month, derive it, then one hour more."""
    vehicles = int(os.environ.get("KAIDO_BENCH_VEHICLES") or options.pick(VEHICLES, 20))
    days = options.pick(DAYS, 2)
    cars = truth.fleet(min(MODELS, vehicles), "bev", seed=1)
    hour = truth.START + dt.timedelta(days=days - 2, hours=22)  # when people drive to work in Japan
    lake = Lake(options.folder, "bench")
    options.say(f"writing {days} days of {vehicles:,} vehicles")
    held_back = _write(lake, cars, vehicles, days, hour)
    lake.compact()
    stored = lake.statistics()["signals"]
    options.say(f"deriving from {stored['rows']:,} values")
    samples, trips, seconds, memory_mb = _alone(options.folder)
    known = sum(len(car.days(truth.START, days).trips) for car in cars) / len(cars) * vehicles
    if not options.quick and abs(trips / known - 1) > 0.05:  # noqa: PLR2004  # the last hour is not there yet
        raise WrongAnswerError(f"{trips:,} trips were found, about {known:,.0f} were driven")
    late = 0
    for version, rows in enumerate(held_back):
        late += len(rows)
        lake.append(rows, app_id="late", version=version)
    hour_samples, _, hour_seconds, hour_mb = _alone(options.folder)
    options.remark(f"{vehicles:,} vehicles, {days} days, {stored['rows']:,} values; memory for it: {MEMORY_MB:,} MB")
    options.remark(f"the hour brought {late:,} values; {hour_samples:,} were read, back to where activities began")
    return [
        Figure.of("values into trips, charges and idles", samples / seconds, "values/s"),
        Figure.of("peak memory", memory_mb, "MB", bound=MEMORY_MB + OVERHEAD_MB, better="lower"),
        Figure.of("one more hour", hour_seconds, "s", better="lower"),
        Figure.of("one more hour, share of the time of the whole", 100 * hour_seconds / seconds, "%", better="lower"),
        Figure.of("one more hour, peak memory", hour_mb, "MB", bound=MEMORY_MB + OVERHEAD_MB, better="lower"),
    ]


def _write(lake: Lake, cars: list[truth.TruthCar], vehicles: int, days: int, hour: dt.datetime) -> list[pa.Table]:
    """Write all but one hour, and what comes after it; that hour is handed back."""
    begin, end = (int(moment.timestamp() * 1e6) for moment in (hour, hour + dt.timedelta(hours=1)))
    held_back = []
    for version, rows in enumerate(_several(cars, vehicles, days)):
        times = rows["time"].cast(pa.int64()).to_numpy()
        lake.append(rows.filter(pa.array(times < begin)), app_id="bench", version=version)
        late = rows.filter(pa.array((times >= begin) & (times < end)))
        if len(late):
            held_back.append(late)
    return held_back


def _several(cars: list[truth.TruthCar], vehicles: int, days: int) -> Iterator[pa.Table]:
    """The samples of the cars, each under several names, day after day."""
    copies = -(-vehicles // len(cars))
    for rows in truth.tables(cars, truth.START, days):
        encoded = rows["vehicle"].combine_chunks()
        for copy in range(copies):
            names = pa.array([f"{name}-{copy:04}" for name in encoded.dictionary.to_pylist()])
            renamed = pa.DictionaryArray.from_arrays(encoded.indices, names)
            yield rows.set_column(rows.column_names.index("vehicle"), rows.schema.field("vehicle"), renamed)


def _alone(folder: Path) -> tuple[int, int, float, float]:
    """Derive what is new in a process of its own: samples, trips, seconds and its largest memory, MB."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_derive, (folder,))


def _derive(folder: Path) -> tuple[int, int, float, float]:
    began = time.perf_counter()
    done = catch_up(Lake(folder, "bench"), How(memory_mb=MEMORY_MB, threads=os.cpu_count() or 1))
    seconds = time.perf_counter() - began
    assert done is not None
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
    return done.samples, done.trips, seconds, peak_mb
