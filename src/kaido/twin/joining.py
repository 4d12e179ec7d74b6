"""The answers of a twin's slices, as one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kaido.errors import from_problem
from kaido.twin.service import FAILED, PARTS, SLICE, SLICES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nats.aio.msg import Msg


class Answers:
    """Gathers what slices answer, each in as many messages as it takes."""

    def __init__(self) -> None:
        self._pieces: dict[str, list[bytes]] = {}
        self._parts: dict[str, int] = {}
        self._failed: set[str] = set()
        self._slices = 1

    @property
    def complete(self) -> bool:
        """Whether every slice has answered."""
        done = sum(len(self._pieces[one]) >= parts for one, parts in self._parts.items())
        return done >= self._slices

    def take(self, message: Msg) -> None:
        """One message of an answer."""
        headers = message.headers or {}
        one = headers[SLICE]
        self._slices = int(headers[SLICES])
        self._parts[one] = int(headers[PARTS])
        self._pieces.setdefault(one, []).append(message.data)
        if FAILED in headers:
            self._failed.add(one)

    def tables(self) -> list[pa.Table]:
        """What the slices that have an answer say.

        Raises:
            KaidoError: none has one; what the first of them says.
        """
        found = []
        for one in sorted(self._pieces.keys() - self._failed, key=int):
            with pa.ipc.open_stream(b"".join(self._pieces[one])) as reader:
                found.append(reader.read_all())
        if not found:
            raise from_problem(json.loads(b"".join(self._pieces[min(self._failed, key=int)])))
        return found


def newest(tables: Sequence[pa.Table]) -> pa.Table:
    """What slices know of one vehicle. One of them has it; while partitions change two may: the newest counts."""
    if len(tables) == 1:
        return tables[0]
    rows = pa.concat_tables(tables).sort_by([("signal", "ascending"), ("time", "ascending"), ("arrival", "ascending")])
    return _last_of_each(rows, "signal")


def fleet(tables: Sequence[pa.Table], limit: int) -> pa.Table:
    """What slices found among their vehicles, by vehicle."""
    if len(tables) == 1:
        return tables[0]
    rows = pa.concat_tables(tables, promote_options="default")
    seen = pc.fill_null(rows["last_seen"].cast(pa.int64()), 0)
    keys = pa.table({"vehicle": rows["vehicle"], "seen": seen})
    order = pc.sort_indices(keys, [("vehicle", "ascending"), ("seen", "ascending")])
    return _last_of_each(rows.take(order), "vehicle")[:limit]


def _last_of_each(rows: pa.Table, name: str) -> pa.Table:
    """Of the rows that follow each other with the same name the last."""
    if len(rows) < 2:  # noqa: PLR2004  # none has another behind it
        return rows
    names = rows[name].combine_chunks()
    last = pc.not_equal(names[:-1], names[1:]).to_numpy(zero_copy_only=False)
    return rows.filter(pa.array(np.append(last, True)))
