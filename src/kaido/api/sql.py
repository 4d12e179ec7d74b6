"""``/v1/sql``: queries over the company's own tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import pyarrow as pa
from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from kaido.api import tables
from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.looks import look
from kaido.lake import query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.company import Vehicle

router = APIRouter(prefix="/sql", tags=["sql"])

PAGE = 10_000

_TIME = pa.timestamp("us", "UTC")
_VEHICLES = pa.schema(
    [(name, pa.string()) for name in ("id", "vin", "platform", "model", "market", "manifest")]
    + [("registered", _TIME), ("revoked", _TIME)]
)
_CATALOG = pa.schema(
    [(name, pa.string()) for name in ("path", "kind", "datatype", "unit", "description")]
    + [("min", pa.float64()), ("max", pa.float64())]
)


class Question(BaseModel):
    """A query."""

    model_config = ConfigDict(extra="forbid")

    sql: str = Field(
        description="One SELECT in DuckDB's dialect over signals, quarantine, vehicles and catalog.",
        min_length=1,
        max_length=query.SQL_CHARACTERS,
        examples=["SELECT signal, count(*) AS samples FROM signals GROUP BY signal ORDER BY signal"],
    )
    limit: int = Field(100_000, ge=1, le=10_000_000, description="The most rows; more is an error.")


@router.post("", summary="Run an SQL query", responses=tables.ANSWERS, response_class=Response)
async def sql(
    question: Question,
    caller: Reader,
    rooms: Rooms,
    form: Annotated[tables.Format, Depends(tables.wanted_format)],
) -> Response:
    """The query sees the company's own tables and can reach nothing else."""
    async with rooms.turns.one():
        await run_in_threadpool(look, rooms, caller, {"view": "sql", "sql": question.sql})
        return await run_in_threadpool(_answer, question, caller.company, rooms, form)


def _answer(question: Question, company: str, rooms: Rooms, form: tables.Format) -> Response:
    settings = rooms.settings
    extra = {}
    if _mentions(question.sql, "vehicles"):
        extra["vehicles"] = _table(_all_vehicles(rooms, company), _VEHICLES)
    if _mentions(question.sql, "catalog"):
        extra["catalog"] = _table(rooms.catalog.signals(company), _CATALOG)
    rows = query.run(
        rooms.lake(company),
        question.sql,
        seconds=settings.query_seconds,
        memory_mb=settings.query_memory_mb,
        limit=question.limit,
        tables=extra,
        known=("vehicles", "catalog"),
    )
    return tables.answer(rows, form)


def _mentions(sql: str, name: str) -> bool:
    """Whether a table may be asked for; it is not made otherwise."""
    return re.search(rf"\b{name}\b", sql, re.IGNORECASE) is not None or "tables" in sql.casefold()


def _all_vehicles(rooms: Rooms, company: str) -> Iterator[Vehicle]:
    after = None
    while page := rooms.vehicles.list(company, limit=PAGE, after=after):
        yield from page
        after = page[-1].id


def _table(records: object, schema: pa.Schema) -> pa.Table:
    rows = list(records)  # type: ignore[call-overload]  # records of any frozen type with these attributes
    columns = [pa.array([getattr(row, field.name) for row in rows], field.type) for field in schema]
    return pa.table(columns, schema=schema)
