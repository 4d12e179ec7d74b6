"""Many small files in arrival order become few large ones, sorted by signal, vehicle and time.

Files are merged as in a log-structured merge tree: the files of one merge are a *run* (sorted, their keys do not
overlap), and a run is merged again only with others that together are not much smaller than it. So a row is
rewritten a logarithmic number of times, however its day fills up. Days that are over become one run.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.lake.sorting import in_order
from kaido.lake.writer import ROW_GROUP_ROWS, RunWriter, run_of
from kaido.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from threading import Event

    import pyarrow as pa

    from kaido.lake.files import DataFile
    from kaido.lake.table import Table

FANOUT = 8
"""Runs of like size that make a merge worth while on a day that still fills."""
RATIO, RATIO_OVER = 1, 4
"""A run joins a merge when it has at most this many times the rows of the smaller ones together; the second is for
a day that is over, where little more will come. Simulated over 5,000 appends of one size: a row is rewritten 5 times,
and there are at most 17 runs; with a ratio of 4 it would be 10 times and 12 runs."""
MAX_MERGE_ROWS = 400_000_000
MEMORY_MB = 300
"""More makes it no cheaper: what does not fit is merged in two steps."""


@dataclass(frozen=True)
class Compacted:
    """What a compaction did."""

    merges: int = 0
    rows: int = 0
    files_before: int = 0
    files_after: int = 0


@dataclass(frozen=True)
class Run:
    """Files whose rows are sorted together; or one unsorted file."""

    files: tuple[DataFile, ...]
    sorted: bool

    @property
    def rows(self) -> int:
        """The rows of all files."""
        return sum(file.rows for file in self.files)


def compact(
    table: Table, *, memory_mb: int = MEMORY_MB, max_rows: int = MAX_MERGE_ROWS, stop: Event | None = None
) -> Compacted:
    """Merge what is worth merging.

    Appends and reads go on meanwhile. A merge that lost a race against another, or that a crash ended, changes
    nothing: its files are waste for ``vacuum``.

    Args:
        table: the table.
        memory_mb: about how much sorting may take.
        max_rows: rewritten rows after which no further merge begins.
        stop: set to end it soon.
    """
    done = Compacted()
    today = clock.now().date()
    for day in sorted({file.day for file in table.files()}, key=str):
        over = day is not None and day < today
        while done.rows < max_rows:
            found = [file for file in table.files() if file.day == day]
            chosen = [
                file
                for run in choose(runs(found), over=over, fits=_rows_that_fit(found, memory_mb))
                for file in run.files
            ]
            merged = _merge(table, chosen, memory_mb, stop) if chosen else []
            if not merged or not table.replace(chosen, merged, rows_change=False):
                break
            done = Compacted(
                done.merges + 1,
                done.rows + sum(file.rows for file in merged),
                done.files_before + len(chosen),
                done.files_after + len(merged),
            )
    return done


def runs(found: Sequence[DataFile]) -> list[Run]:
    """The files by the run they belong to, fewest rows first."""
    groups: dict[str, list[DataFile]] = defaultdict(list)
    for file in found:
        groups[run_of(file) or file.path].append(file)
    made = [Run(tuple(group), run_of(group[0]) is not None) for group in groups.values()]
    return sorted(made, key=lambda run: (run.rows, run.files[0].path))


def choose(found: Sequence[Run], *, over: bool, fits: int = MAX_MERGE_ROWS) -> list[Run]:
    """The runs to merge now, of one day.

    Args:
        found: all runs, fewest rows first.
        over: whether the day is over: then what is there is merged at once.
        fits: rows that are sorted in memory at once. Unsorted files are merged only as far as that: sorted runs of
            any size can then be merged key range by key range, and of each only that range is read.
    """
    chosen: list[Run] = []
    total = 0
    full = False
    ratio = RATIO_OVER if over else RATIO
    for run in found:
        if chosen and (run.rows > ratio * total or total + run.rows > MAX_MERGE_ROWS):
            break
        full = bool(chosen) and total + run.rows > fits and not all(one.sorted for one in [*chosen, run])
        if full:
            break
        chosen.append(run)
        total += run.rows
    if len(chosen) >= (2 if over or full else FANOUT):
        return chosen
    return [run for run in chosen if not run.sorted] if over else []


def _merge(table: Table, chosen: Sequence[DataFile], memory_mb: int, stop: Event | None) -> list[DataFile]:
    """The rows of the chosen files as a new run; none when it was stopped."""
    with RunWriter(table.folder, table.layout, chosen[0].day_number) as run:
        for rows in _sorted(table, chosen, memory_mb):
            if stop is not None and stop.is_set():
                run.abandon()
                return []
            run.write(rows)
        return run.close()


def _sorted(table: Table, chosen: Sequence[DataFile], memory_mb: int) -> Iterator[pa.Table]:
    return in_order(
        [table.folder / file.path for file in chosen],
        table.layout.stored,
        table.layout.sorted_by,
        range_rows=_rows_that_fit(chosen, memory_mb),
        piece_rows=ROW_GROUP_ROWS,
    )


def _rows_that_fit(found: Sequence[DataFile], memory_mb: int) -> int:
    stored_bytes = sum(file.size_bytes for file in found) / max(sum(file.rows for file in found), 1)
    row_bytes = 120 + 8 * stored_bytes  # measured: columns, ranks and order together, at their peak
    return max(int(memory_mb * 1_000_000 / row_bytes), ROW_GROUP_ROWS)
