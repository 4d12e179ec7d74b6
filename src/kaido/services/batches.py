"""Stretches in batches: as many at once as fit the memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from kaido.services.inputs import Inputs
from kaido.services.signals import PATHS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from kaido.lake import Lake
    from kaido.services.memory import Connect
    from kaido.services.windows import Windows

ROW_BYTES = 200
"""What a sample takes while it is being worked on, at its peak; measured by ``kaido bench services``."""
GATHERED = 16
"""Batches whose samples are read from the lake at once: a file holds each signal of very many vehicles together, so
that reading it for a few costs almost what it costs for many. They wait on disk."""
_DAY_US = 86_400_000_000
_AGES = (2, 8, 64)
"""Days: stretches are derived with those that begin about as long ago; a batch reads back to its oldest."""


@dataclass(frozen=True)
class Batch:
    """Stretches that are derived at once.

    Attributes:
        windows: the stretches (``inputs.WINDOW_SCHEMA``).
        stored: the activities that lie there now, as ``windows.Windows.stored``.
        samples: how many their vehicles have there, about.
    """

    windows: pa.Table
    stored: pa.Table
    samples: int


def batches(lake: Lake, windows: Windows, memory_mb: int, connect: Connect) -> Iterator[tuple[Inputs, list[Batch]]]:
    """The stretches, as many at once as fit the memory, and what some of those batches together begin with.

    Args:
        lake: whose.
        windows: the stretches.
        memory_mb: that a batch may take, about.
        connect: opens DuckDB, to count samples.
    """
    most = memory_mb * 1_000_000 // ROW_BYTES
    table = windows.windows
    newest = pc.max(table["low"]).as_py() or 0
    ages = [(newest - low) // _DAY_US for low in table["low"].to_pylist()]
    for above, upto in zip((-1, *_AGES), (*_AGES, None), strict=True):
        several = table.filter(pa.array([above < age and (upto is None or age <= upto) for age in ages], pa.bool_()))
        if not len(several):
            continue
        counts = _counts(_near(lake, several), several, connect)
        portions = list(_portions([counts.get(name, 0) for name in several["vehicle"].to_pylist()], most))
        for place in range(0, len(portions), GATHERED):
            some = portions[place : place + GATHERED]
            together = several.slice(some[0].start, some[-1].stop - some[0].start)
            parts = [_batch(several.slice(portion.start, len(portion)), windows, counts) for portion in some]
            yield Inputs(_near(lake, together), together, _of(windows.carried, together)), parts


def _batch(stretches: pa.Table, windows: Windows, counts: Mapping[str, int]) -> Batch:
    samples = sum(counts.get(name, 0) for name in set(stretches["vehicle"].to_pylist()))
    return Batch(stretches, _of(windows.stored, stretches), samples)


def _of(rows: pa.Table, stretches: pa.Table) -> pa.Table:
    return rows.filter(pc.is_in(rows["car"], stretches["car"].combine_chunks()))


def files(lake: Lake, low: int | None, high: int | None) -> list[Path]:
    """The files of the signals in which times from ``low`` to before ``high`` may lie."""
    table = lake.signals_table
    return [
        table.folder / file.path
        for file in table.files()
        if (low is None or file.high["time"] >= low) and (high is None or file.low["time"] <= high)
    ]


def _near(lake: Lake, stretches: pa.Table) -> list[Path]:
    return files(lake, pc.min(stretches["low"]).as_py(), pc.max(stretches["high"]).as_py())


def _portions(sizes: Sequence[int], most: int) -> Iterator[range]:
    """Cut a list into runs of places, each of a size of at most so much (or of one item)."""
    first = total = 0
    for place, size in enumerate(sizes):
        if place > first and total + size > most:
            yield range(first, place)
            first, total = place, 0
        total += size
    if len(sizes) > first:
        yield range(first, len(sizes))


def _counts(paths: Sequence[Path], windows: pa.Table, connect: Connect) -> dict[str, int]:
    """How many samples the vehicles have from the first beginning on."""
    if not paths:
        return {}
    sql = """
    SELECT vehicle, count(*) FROM read_parquet($files, hive_partitioning = false)
    WHERE time >= make_timestamptz($low) AND list_contains($paths, signal) AND vehicle IN (SELECT vehicle FROM windows)
    GROUP BY vehicle
    """
    parameters = {"files": [str(path) for path in paths], "low": pc.min(windows["low"]).as_py(), "paths": list(PATHS)}
    with connect() as connection:
        connection.register("windows", windows)
        try:
            return dict(connection.execute(sql, parameters).fetchall())
        except duckdb.IOException as error:
            raise FileNotFoundError(str(error)) from error
