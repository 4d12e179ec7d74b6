"""The derived tables: rows of stretches of vehicles replaced in one step, and read again."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa

from kaido.errors import InvalidInputError, UnavailableError
from kaido.flow_electric import ALL
from kaido.lake.schema import DAY_US
from kaido.lake.writer import FileWriter, discard
from kaido.services import memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kaido.lake import Lake
    from kaido.lake.files import DataFile
    from kaido.lake.table import Table
    from kaido.services.memory import Connect

ATTEMPTS = 10
MOST_FILES = 12
"""Files of one day beyond which they become one."""
BUFFERED_BYTES = 64_000_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

TIMES = {derived.name: derived.time for derived in ALL}
"""The column by which a table's rows are placed in time."""


class Replacement:
    """The rows of some stretches of vehicles, gathered batch by batch and put in place of those that are there.

    Memory is bounded: what is gathered goes to files, which nobody sees before ``commit``.

    Args:
        table: a derived one.
        connect: opens DuckDB.
    """

    def __init__(self, table: Table, connect: Connect = memory.reader) -> None:
        self._table = table
        self._connect = connect
        self._time = TIMES[table.layout.name]
        self._rows: list[pa.Table] = []
        self._written: list[DataFile] = []

    def add(self, rows: pa.Table) -> None:
        """Gather rows (of the table's schema)."""
        self._rows.append(self._table.layout.store(rows))
        if sum(part.nbytes for part in self._rows) > BUFFERED_BYTES:
            self._flush()

    def commit(self, ranges: pa.Table, transaction: tuple[str, int] | None) -> None:
        """Take what lies in some ranges out of the table and put in what was gathered, in one step.

        Nothing is changed where somebody else has brought the table to that version.

        Args:
            ranges: vehicle, low, high (microseconds, high not in it).
            transaction: an application and the version that the table is then at.

        Raises:
            UnavailableError: the disk is full, or other writers were faster each time. The same again is safe.
        """
        self._flush()
        written, self._written = self._written, []  # from here on a failure may hide a commit that stands
        for _ in range(ATTEMPTS):
            if transaction and self._table.is_at(*transaction):
                discard(self._table.folder, written)
                return
            files = self._table.files()
            touched = self._touched(files, ranges)
            crowded = _crowded(files, written)
            remove = [file for file in files if file.path in touched or file.day in crowded]
            merged = [file for file in written if file.day in crowded]
            add = [file for file in written if file.day not in crowded]
            for day in {file.day for file in (*remove, *merged)}:
                rest = self._rest([file for file in remove if file.day == day], ranges)
                add += self._write(pa.concat_tables([rest, self._read([file for file in merged if file.day == day])]))
            if not remove and not add and transaction is None:
                return
            if self._table.replace(remove, add, rows_change=True, transaction=transaction):
                return
        raise UnavailableError(f"the table {self._table.folder} is being rewritten", why="others were faster each time")

    def abandon(self) -> None:
        """Delete what was written."""
        discard(self._table.folder, self._written)

    def _flush(self) -> None:
        if self._rows:
            self._written += self._write(pa.concat_tables(self._rows))
            self._rows = []

    def _touched(self, files: Sequence[DataFile], ranges: pa.Table) -> set[str]:
        """The files in which rows of the ranges lie; only those are opened that reach into one."""
        low, high = (ranges[name].to_numpy() for name in ("low", "high"))
        near = [file for file in files if np.any((low <= file.high[self._time]) & (high > file.low[self._time]))]
        if not near:
            return set()
        paths = {str(self._table.folder / file.path): file.path for file in near}
        sql = f"""
        SELECT DISTINCT r.filename FROM read_parquet($files, hive_partitioning = false, filename = true) AS r
        JOIN ranges AS x ON x.vehicle = r.vehicle
            AND epoch_us(r.{self._time}) >= x.low AND epoch_us(r.{self._time}) < x.high
        """  # noqa: S608  # our own names
        with self._connect() as connection:
            connection.register("ranges", ranges)
            found = connection.sql(sql, params={"files": list(paths)}).fetchall()
        return {paths[name] for (name,) in found}

    def _rest(self, files: Sequence[DataFile], ranges: pa.Table) -> pa.Table:
        """What lies in files and in none of the ranges."""
        kept = f"""NOT EXISTS (
            SELECT 1 FROM ranges AS x
            WHERE x.vehicle = r.vehicle AND epoch_us(r.{self._time}) >= x.low AND epoch_us(r.{self._time}) < x.high
        )"""  # noqa: S608  # our own names
        return self._read(files, kept, ranges)

    def _read(self, files: Sequence[DataFile], kept: str = "true", ranges: pa.Table | None = None) -> pa.Table:
        stored = self._table.layout.stored
        if not files:
            return stored.empty_table()
        columns = ", ".join(f'"{name}"' for name in stored.names)
        sql = f"SELECT {columns} FROM read_parquet($files, hive_partitioning = false) AS r WHERE {kept}"  # noqa: S608  # our own names
        paths = [str(self._table.folder / file.path) for file in files]
        with self._connect() as connection:
            if ranges is not None:
                connection.register("ranges", ranges)
            return connection.sql(sql, params={"files": paths}).to_arrow_table().cast(stored)

    def _write(self, rows: pa.Table) -> list[DataFile]:
        """Files of the rows, one a day, on disk."""
        made: list[DataFile] = []
        try:
            for day, part in _days(rows, self._time):
                with FileWriter(self._table.folder, self._table.layout, day) as file:
                    file.write(part.sort_by([("vehicle", "ascending"), (self._time, "ascending")]))
                    made.append(file.close())
        except OSError as error:
            discard(self._table.folder, made)
            why = error.strerror or str(error)
            raise UnavailableError(f"the table {self._table.folder} cannot be written", why=why) from error
        return made


