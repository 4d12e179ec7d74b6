"""Questions to the tables, answered by DuckDB over the files that can hold the answer."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from kaido.errors import TooLargeError, UnavailableError
from kaido.lake import names
from kaido.lake.downsampling import downsampled

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from kaido.lake.files import DataFile
    from kaido.lake.table import Table

MEMORY_MB = 2_000
SECONDS = 60.0
ATTEMPTS = 3
SOURCE = "WITH rows AS NOT MATERIALIZED (FROM read_parquet($paths, hive_partitioning = false))"
NARROWER = "Ask for fewer vehicles or signals, a shorter time, or for points"
DAY_SCHEMA = pa.schema(
    [("vehicle", pa.string()), ("day", pa.int64()), ("samples", pa.int64()), ("required", pa.int64())]
)
"""Days since 1970; how many samples there are, and of how many of the required signals."""

THINNED_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("vehicle", "signal")),
        *(("samples", pa.int64()), ("time", pa.timestamp("us", "UTC")), ("value", pa.float64()), ("text", pa.string())),
    ]
)
RECORDED_SCHEMA = pa.schema(
    [
        ("signal", pa.string()),
        ("samples", pa.int64()),
        ("vehicles", pa.int64()),
        *((name, pa.timestamp("us", "UTC")) for name in ("first", "last")),
    ]
)
"""A signal, how many samples it has, of about how many vehicles, and when."""


@dataclass(frozen=True)
class Selection:
    """Which samples.

    Attributes:
        vehicles: names or patterns (``*`` and ``?``) of vehicles.
        signals: names or patterns of signals.
        start: the first moment.
        end: the moment after the last.
    """

    vehicles: tuple[str, ...]
    signals: tuple[str, ...]
    start: dt.datetime | None = None
    end: dt.datetime | None = None

    def may_be_in(self, file: DataFile) -> bool:
        """Whether the statistics of a file admit any of the samples."""
        return (
            (self.start is None or file.high["time"] >= _micros(self.start))
            and (self.end is None or file.low["time"] < _micros(self.end))
            and any(names.may_lie_between(v, file.low["vehicle"], file.high["vehicle"]) for v in self.vehicles)
            and any(names.may_lie_between(s, file.low["signal"], file.high["signal"]) for s in self.signals)
        )

    def condition(self) -> tuple[str, dict[str, Any]]:
        """SQL that is true for the samples, and its parameters."""
        parameters: dict[str, Any] = {}
        conditions = [
            names.condition("vehicle", self.vehicles, parameters),
            names.condition("signal", self.signals, parameters),
        ]
        for name, sign, moment in (("start", ">=", self.start), ("end", "<", self.end)):
            if moment is not None:
                conditions.append(f"time {sign} ${name}")
                parameters[name] = moment
        return " AND ".join(conditions), parameters


def signals(
    table: Table, selection: Selection, *, points: int | None, limit: int | None, seconds: float = SECONDS
) -> pa.Table:
    """The samples of a selection, by vehicle, signal and time; thinned to about ``points`` a series if given."""
    condition, parameters = selection.condition()
    columns = ", ".join(table.layout.flow.names)
    sql = f"SELECT {columns} FROM rows WHERE {condition}"  # noqa: S608  # names are parameters
    if points is not None:
        sql = f"SELECT {columns} FROM ({downsampled(sql)})"  # noqa: S608  # as above
        parameters["points"] = points
    sql += "\nORDER BY vehicle, signal, time, value, text, campaign, event LIMIT $limit"
    return _ask(table, sql, parameters | {"limit": limit}, selection, seconds=seconds)


def thinned(table: Table, selection: Selection, *, points: int, limit: int, seconds: float = SECONDS) -> pa.Table:
    """As ``signals`` with ``points``, what is drawn of it (THINNED_SCHEMA): with how many samples each series has."""
    condition, parameters = selection.condition()
    chosen = f"SELECT {', '.join(table.layout.flow.names)} FROM rows WHERE {condition}"  # noqa: S608  # names are parameters
    sql = f"""
    SELECT {", ".join(THINNED_SCHEMA.names)} FROM ({downsampled(chosen)})
    ORDER BY vehicle, signal, time, value, text LIMIT $limit
    """  # noqa: S608  # as above
    parameters |= {"points": points, "limit": limit}
    return _ask(table, sql, parameters, selection, schema=THINNED_SCHEMA, seconds=seconds)


def recorded(table: Table, selection: Selection, *, seconds: float = SECONDS) -> pa.Table:
    """The signals of which a selection has samples (RECORDED_SCHEMA), by name."""
    condition, parameters = selection.condition()
    sql = f"""
    SELECT signal, count(*) AS samples, approx_count_distinct(vehicle) AS vehicles,
        min(time) AS first, max(time) AS last
    FROM rows WHERE {condition} GROUP BY signal ORDER BY signal
    """  # noqa: S608  # names are parameters
    return _ask(table, sql, parameters, selection, schema=RECORDED_SCHEMA, seconds=seconds)


def latest(table: Table) -> pa.Table:
    """The newest sample of each signal of each vehicle (of two at one time, the one that sorts last)."""
    return _ask(
        table,
        """
        SELECT vehicle, signal, newest.* FROM (
            SELECT vehicle, signal, max({
                'time': time, 'value': value, 'text': text, 'campaign': campaign, 'event': event
            }) AS newest
            FROM rows GROUP BY vehicle, signal
        ) ORDER BY vehicle, signal
        """,
        {},
    )


def vehicle_days(table: Table, selection: Selection, required: Sequence[str], *, seconds: float = SECONDS) -> pa.Table:
    """The days (UTC) on which vehicles have samples of a selection (DAY_SCHEMA), by vehicle and day."""
    condition, parameters = selection.condition()
    sql = f"""
    SELECT vehicle, epoch_us(time) // 86400000000 AS day, count(*) AS samples,
        count(DISTINCT signal) FILTER (list_contains($required, signal)) AS required
    FROM rows WHERE {condition} GROUP BY ALL ORDER BY ALL
    """  # noqa: S608  # names are parameters
    return _ask(table, sql, parameters | {"required": list(required)}, selection, schema=DAY_SCHEMA, seconds=seconds)


@dataclass(frozen=True)
class Kept:
    """Which quarantined payloads.

    Attributes:
        reason: the code that their reason begins with; None is any.
        vehicle: who sent them; None is anybody.
    """

    reason: str | None = None
    vehicle: str | None = None


_KEPT = """
    ($reason IS NULL OR split_part(reason, ':', 1) = $reason) AND ($vehicle IS NULL OR vehicle = $vehicle)
