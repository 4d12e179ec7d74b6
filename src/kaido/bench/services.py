"""Trips and charges of a fleet's month, derived within a bounded memory; and of one more hour.

Some hundred simulated lives with 1 Hz change data are written under many names (``month``). Deriving runs in a process
of its own, so that its memory is its own. KAIDO_BENCH_VEHICLES and KAIDO_BENCH_DAYS set how large the fleet's history
is: 30 days of 10,000 vehicles are 3.5 billion values and 8 GB of disk, ten minutes to write and one hour and a half to
derive on two cores.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import resource
import time
from typing import TYPE_CHECKING, NamedTuple

from kaido.bench.figure import Figure
from kaido.bench.month import Month
from kaido.errors import KaidoError
from kaido.lake import Lake
from kaido.services import tables
from kaido.services.derive import How, catch_up
from kaido.sim import truth

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.bench.options import BenchOptions

VEHICLES, DAYS = 1_000, 30
LIVES = 200
MEMORY_MB = 1_000
OVERHEAD_MB = 800.0
"""Of the process itself, beside what the setting bounds: libraries, results, what is being written."""
HOUR = dt.timedelta(hours=1)
_LAST_HOUR = 22
"""Of the last day, UTC: when people drive to work in Japan, and home in America."""
_CHECKED = 10
_TOLERANCE = 0.05


class WrongAnswerError(KaidoError):
    """Other trips were found than were driven: the times mean nothing."""


class _Run(NamedTuple):
    samples: int
    seconds: float
    peak_mb: float


def run(options: BenchOptions) -> list[Figure]:
    """Write the fleet's month, derive it, then one hour more."""
    vehicles = int(os.environ.get("KAIDO_BENCH_VEHICLES") or options.pick(VEHICLES, 20))
    days = int(os.environ.get("KAIDO_BENCH_DAYS") or options.pick(DAYS, 2))
    cars = truth.fleet(min(LIVES, vehicles), "bev", seed=1)
    month = Month(cars, vehicles, days + 1, truth.START + dt.timedelta(days=days - 1, hours=_LAST_HOUR))
    lake = Lake(options.folder, "bench")
    options.say(f"writing {days} days of {vehicles:,} vehicles")
    began = time.perf_counter()
    late = month.write(lake, HOUR)
    stored = lake.statistics()["signals"]
    options.say(f"deriving from {stored['rows']:,} values, written in {time.perf_counter() - began:,.0f} s")
    whole = _alone(options.folder)
    _check(lake, month)
    options.say(f"derived in {whole.seconds:,.0f} s; and one more hour")
    brought = 0
    for version, rows in enumerate(late):
        brought += len(rows)
        lake.append(rows, app_id="late", version=version)
    hour = _alone(options.folder)
    options.remark(f"{vehicles:,} vehicles, {days} days, {stored['rows']:,} values; memory for it: {MEMORY_MB:,} MB")
    options.remark(
        f"the hour brought {brought:,} values, {100 * brought / stored['rows']:.2f} % of what was there; "
        f"{hour.samples:,} were read, back to where activities began"
    )
    share = 100 * hour.seconds / whole.seconds
    return [
        Figure.of("values into trips, charges and idles", whole.samples / whole.seconds, "values/s"),
        Figure.of("peak memory", whole.peak_mb, "MB", bound=MEMORY_MB + OVERHEAD_MB, better="lower"),
        Figure.of("one more hour", hour.seconds, "s", better="lower"),
        Figure.of("one more hour, share of the time of the whole", share, "%", better="lower"),
        Figure.of("one more hour, peak memory", hour.peak_mb, "MB", bound=MEMORY_MB + OVERHEAD_MB, better="lower"),
    ]


def _check(lake: Lake, month: Month) -> None:
    """Hold some vehicles' trips against those that were driven."""
    found = driven = 0
    for car in month.cars[:_CHECKED]:
        found += len(tables.read(lake, "trips", vehicle=month.name(car, 0)))
        driven += sum(start < month.until for start in car.days(truth.START, month.days).trips["start"].to_pylist())
    if abs(found - driven) > max(_TOLERANCE * driven, 1):
        raise WrongAnswerError(f"{found:,} trips were found of {_CHECKED} vehicles, {driven:,} were driven")


def _alone(folder: Path) -> _Run:
    """Derive what is new in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_derive, (folder,))


def _derive(folder: Path) -> _Run:
    began = time.perf_counter()
    done = catch_up(Lake(folder, "bench"), How(memory_mb=MEMORY_MB, threads=os.cpu_count() or 1))
    seconds = time.perf_counter() - began
    assert done is not None
    return _Run(done.samples, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000)
