"""Trips, charges and idles are derived: of what is new in the lake, or of a stretch of history once more.

Both are the same work: stretches of vehicles, widened to whole activities, are derived from the samples, and take the
place of what lies there, each table in one step. So it can be done again, and ended at any moment: the same rows are
there in the end. ``activities`` is written last; what is about to be written is noted before, so that where a crash
came between, the next run, of whatever, derives the same stretches once more, and heals all.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from kaido.errors import UnavailableError
from kaido.flow_electric import DERIVED
from kaido.lake import upkeep
from kaido.runtime.log import event
from kaido.services import new, progress, results
from kaido.services.engine import Engine, connect
from kaido.services.inputs import Inputs
from kaido.services.rules import Rules
from kaido.services.signals import PATHS
from kaido.services.tables import Replacement
from kaido.services.windows import around

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from kaido.lake import Lake
    from kaido.services.windows import Windows

logger = logging.getLogger(__name__)

APPLICATION = "kaido.services"
"""The application whose version in ``activities`` is that of the signals they all are derived from."""
MEMORY_MB = 1_000
ATTEMPTS = 3
ROW_BYTES = 200
"""What a sample takes while it is being worked on, at its peak; measured by ``kaido bench services``."""
_SCRATCH = ".services-"
_DAY_US = 86_400_000_000
_AGES = (2, 8, 64)
"""Days: stretches are derived with those that begin about as long ago; a batch reads back to its oldest."""


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Attributes:
        version: of the lake's signals, up to which all is derived now.
        vehicles: how many had something new.
        samples: that were read.
        left_out: new samples that were not, because a wrong clock timed them: before 2000, or more than a day ahead.
        trips, charges, idles: how many were derived, new ones and those that are as they were.
        seconds: how long it took.
    """

    version: int
    vehicles: int = 0
    samples: int = 0
    trips: int = 0
    charges: int = 0
    idles: int = 0
    seconds: float = 0.0
    left_out: int = 0


@dataclass(frozen=True)
class How:
    """With what means.

    Attributes:
        memory_mb: that the work may take, about.
        threads: that it may use.
        rules: what the transformations decide by.
    """

    memory_mb: int = MEMORY_MB
    threads: int = 1
    rules: Rules = field(default_factory=Rules)


def catch_up(lake: Lake, how: How | None = None) -> Outcome | None:
    """Derive what is new in the lake since the last time.

    Returns:
        None where nothing is.

    Raises:
        ConflictError: somebody else derives in this lake.
        TooLargeError: not even one vehicle fits the memory.
        UnavailableError: the disk is full or away. The same call again is safe.
    """
    how = how or How()
    with progress.alone(lake.folder):
        for _ in range(ATTEMPTS):
            known = _known(lake)
            try:
                news = new.since(lake.signals_table, known.version, known.rows, how.rules)
                if news is None and not known.unfinished:
                    return None
                stretches = news.stretches if news else new.STRETCH_SCHEMA.empty_table()
                upto = progress.Progress(news.version, news.rows) if news else replace(known, unfinished=[])
                done = _derive(lake, stretches, known, upto, how)
            except FileNotFoundError:  # compacted and vacuumed meanwhile
                continue
            left_out = news.left_out if news else 0
            if left_out:
                event(logger, logging.WARNING, "samples of wrong clocks", company=lake.company, samples=left_out)
            return replace(done, left_out=left_out)
    raise _moving(lake)


def derive_again(
    lake: Lake,
    how: How | None = None,
    *,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    vehicles: Sequence[str] = (),
) -> Outcome:
    """Derive a stretch of history once more, whole activities; ids stay.

    Args:
        lake: whose.
        how: with what means.
        start: from then on; all where there is none.
        end: up to then.
        vehicles: only of these; of all where none is named.

    Raises:
        ConflictError: somebody else derives in this lake.
        UnavailableError: the disk is full or away. The same call again is safe.
    """
    how = how or How()
    low, high = _micros(start), _micros(end)
    with progress.alone(lake.folder):
        for _ in range(ATTEMPTS):
            files, known = _files(lake, low, high), _known(lake)
            try:
                stretches = new.stretches(files, how.rules, low=low, high=high, vehicles=vehicles)
                return _derive(lake, stretches, known, replace(known, unfinished=[]), how)
            except FileNotFoundError:
                continue
    raise _moving(lake)


def _known(lake: Lake) -> progress.Progress:
    """How far all is: as noted, or, after a crash before the note, as the table that is written last says."""
    noted = progress.load(lake.folder)
    committed = lake.derived[DERIVED[-1].name].transaction_version(APPLICATION)
    if committed is None:
        return progress.Progress(unfinished=noted.unfinished)
    return replace(noted, version=max(noted.version, committed))


