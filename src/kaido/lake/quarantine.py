"""Payloads leave the quarantine table: the files they lie in are written anew without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kaido.errors import UnavailableError
from kaido.lake import writer

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from kaido.lake.files import DataFile
    from kaido.lake.table import Table

ATTEMPTS = 10


def drop(table: Table, ids: AbstractSet[str]) -> int:
    """Delete the rows with these ids; returns how many there were."""
    dropped = 0
    for _ in range(ATTEMPTS):
        moved = False
        for file in table.files():
            count = _drop_from(table, file, ids)
            dropped += count or 0
            moved = moved or count is None
        if not moved:
            return dropped
    raise UnavailableError("the quarantine table is being rewritten", why="other writers were faster each time")


def _drop_from(table: Table, file: DataFile, ids: AbstractSet[str]) -> int | None:
    """The rows that left one file; None if the file was replaced meanwhile, and its rows lie elsewhere."""
    wanted = pa.array(sorted(name for name in ids if file.low["id"] <= name <= file.high["id"]), pa.string())
    if not len(wanted):
        return 0
    try:
        found = pq.read_table(table.folder / file.path, columns=["id"], partitioning=None)
        count = pc.sum(pc.is_in(found["id"], wanted)).as_py() or 0
        if count in (0, len(found)):
            rest = table.layout.stored.empty_table()
        else:
            rows = pq.read_table(table.folder / file.path, schema=table.layout.stored, partitioning=None)
            rest = rows.filter(pc.invert(pc.is_in(rows["id"], wanted)))
    except FileNotFoundError:
        return None
    if not count:
        return 0
    added = writer.write_rows(table.folder, rest, table.layout)
    return int(count) if table.replace([file], added, rows_change=True) else None
