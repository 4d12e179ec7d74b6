"""What is new in the lake: for each vehicle the stretches of time from which samples came in since a version.

The Delta log says which files brought rows; compaction only moves rows, and is no news. Where the log no longer
reaches back (it is kept short), the rows of each day are counted instead: a day with other rows than last time is new
as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from kaido.services import memory
from kaido.services.rules import Rules
from kaido.services.signals import PATHS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from kaido.lake.files import DataFile
    from kaido.lake.table import Table
    from kaido.services.memory import Connect

APART_US = 6 * 3_600_000_000
"""New samples of a vehicle that are further apart are two stretches: late data from days ago, and those of today."""

STRETCH_SCHEMA = pa.schema(
    [
        pa.field("vehicle", pa.string(), nullable=False),
        pa.field("first", pa.int64(), nullable=False),
        pa.field("last", pa.int64(), nullable=False),
    ]
)
"""The first and last new moment of a stretch, microseconds."""


@dataclass(frozen=True)
class News:
    """What came in.

    Attributes:
        version: of the lake, up to which this tells.
        rows: samples of each day then, by its ISO date (``""``: without a plausible day).
        stretches: STRETCH_SCHEMA, by vehicle and time; those of one vehicle do not overlap.
        left_out: new samples that a wrong clock timed.
    """

    version: int
    rows: dict[str, int]
    stretches: pa.Table
    left_out: int


def since(
    table: Table,
    version: int,
    rows: Mapping[str, int],
    rules: Rules | None = None,
    connect: Connect = memory.reader,
) -> News | None:
    """What came into the lake's signals after a version.

    Args:
        table: the signals.
        version: up to which all is known; -1 before the first.
        rows: as ``News.rows`` was then.
        rules: that say which clocks are wrong.
        connect: opens DuckDB.

    Returns:
        None where there is no newer version.

    Raises:
        FileNotFoundError: a file was vacuumed while it was read; ask again.
    """
    newest = table.version()
    if newest is None or newest <= version:
        return None
    added = table.appended(version, newest) if version >= 0 else None
    if added is not None and all((table.folder / file.path).exists() for file in added):
        counted = _rows(added, rows)
    else:
        files = table.files()
        counted = _rows(files, {})
        added = [file for file in files if counted[_day(file)] != rows.get(_day(file))]
    rules = rules or Rules()
    found = stretches([table.folder / file.path for file in added], rules, connect=connect)
    wild = [table.folder / file.path for file in added if _has_wrong_clocks(file, rules)]
    return News(newest, counted, found, _left_out(wild, rules, connect))


def stretches(
    files: Sequence[Path],
    rules: Rules | None = None,
    *,
    low: int | None = None,
    high: int | None = None,
    vehicles: Sequence[str] = (),
    connect: Connect = memory.reader,
) -> pa.Table:
    """When vehicles have samples that the services read (STRETCH_SCHEMA), in some files.

    Args:
        files: of the signals.
        rules: that say which clocks are wrong.
        low: the first moment, microseconds.
        high: the moment after the last.
        vehicles: only these; all where none is named.
        connect: opens DuckDB.
    """
    if not files:
        return STRETCH_SCHEMA.empty_table()
    rules = rules or Rules()
    first, last = rules.earliest_us, rules.latest_us
    asked = {
        "apart": APART_US,
        "low": first if low is None else max(low, first),
        "high": last + 1 if high is None else min(high, last + 1),
        "vehicles": list(vehicles),
    }
    return _asked(_STRETCHES, files, asked, connect).cast(STRETCH_SCHEMA)


def _has_wrong_clocks(file: DataFile, rules: Rules) -> bool:
    return bool(file.low["time"] < rules.earliest_us or file.high["time"] > rules.latest_us)


def _left_out(files: Sequence[Path], rules: Rules, connect: Connect) -> int:
    if not files:
        return 0
    asked = {"low": rules.earliest_us, "high": rules.latest_us}
    (count,) = _asked(_LEFT_OUT, files, asked, connect)["count"].to_pylist()
    return int(count)


def _asked(sql: str, files: Sequence[Path], parameters: Mapping[str, object], connect: Connect) -> pa.Table:
    with connect() as connection:
        asked = {"files": [str(file) for file in files], "paths": list(PATHS), **parameters}
        try:
            return connection.sql(sql, params=asked).to_arrow_table()
        except duckdb.IOException as error:
            raise FileNotFoundError(str(error)) from error


_STRETCHES = """
WITH slots AS (
    SELECT vehicle, epoch_us(time) // 3600000000 AS slot, min(epoch_us(time)) AS first, max(epoch_us(time)) AS last
    FROM read_parquet($files, hive_partitioning = false)
    WHERE list_contains($paths, signal)
        AND time >= make_timestamptz($low::BIGINT) AND time < make_timestamptz($high::BIGINT)
        AND (len($vehicles) = 0 OR list_contains($vehicles, vehicle))
    GROUP BY ALL
), begins AS (
    SELECT *, coalesce(first - lag(last) OVER w > $apart, true)::INT AS begins FROM slots
    WINDOW w AS (PARTITION BY vehicle ORDER BY slot)
), numbered AS (
    SELECT *, sum(begins) OVER (PARTITION BY vehicle ORDER BY slot ROWS UNBOUNDED PRECEDING) AS stretch FROM begins
)
SELECT vehicle, min(first) AS first, max(last) AS last FROM numbered GROUP BY vehicle, stretch ORDER BY vehicle, first
"""
_LEFT_OUT = """
SELECT count(*) AS count FROM read_parquet($files, hive_partitioning = false)
WHERE list_contains($paths, signal)
    AND (time < make_timestamptz($low::BIGINT) OR time > make_timestamptz($high::BIGINT))
"""


def _rows(files: Sequence[DataFile], before: Mapping[str, int]) -> dict[str, int]:
    counted = dict(before)
    for file in files:
        counted[_day(file)] = counted.get(_day(file), 0) + file.rows
    return counted


def _day(file: DataFile) -> str:
    return file.day.isoformat() if file.day else ""
