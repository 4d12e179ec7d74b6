"""What the tables look like on disk, and which partition a row lies in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kaido import flow, flow_electric
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY_US = 86_400_000_000
FIRST_DAY = 10_957
"""2000-01-01 as days since the epoch."""
LAST_DAY = 47_481
"""2099-12-31 as days since the epoch."""
MAX_DAYS = 64
"""Days that one append may spread over. A clock gone wild must not make a file for each of its samples."""


@dataclass(frozen=True)
class Layout:
    """One kind of table.

    Attributes:
        name: the folder below the company's, and the name in SQL.
        flow: the schema that callers give and get.
        stored: the schema in the Delta log and the files; Delta has no unsigned integers.
        time: the column that says when.
        partitioned: whether there is a partition for each day of ``time``.
        statistics: the columns whose smallest and largest values stand in the Delta log.
        sorted_by: the order of the rows in compacted files.
    """

    name: str
    flow: pa.Schema
    stored: pa.Schema
    time: str
    partitioned: bool
    statistics: tuple[str, ...]
    sorted_by: tuple[str, ...]

    @property
    def partition_by(self) -> list[str]:
        """The partition columns as Delta wants them."""
        return ["day"] if self.partitioned else []

    def delta_schema(self) -> pa.Schema:
        """The stored schema with the partition column."""
        return self.stored.append(pa.field("day", pa.date32())) if self.partitioned else self.stored

    def store(self, rows: pa.Table) -> pa.Table:
        """The rows as they lie in files. Texts may come as dictionaries, and stay so: files have dictionaries too.

        Raises:
            InvalidInputError: the columns are not those of the table.
        """
        texts = pa.schema([_without_dictionary(field) for field in rows.schema])
        if not texts.equals(self.flow):
            raise InvalidInputError(f"rows for the table '{self.name}'", why=_difference(self.flow, texts))
        fields = zip(rows.schema, self.stored, strict=True)
        return rows.cast(pa.schema([s.with_type(r.type) if pa.types.is_dictionary(r.type) else s for r, s in fields]))


def _without_dictionary(field: pa.Field) -> pa.Field:
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field


def _difference(expected: pa.Schema, given: pa.Schema) -> str:
    missing = [f.name for f in expected if f.name not in given.names]
    more = [name for name in given.names if name not in expected.names]
    if missing or more:
        return f"columns missing: {', '.join(missing) or 'none'}; not known: {', '.join(more) or 'none'}"
    for field in expected:
        other = given.field(field.name)
        if not other.equals(field):
            return f"column '{field.name}' must be '{_spell(field)}', not '{_spell(other)}'"
    return f"the columns must stand in the order {', '.join(expected.names)}"


def _spell(field: pa.Field) -> str:
    return f"{field.type}{'' if field.nullable else ' not null'}"


def _signed(schema: pa.Schema) -> pa.Schema:
    wider = {pa.uint8(): pa.int32(), pa.uint32(): pa.int64()}
    return pa.schema([pa.field(f.name, wider.get(f.type, f.type), f.nullable) for f in schema])


SIGNALS = Layout(
    name="signals",
    flow=flow.SAMPLE_SCHEMA,
    stored=_signed(flow.SAMPLE_SCHEMA),
    time="time",
    partitioned=True,
    statistics=("vehicle", "signal", "time"),
    sorted_by=("signal", "vehicle", "time"),
)
QUARANTINE = Layout(
    name="quarantine",
    flow=flow.QUARANTINE_SCHEMA,
    stored=_signed(flow.QUARANTINE_SCHEMA),
    time="arrival",
    partitioned=False,
    statistics=("id", "vehicle", "arrival"),
    sorted_by=("vehicle", "arrival", "id"),
)
DERIVED = tuple(
    Layout(
        name=table.name,
        flow=table.schema,
        stored=_signed(table.schema),
        time=table.time,
        partitioned=True,
        statistics=("vehicle", table.time),
        sorted_by=("vehicle", table.time),
    )
    for table in flow_electric.ALL
)
"""What the services make of the samples."""


def split_by_day(rows: pa.Table, layout: Layout) -> Iterator[tuple[int | None, pa.Table]]:
    """The rows of each partition, a UTC day (days since the epoch), in the order they came.

    Rows before 2000 or after 2099, and those outside of the ``MAX_DAYS`` days with most rows, come
    together under None, the partition without a day. So do all rows of a table without partitions.
    """
    if len(rows) == 0:
        return
    if not layout.partitioned:
        yield None, rows
        return
    days = rows[layout.time].cast(pa.int64()).to_numpy() // DAY_US
    if days[0] == days[-1] and days.min() == days.max() and FIRST_DAY <= days[0] <= LAST_DAY:
        yield int(days[0]), rows
        return
    found, counts = np.unique(days, return_counts=True)
    plausible = (found >= FIRST_DAY) & (found <= LAST_DAY)
    found, counts = found[plausible], counts[plausible]
    kept = np.sort(found[np.argsort(-counts, kind="stable")[:MAX_DAYS]])
    for day in kept:
        yield int(day), rows.filter(pa.array(days == day))
    rest = ~np.isin(days, kept)
    if rest.any():
        yield None, rows.filter(pa.array(rest))
