"""How columns are encoded in Parquet files.

Measured (`docs/decisions`): on times that tick regularly DELTA_BINARY_PACKED wins by far; on the bursty times of a
raw bus, sorted by signal, plain values under Zstandard do. A dictionary wins for values of few steps and loses on
noise. So a file that is written to stay tries the candidates on a sample of itself; one that is written to be
compacted soon takes what is fast for all.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterable

DELTA = "DELTA_BINARY_PACKED"
PLAIN = "PLAIN"
DICTIONARY = "DICTIONARY"
SPLIT = "BYTE_STREAM_SPLIT"


@dataclass(frozen=True)
class Encoding:
    """The choices that depend on the data; strings are always dictionaries, whole numbers always deltas.

    Attributes:
        time: of time stamps.
        value: of floating-point numbers.
        level: of Zstandard.
    """

    time: str
    value: str
    level: int

    def options(self, schema: pa.Schema) -> dict[str, Any]:
        """The arguments for pyarrow's Parquet writer."""
        chosen = {field.name: self._of(field.type) for field in schema}
        return {
            "compression": "zstd",
            "compression_level": self.level,
            "use_dictionary": [name for name, encoding in chosen.items() if encoding == DICTIONARY],
            "dictionary_pagesize_limit": 262_144,
            "column_encoding": {name: encoding for name, encoding in chosen.items() if encoding != DICTIONARY},
            "write_statistics": True,
            "store_schema": False,
        }

    def _of(self, kind: pa.DataType) -> str:
        if pa.types.is_timestamp(kind):
            return self.time
        if pa.types.is_floating(kind):
            return self.value
        if pa.types.is_integer(kind):
            return DELTA
        return DICTIONARY if pa.types.is_string(kind) else PLAIN


FAST = Encoding(time=DELTA, value=PLAIN, level=1)
"""For files that compaction will soon rewrite."""


def smallest(sample: pa.Table) -> Encoding:
    """The encoding that makes the sample smallest."""
    chosen = Encoding(time=DELTA, value=DICTIONARY, level=3)
    times = [f.name for f in sample.schema if pa.types.is_timestamp(f.type)]
    values = [f.name for f in sample.schema if pa.types.is_floating(f.type)]
    if times:
        chosen = _smallest(sample.select(times), (replace(chosen, time=name) for name in (DELTA, PLAIN)))
    if values:
        candidates = (replace(chosen, value=name) for name in (DICTIONARY, PLAIN, SPLIT))
        chosen = _smallest(sample.select(values), candidates)
    return chosen


def _smallest(sample: pa.Table, candidates: Iterable[Encoding]) -> Encoding:
    return min(candidates, key=lambda encoding: _size(sample, encoding))


def _size(sample: pa.Table, encoding: Encoding) -> int:
    memory = io.BytesIO()
    pq.write_table(sample, memory, **encoding.options(sample.schema))
    return memory.tell()