def _derive(lake: Lake, news: pa.Table, known: progress.Progress, upto: progress.Progress, how: How) -> Outcome:
    """Derive stretches, and what a crash left unfinished: ``known`` is how far all was, ``upto`` how far it is then."""
    began = time.monotonic()
    stretches = pa.concat_tables([news, _rows(known.unfinished, new.STRETCH_SCHEMA)])
    for left_behind in lake.folder.glob(f"{_SCRATCH}*"):  # by a run that was killed; we are alone here
        shutil.rmtree(left_behind, ignore_errors=True)
    counts, samples = dict.fromkeys((derived.name for derived in DERIVED), 0), 0
    with tempfile.TemporaryDirectory(dir=lake.folder, prefix=_SCRATCH) as scratch:
        bounded = partial(connect, memory_mb=how.memory_mb, scratch=Path(scratch), threads=how.threads)
        with bounded() as connection:
            windows = around(connection, stretches, lake.derived[DERIVED[-1].name], how.rules, _oldest(lake, how.rules))
        replacements = {derived.name: Replacement(lake.derived[derived.name], bounded) for derived in DERIVED}
        try:
            with _engine(how, Path(scratch)) as engine:
                for batch, rows in _batches(lake, windows, how):
                    samples += rows
                    found = engine.run(batch)
                    made = results.rows(found, batch.windows, windows.stored)
                    for name, table in made.items():
                        replacements[name].add(table)
                        counts[name] += len(table)
            _commit(lake, replacements, windows, known, upto)
        except BaseException:
            for replacement in replacements.values():
                replacement.abandon()
            raise
    for derived in DERIVED:
        upkeep.vacuum(lake.derived[derived.name])
    return Outcome(
        upto.version,
        pc.count_distinct(stretches["vehicle"]).as_py(),
        samples,
        counts["trips"],
        counts["charges"],
        counts["idles"],
        time.monotonic() - began,
    )


def _commit(
    lake: Lake,
    replacements: Mapping[str, Replacement],
    windows: Windows,
    known: progress.Progress,
    upto: progress.Progress,
) -> None:
    """Put it all into the tables; noted before, until all of it is there."""
    ranges = windows.windows.select(["vehicle", "low", "high"])
    unfinished = [tuple(row.values()) for row in ranges.to_pylist()]
    progress.save(lake.folder, replace(known, unfinished=unfinished))
    for derived in DERIVED:
        newer = derived is DERIVED[-1] and upto.version > known.version
        replacements[derived.name].commit(ranges, (APPLICATION, upto.version) if newer else None)
    progress.save(lake.folder, upto)


def _rows(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


def _oldest(lake: Lake, rules: Rules) -> int:
    """Where the days begin of which there still are samples."""
    days = [file.day_number * _DAY_US for file in lake.signals_table.files() if file.day_number is not None]
    return min((day for day in days if day >= rules.earliest_us), default=0)


def _engine(how: How, scratch: Path) -> Engine:
    return Engine(memory_mb=how.memory_mb, scratch=scratch, threads=how.threads, rules=how.rules)


def _batches(lake: Lake, windows: Windows, how: How) -> Iterator[tuple[Inputs, int]]:
    """The stretches, as many at once as fit the memory, and how many samples their vehicles have there."""
    most = how.memory_mb * 1_000_000 // ROW_BYTES
    table = windows.windows
    newest = pc.max(table["low"]).as_py() or 0
    ages = [(newest - low) // _DAY_US for low in table["low"].to_pylist()]
    for above, upto in zip((-1, *_AGES), (*_AGES, None), strict=True):
        several = table.filter(pa.array([above < age and (upto is None or age <= upto) for age in ages], pa.bool_()))
        if not len(several):
            continue
        files = _files(lake, pc.min(several["low"]).as_py(), pc.max(several["high"]).as_py())
        counts = _counts(files, several)
        for first, beyond in _portions([counts.get(name, 0) for name in several["vehicle"].to_pylist()], most):
            part = several.slice(first, beyond - first)
            cars = part["car"]
            carried = windows.carried.filter(pc.is_in(windows.carried["car"], cars.combine_chunks()))
            yield (
                Inputs(_files(lake, pc.min(part["low"]).as_py(), pc.max(part["high"]).as_py()), part, carried),
                sum(counts.get(name, 0) for name in set(part["vehicle"].to_pylist())),
            )


def _portions(sizes: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Cut a list into runs, each of a size of at most so much (or of one item): their first places and those after."""
    first = total = 0
    for place, size in enumerate(sizes):
        if place > first and total + size > most:
            yield first, place
            first, total = place, 0
        total += size
    if len(sizes) > first:
        yield first, len(sizes)


def _counts(files: Sequence[Path], windows: pa.Table) -> dict[str, int]:
    """How many samples the vehicles have from the first beginning on."""
    if not files:
        return {}
    sql = """
    SELECT vehicle, count(*) FROM read_parquet($files, hive_partitioning = false)
    WHERE time >= make_timestamptz($low) AND list_contains($paths, signal) AND vehicle IN (SELECT vehicle FROM windows)
    GROUP BY vehicle
    """
    parameters = {"files": [str(file) for file in files], "low": pc.min(windows["low"]).as_py(), "paths": list(PATHS)}
    with duckdb.connect() as connection:
        connection.register("windows", windows)
        try:
            return dict(connection.execute(sql, parameters).fetchall())
        except duckdb.IOException as error:
            raise FileNotFoundError(str(error)) from error


def _files(lake: Lake, low: int | None, high: int | None) -> list[Path]:
    """The files of the signals in which times from ``low`` to before ``high`` may lie."""
    table = lake.signals_table
    return [
        table.folder / file.path
        for file in table.files()
        if (low is None or file.high["time"] >= low) and (high is None or file.low["time"] <= high)
    ]


def _micros(moment: dt.datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1_000_000)


def _moving(lake: Lake) -> UnavailableError:
    return UnavailableError(f"the lake {lake.folder} cannot be read", why="its files go away each time")
