"""Data files are written, and are on disk before anybody hears of them."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import uuid
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kaido.errors import UnavailableError
from kaido.lake import dictionaries
from kaido.lake.encoding import FAST, Encoding, smallest
from kaido.lake.files import EPOCH, NO_DAY, DataFile
from kaido.lake.schema import split_by_day
from kaido.runtime import folders

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kaido.lake.schema import Layout

ROW_GROUP_ROWS = 131_072
FILE_ROWS = 128 * ROW_GROUP_ROWS
"""Rows of one file of a run: small enough to be skipped as a whole by a read, large enough that a day has few."""
FILE_BYTES = 256_000_000
"""Bytes after which a file of a run ends, however few rows it has."""
RUN = "run-"
"""How the names of sorted files begin; what follows up to the next dash names the run."""


def write_rows(table_folder: Path, rows: pa.Table, layout: Layout) -> list[DataFile]:
    """Write rows as new files, one for each partition they lie in, and bring them to disk.

    Raises:
        UnavailableError: the disk is full or the folder cannot be written; no file is left behind.
    """
    written: list[DataFile] = []
    try:
        for day, part in split_by_day(rows, layout):
            with FileWriter(table_folder, layout, day) as file:
                file.write(part)
                written.append(file.close())
    except OSError as error:
        discard(table_folder, written)
        raise _cannot_write(table_folder, error) from error
    return written


def discard(table_folder: Path, written: Sequence[DataFile]) -> None:
    """Delete files that were written but not committed."""
    for file in written:
        (table_folder / file.path).unlink(missing_ok=True)


class FileWriter:
    """Writes one file of one partition, row group by row group.

    Args:
        table_folder: the table's folder.
        layout: the table's layout.
        day: the partition, days since the epoch; None is the partition without a day.
        encoding: how columns are encoded.
        stem: the file's name without suffix; a new one if empty.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """

    def __init__(
        self, table_folder: Path, layout: Layout, day: int | None, encoding: Encoding = FAST, stem: str = ""
    ) -> None:
        self._root = table_folder
        self._layout = layout
        self._day = None if day is None else EPOCH + dt.timedelta(days=day)
        self._path = self._folder() / f"{stem or uuid.uuid4().hex}.parquet"
        self._file = self._path.open("xb")
        self._encoding = encoding
        self._writer: pq.ParquetWriter | None = None
        self._low: dict[str, Any] = {}
        self._high: dict[str, Any] = {}
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            self.abandon()

    def _folder(self) -> Path:
        if not self._layout.partition_by:
            return folders.make(self._root)
        folder = self._root / f"day={self._day.isoformat() if self._day else NO_DAY}"
        if not folder.is_dir():
            folders.make(folder)
            folders.sync_folder(self._root)
        return folder

    def write(self, rows: pa.Table) -> None:
        """Add rows (of the stored schema, strings may be dictionaries; not none)."""
        rows = dictionaries.trimmed(rows)
        if self._writer is None:
            options = self._encoding.options(self._layout.stored)
            self._writer = pq.ParquetWriter(self._file, rows.schema, **options)
        self._writer.write_table(rows, row_group_size=ROW_GROUP_ROWS)
        self.rows += len(rows)
        for name in self._layout.statistics:
            low, high = _extremes(rows[name])
            self._low[name] = min(low, self._low.get(name, low))
            self._high[name] = max(high, self._high.get(name, high))

    @property
    def size_bytes(self) -> int:
        """What was written so far."""
        return self._file.tell()

    def close(self) -> DataFile:
        """Bring the file, with at least one row, to disk. Nobody sees it before it is committed."""
        assert self._writer is not None
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        size = self._file.tell()
        self._file.close()
        folders.sync_folder(self._path.parent)
        path = self._path.relative_to(self._root).as_posix()
        return DataFile(path, size, self.rows, self._day, self._low, self._high)

    def abandon(self) -> None:
        """Delete what was written."""
        with contextlib.suppress(Exception):  # a full disk fails these too; the file goes anyway
            if self._writer is not None:
                self._writer.close()
        with contextlib.suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)


class RunWriter:
    """Writes sorted rows of one partition as the files of one run."""

    def __init__(self, table_folder: Path, layout: Layout, day: int | None) -> None:
        self._where = (table_folder, layout, day)
        self._name = f"{RUN}{uuid.uuid4().hex}"
        self._encoding: Encoding | None = None
        self._writer: FileWriter | None = None
        self._written: list[DataFile] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        self.abandon()
        if isinstance(error, OSError):
            raise _cannot_write(self._where[0], error) from error

    def write(self, rows: pa.Table) -> None:
        """Add the rows that come next in the order."""
        if self._writer is None:
            self._encoding = self._encoding or smallest(rows)
            stem = f"{self._name}-{len(self._written):04}"
            self._writer = FileWriter(*self._where, self._encoding, stem)
        self._writer.write(rows)
        if self._writer.rows >= FILE_ROWS or self._writer.size_bytes >= FILE_BYTES:
            self._end_file()

    def close(self) -> list[DataFile]:
        """Bring the run to disk. Nobody sees it before it is committed."""
        self._end_file()
        return self._written

    def abandon(self) -> None:
        """Delete what was written."""
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None
        discard(self._where[0], self._written)

    def _end_file(self) -> None:
        if self._writer is not None:
            self._written.append(self._writer.close())
            self._writer = None


def run_of(file: DataFile) -> str | None:
    """The run that a file belongs to; None for one in arrival order."""
    name = file.path.rpartition("/")[2]
    return name.rpartition("-")[0] if name.startswith(RUN) else None


def _cannot_write(table_folder: Path, error: OSError) -> UnavailableError:
    return UnavailableError(f"the lake table {table_folder} cannot be written", why=error.strerror or str(error))


def _extremes(column: pa.ChunkedArray) -> tuple[Any, Any]:
    if pa.types.is_dictionary(column.type):
        column = pa.chunked_array([chunk.dictionary for chunk in column.chunks])  # trimmed: every text is in a row
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    found = pc.min_max(column).as_py()
    return found["min"], found["max"]
