"""How much lies in a table."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, TypedDict

from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.lake.table import Table


class TableStatistics(TypedDict):
    """One table, from its log alone; the times are ISO 8601, None where there are none that Python can say."""

    rows: int
    bytes: int
    files: int
    bytes_per_row: float | None
    oldest: str | None
    newest: str | None


def of(table: Table) -> TableStatistics:
    """The statistics of a table."""
    files = table.files()
    column = table.layout.time
    rows = sum(file.rows for file in files)
    size = sum(file.size_bytes for file in files)
    return TableStatistics(
        rows=rows,
        bytes=size,
        files=len(files),
        bytes_per_row=round(size / rows, 3) if rows else None,
        oldest=_iso(min((file.low[column] for file in files), default=None)),
        newest=_iso(max((file.high[column] for file in files), default=None)),
    )


def _iso(micros: int | None) -> str | None:
    if micros is None:
        return None
    try:
        moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=micros)
    except OverflowError:
        return None
    return clock.iso(moment)
