"""A data file as the Delta log knows it."""

from __future__ import annotations

import datetime as dt
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake.transaction import AddAction, RemoveAction

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.lake.schema import Layout

NO_DAY = "__HIVE_DEFAULT_PARTITION__"
EPOCH = dt.date(1970, 1, 1)
_TIME0 = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_FIRST_US = -62_135_596_800_000_000
_LAST_US = 253_402_300_799_999_999
"""The years 1 to 9999: what the text form of a time in the Delta log can say. Times beyond are stored as they are."""


@dataclass(frozen=True)
class DataFile:
    """A Parquet file of a table.

    Attributes:
        path: relative to the table's folder.
        size_bytes: its length.
        rows: how many.
        day: the partition, None for rows without a plausible day.
        low: smallest value of each column that has statistics (times as microseconds since the epoch).
        high: largest values.
    """

    path: str
    size_bytes: int
    rows: int
    day: dt.date | None
    low: dict[str, Any]
    high: dict[str, Any]

    @classmethod
    def from_log(cls, add: dict[str, Any], layout: Layout) -> DataFile:
        """The file of an ``add`` entry of the Delta log."""
        stats = json.loads(add["stats"])
        day = (add.get("partitionValues") or {}).get("day")
        reads = {name: _reader(layout.stored.field(name).type) for name in layout.statistics}
        return cls(
            path=unquote(add["path"]),
            size_bytes=add["size"],
            rows=stats["numRecords"],
            day=dt.date.fromisoformat(day) if day else None,
            low={name: read(stats["minValues"][name]) for name, read in reads.items()},
            high={name: read(stats["maxValues"][name]) for name, read in reads.items()},
        )

    @property
    def day_number(self) -> int | None:
        """The partition as days since the epoch."""
        return None if self.day is None else (self.day - EPOCH).days

    def add_action(self, partitioned: bool, *, new_rows: bool = True) -> AddAction:
        """The entry of the Delta log that puts the file into the table."""
        stats = {
            "numRecords": self.rows,
            "minValues": {name: _in_log(value) for name, value in self.low.items()},
            "maxValues": {name: _in_log(value) for name, value in self.high.items()},
            "nullCount": dict.fromkeys(self.low, 0),
        }
        return AddAction(
            path=self.path,
            size=self.size_bytes,
            partition_values=self._partition(partitioned),
            modification_time=time.time_ns() // 1_000_000,
            data_change=new_rows,
            stats=json.dumps(stats),
        )

    def remove_action(self, partitioned: bool, *, rows_go: bool) -> RemoveAction:
        """The entry of the Delta log that takes the file out of the table."""
        return RemoveAction(
            self.path, rows_go, time.time_ns() // 1_000_000, self.size_bytes, self._partition(partitioned)
        )

    def _partition(self, partitioned: bool) -> dict[str, str | None]:
        return {"day": self.day.isoformat() if self.day else None} if partitioned else {}


def _reader(kind: pa.DataType) -> Callable[[str], Any]:
    """What makes of a text in the log the value again that ``_in_log`` was given."""
    return _micros if pa.types.is_timestamp(kind) else str


def _micros(text: str) -> int:
    return (dt.datetime.fromisoformat(text) - _TIME0) // dt.timedelta(microseconds=1)


def _in_log(value: Any) -> Any:
    if not isinstance(value, int):
        return value
    since = dt.timedelta(microseconds=min(max(value, _FIRST_US), _LAST_US))
    return (_TIME0 + since).strftime("%Y-%m-%dT%H:%M:%S.%fZ").zfill(27)