"""


def quarantined(
    table: Table, *, limit: int | None, ids: Sequence[str] | None, after: str | None, kept: Kept
) -> pa.Table:
    """Quarantined payloads, newest arrival first, and of one arrival by id; those that follow the id ``after``."""
    columns = ", ".join(table.layout.flow.names)
    place = "row(-epoch_us(arrival), id)"
    return _ask(
        table,
        f"""
        SELECT {columns} FROM rows
        WHERE ($ids IS NULL OR list_contains($ids, id))
            AND ($after IS NULL OR {place} > (SELECT {place} FROM rows WHERE id = $after LIMIT 1)) AND {_KEPT}
        ORDER BY arrival DESC, id LIMIT $limit
        """,  # noqa: S608  # our own column names
        {"ids": None if ids is None else list(ids), "after": after, "limit": limit, **asdict(kept)},
    )


def quarantined_ids(table: Table, kept: Kept) -> list[str]:
    """The ids in quarantine, oldest arrival first."""
    schema = pa.schema([("id", pa.string())])
    sql = f"SELECT id FROM rows WHERE {_KEPT} ORDER BY arrival, id"  # noqa: S608  # our own text
    found: list[str] = _ask(table, sql, asdict(kept), schema=schema)["id"].to_pylist()
    return found


REASONS_SCHEMA = pa.schema(
    [
        ("reason", pa.string()),
        ("payloads", pa.int64()),
        ("vehicles", pa.int64()),
        ("bytes", pa.int64()),
        ("newest", pa.timestamp("us", "UTC")),
    ]
)
"""Why payloads lie in quarantine: the code, how many, of how many vehicles, and when the newest arrived.

The row without a code is of all together.
"""


def quarantine_reasons(table: Table, kept: Kept) -> pa.Table:
    """The reasons in quarantine, as ``REASONS_SCHEMA``: all together, then the most frequent first."""
    sql = f"""
        SELECT split_part(reason, ':', 1) AS reason, count(*) AS payloads, count(DISTINCT vehicle) AS vehicles,
            sum(octet_length(payload))::BIGINT AS bytes, max(arrival) AS newest
        FROM rows WHERE {_KEPT} GROUP BY GROUPING SETS ((split_part(reason, ':', 1)), ())
        ORDER BY 1 IS NOT NULL, payloads DESC, 1
    """  # noqa: S608  # our own text
    return _ask(table, sql, asdict(kept), schema=REASONS_SCHEMA)


def _ask(
    table: Table,
    sql: str,
    parameters: dict[str, Any],
    selection: Selection | None = None,
    *,
    schema: pa.Schema | None = None,
    seconds: float | None = None,
) -> pa.Table:
    """Run SQL in which ``rows`` stands for the table; it answers in the table's schema, or another."""
    schema = schema or table.layout.flow
    for _ in range(ATTEMPTS):
        found = [file for file in table.files() if selection is None or selection.may_be_in(file)]
        if not found:
            return schema.empty_table()
        paths = [str(table.folder / file.path) for file in found]
        try:
            return _run(f"{SOURCE}\n{sql}", {"paths": paths, **parameters}, seconds).cast(schema)
        except duckdb.IOException as error:  # this reader was slow, and a file was vacuumed: look at the table again
            reason = str(error)
    raise UnavailableError(f"the lake table {table.folder} cannot be read", why=reason)


def _run(sql: str, parameters: dict[str, Any], seconds: float | None) -> pa.Table:
    with duckdb.connect(config={"memory_limit": f"{MEMORY_MB}MB", "temp_directory": ""}) as connection:
        timer = threading.Timer(seconds or 0, connection.interrupt)
        if seconds is not None:
            timer.start()
        try:
            return connection.sql(sql, params=parameters).to_arrow_table()
        except duckdb.OutOfMemoryException as error:
            raise TooLargeError("the answer does not fit the memory of a query", fix=NARROWER) from error
        except duckdb.InterruptException as error:
            raise TooLargeError(f"the answer takes longer than {seconds:g} s", fix=NARROWER) from error
        finally:
            timer.cancel()


def _micros(moment: dt.datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