def read(
    lake: Lake,
    name: str,
    *,
    vehicle: str | None = None,
    id: str | None = None,  # noqa: A002  # it is what the column is called
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> pa.Table:
    """Rows of a derived table, newest first, and of one time by id.

    Args:
        lake: whose.
        name: of the table.
        vehicle: only its rows.
        id: only the one row (of ``charge_curves``: the rows of that charge).
        start: only rows that begin then or later.
        end: only rows that begin before.
        after: only what follows this place (``place``) in that order, whether its row is still there or not.
        limit: rows at most.

    Raises:
        InvalidInputError: ``after`` is no place.
        TooLargeError: the rows need more memory than a question may take.
    """
    table, time = lake.derived[name], TIMES[name]
    key = "charge" if name == "charge_curves" else "id"
    after_us, after_id = (None, None) if after is None else _placed(after)
    low = None if start is None else round(start.timestamp() * 1e6)
    high = None if end is None else round(end.timestamp() * 1e6)
    sql = f"""
    SELECT {", ".join(f'"{column}"' for column in table.layout.flow.names)}
    FROM read_parquet($files, hive_partitioning = false)
    WHERE ($vehicle IS NULL OR vehicle = $vehicle) AND ($id IS NULL OR {key} = $id)
        AND ($low IS NULL OR epoch_us({time}) >= $low) AND ($high IS NULL OR epoch_us({time}) < $high)
        AND ($after_us IS NULL OR row(-epoch_us({time}), {key}) > row(-$after_us::BIGINT, $after_id))
    ORDER BY {time} DESC, {key} LIMIT $limit
    """  # noqa: S608  # our own names
    for _ in range(ATTEMPTS):
        files = [
            str(table.folder / file.path)
            for file in table.files()
            if (low is None or file.high[time] >= low)
            and (high is None or file.low[time] < high)
            and (vehicle is None or file.low["vehicle"] <= vehicle <= file.high["vehicle"])
        ]
        if not files:
            return table.layout.flow.empty_table()
        parameters = {"files": files, "vehicle": vehicle, "id": id, "low": low, "high": high}
        parameters |= {"after_us": after_us, "after_id": after_id}
        try:
            with memory.asked() as connection:
                found = connection.sql(sql, params={**parameters, "limit": limit}).to_arrow_table()
        except duckdb.IOException:  # this reader was slow, and a file was vacuumed
            continue
        return found.cast(table.layout.flow)
    raise UnavailableError(f"the table {table.folder} cannot be read", why="its files go away each time")


def place(start: dt.datetime, id: str) -> str:  # noqa: A002  # it is what the column is called
    """Where a row stands in the order of ``read``."""
    return f"{(start - _EPOCH) // dt.timedelta(microseconds=1)}:{id}"


def _placed(text: str) -> tuple[int, str]:
    found = re.fullmatch(r"(-?[0-9]{1,18}):(.+)", text, re.DOTALL)
    if not found:
        raise InvalidInputError(f"'{text}' is no place in this list", fix="Give the `next` of the page before")
    return int(found[1]), found[2]


def _crowded(files: Sequence[DataFile], written: Sequence[DataFile]) -> set[dt.date | None]:
    days = [file.day for file in (*files, *written)]
    return {day for day in {file.day for file in written} if days.count(day) > MOST_FILES}


def _days(rows: pa.Table, time: str) -> Iterator[tuple[int, pa.Table]]:
    days = rows[time].cast(pa.int64()).to_numpy() // DAY_US
    for day in np.unique(days):
        yield int(day), rows.filter(pa.array(days == day))
