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
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from kaido.errors import UnavailableError
from kaido.flow_electric import DERIVED
from kaido.lake import upkeep
from kaido.runtime.log import event
from kaido.services import new, progress, results
from kaido.services.batches import batches, files
from kaido.services.engine import Engine
from kaido.services.memory import connect
from kaido.services.rules import Rules
from kaido.services.tables import Replacement
from kaido.services.windows import around

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from kaido.lake import Lake
    from kaido.services.memory import Connect
    from kaido.services.windows import Windows

logger = logging.getLogger(__name__)

APPLICATION = "kaido.services"
"""The application whose version in ``activities`` is that of the signals they all are derived from."""
MEMORY_MB = 1_000
ATTEMPTS = 3
_SCRATCH = ".services-"
_DAY_US = 86_400_000_000


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

    def connect(self, scratch: Path) -> Connect:
        """How DuckDB is opened for it."""
        return partial(connect, memory_mb=self.memory_mb, scratch=scratch, threads=self.threads)

    def engine(self, scratch: Path) -> Engine:
        """What derives."""
        return Engine(memory_mb=self.memory_mb, scratch=scratch, threads=self.threads, rules=self.rules)


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
    with progress.alone(lake.folder), _scratch(lake) as scratch:
        for _ in range(ATTEMPTS):
            known = _known(lake)
            try:
                news = new.since(lake.signals_table, known.version, known.rows, how.rules, how.connect(scratch))
                if news is None and not known.unfinished:
                    return None
                stretches = news.stretches if news else new.STRETCH_SCHEMA.empty_table()
                upto = progress.Progress(news.version, news.rows) if news else replace(known, unfinished=[])
                done = _derive(lake, stretches, known, upto, how, scratch)
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
    with progress.alone(lake.folder), _scratch(lake) as scratch:
        for _ in range(ATTEMPTS):
            paths, known = files(lake, low, high), _known(lake)
            connect = how.connect(scratch)
            try:
                stretches = new.stretches(paths, how.rules, low=low, high=high, vehicles=vehicles, connect=connect)
                return _derive(lake, stretches, known, replace(known, unfinished=[]), how, scratch)
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


@contextmanager
def _scratch(lake: Lake) -> Iterator[Path]:
    """A folder for what does not fit the memory."""
    for left_behind in lake.folder.glob(f"{_SCRATCH}*"):  # by a run that was killed; we are alone here
        shutil.rmtree(left_behind, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=lake.folder, prefix=_SCRATCH) as folder:
        yield Path(folder)


def _derive(
    lake: Lake, news: pa.Table, known: progress.Progress, upto: progress.Progress, how: How, scratch: Path
) -> Outcome:
    """Derive stretches, and what a crash left unfinished: ``known`` is how far all was, ``upto`` how far it is then."""
    began = time.monotonic()
    stretches = pa.concat_tables([news, _rows(known.unfinished, new.STRETCH_SCHEMA)])
    counts, samples = dict.fromkeys((derived.name for derived in DERIVED), 0), 0
    bounded = how.connect(scratch)
    with bounded() as connection:
        windows = around(connection, stretches, lake.derived[DERIVED[-1].name], how.rules, _oldest(lake, how.rules))
    replacements = {derived.name: Replacement(lake.derived[derived.name], bounded) for derived in DERIVED}
    try:
        with how.engine(scratch) as engine:
            for inputs, parts in batches(lake, windows, how.memory_mb, bounded):
                found = engine.runs(inputs, [part.windows for part in parts])
                for part, made in zip(parts, found, strict=True):
                    samples += part.samples
                    for name, table in results.rows(made, part.windows, part.stored).items():
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


def _micros(moment: dt.datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1_000_000)


def _moving(lake: Lake) -> UnavailableError:
    return UnavailableError(f"the lake {lake.folder} cannot be read", why="its files go away each time")
