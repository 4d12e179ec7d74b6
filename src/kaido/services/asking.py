"""Questions over several derived tables at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from kaido.errors import UnavailableError
from kaido.services import memory
from kaido.services.tables import ATTEMPTS, TIMES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from kaido.lake import Lake


def ask(
    lake: Lake,
    sql: str,
    parameters: Mapping[str, Any],
    *,
    tables: Sequence[str],
    vehicle: str | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    beside: Mapping[str, pa.Table] | None = None,
) -> pa.Table:
    """Run SQL over views of derived tables that hold only what is asked about.

    Args:
        lake: whose.
        sql: in DuckDB's dialect.
        parameters: of the SQL.
        tables: names of the views.
        vehicle: only its rows.
        start: only what begins then or later.
        end: only what begins before.
        beside: further tables by name.

    Raises:
        TooLargeError: it needs more memory than a question may take.
    """
    low = None if start is None else round(start.timestamp() * 1e6)
    high = None if end is None else round(end.timestamp() * 1e6)
    for _ in range(ATTEMPTS):
        try:
            with memory.asked() as connection:
                connection.execute("SET TimeZone = 'UTC'")
                for name, rows in (beside or {}).items():
                    connection.register(name, rows)
                for name in tables:
                    connection.execute(_view(lake, name, vehicle, low, high))
                return connection.sql(sql, params=dict(parameters)).to_arrow_table()
        except duckdb.IOException as error:  # this reader was slow, and a file was vacuumed
            why = str(error)
    raise UnavailableError(f"the lake {lake.folder} cannot be read", why=why)


def _view(lake: Lake, name: str, vehicle: str | None, low: int | None, high: int | None) -> str:
    table, time = lake.derived[name], TIMES[name]
    columns = table.layout.flow
    files = [
        str(table.folder / file.path)
        for file in table.files()
        if (low is None or file.high[time] >= low)
        and (high is None or file.low[time] < high)
        and (vehicle is None or file.low["vehicle"] <= vehicle <= file.high["vehicle"])
    ]
    if not files:
        empty = ", ".join(f'NULL::{_TYPES[str(field.type)]} AS "{field.name}"' for field in columns)
        return f"CREATE TEMP VIEW {name} AS SELECT {empty} WHERE false"
    conditions = ["true"]
    if vehicle is not None:
        conditions.append(f"vehicle = {_quoted(vehicle)}")
    if low is not None:
        conditions.append(f"{time} >= make_timestamptz({low})")
    if high is not None:
        conditions.append(f"{time} < make_timestamptz({high})")
    listed = ", ".join(_quoted(file) for file in files)
    source = f"read_parquet([{listed}], hive_partitioning = false)"
    return f"CREATE TEMP VIEW {name} AS FROM {source} WHERE {' AND '.join(conditions)}"


_TYPES = {
    "string": "VARCHAR",
    "double": "DOUBLE",
    "int64": "BIGINT",
    "bool": "BOOLEAN",
    "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
