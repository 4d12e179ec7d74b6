"""Tables as the body of an answer: JSON rows, CSV, Arrow or Parquet."""

from __future__ import annotations

import io
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from fastapi import Header, Query
from fastapi.responses import Response

from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl


class Format(StrEnum):
    """How a table is written."""

    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"
    PARQUET = "parquet"


MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv",
    Format.ARROW: "application/vnd.apache.arrow.stream",
    Format.PARQUET: "application/vnd.apache.parquet",
}

ANSWERS: dict[int | str, dict[str, object]] = {
    200: {
        "description": "A table; as JSON, a list of row objects.",
        "content": {
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
            **{kind: {} for kind in MEDIA_TYPES.values() if kind != "application/json"},
        },
    }
}
"""What OpenAPI says of such an answer."""


def _wanted(
    format: Annotated[Format | None, Query(description="How the table is written; else as Accept says.")] = None,  # noqa: A002  # the name in the URL
    accept: Annotated[str, Header()] = "",
) -> Format:
    if format is not None:
        return format
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    for kind in kinds:
        for candidate, media_type in MEDIA_TYPES.items():
            if kind == media_type:
                return candidate
    if all(kind in ("", "*/*", "application/*", "text/*") or "html" in kind for kind in kinds) or "*/*" in kinds:
        return Format.JSON
    raise InvalidInputError(f"no answer in the format '{accept}'", fix=f"Ask for {', '.join(MEDIA_TYPES.values())}")


wanted_format: Callable[..., Format] = _wanted
"""A FastAPI dependency: the format that the request asks for."""


def answer(rows: pa.Table, form: Format) -> Response:
    """The table as a response."""
    return Response(_WRITERS[form](rows), media_type=MEDIA_TYPES[form])


def _json(rows: pa.Table) -> bytes:
    return _plain(rows).write_json().encode() if rows.num_columns else b"[]"


def _csv(rows: pa.Table) -> bytes:
    import polars  # noqa: ICN001, PLC0415  # as below

    frame = _plain(rows)
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    texts = [polars.Series(name, [None if v is None else str(v) for v in frame[name].to_list()]) for name in nested]
    return frame.with_columns(texts).write_csv().encode()


def _arrow(rows: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return sink.getvalue()


def _parquet(rows: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(rows, sink, compression="zstd")
    return sink.getvalue()


_WRITERS = {Format.JSON: _json, Format.CSV: _csv, Format.ARROW: _arrow, Format.PARQUET: _parquet}


def _plain(rows: pa.Table) -> pl.DataFrame:
    """The columns as JSON can say them: times in ISO 8601 with Z, bytes in hexadecimal, decimals as numbers."""
    import polars  # noqa: ICN001, PLC0415  # heavy; most commands of the command line load the API and do without

    columns = [_plain_column(rows[name]) for name in rows.column_names]
    frame = polars.from_arrow(pa.table(columns, names=rows.column_names))
    assert isinstance(frame, polars.DataFrame)
    return frame


def _plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        texts = [None if value is None else value.hex() for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    if pa.types.is_decimal(kind):
        return column.cast(pa.float64())
    if pa.types.is_duration(kind) or pa.types.is_interval(kind):
        return pa.chunked_array([pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())])
    return column
