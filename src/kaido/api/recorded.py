"""``/v1/signals/recorded``: which signals the lake has samples of."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from kaido.api import times
from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import After, Limit, Page
from kaido.catalog.signal import matches

if TYPE_CHECKING:
    import pyarrow as pa

    from kaido.catalog.signal import Signal

router = APIRouter(prefix="/signals", tags=["signals"])


class RecordedOut(BaseModel):
    """A signal of which there are samples; what it is, if the catalog knows it."""

    path: str
    kind: str | None
    datatype: str | None
    unit: str | None
    description: str | None
    samples: int
    vehicles: int = Field(description="About how many have samples of it.")
    first: datetime
    last: datetime


@router.get("/recorded", summary="Signals of which there are samples")
async def recorded(
    caller: Reader,
    rooms: Rooms,
    vehicle: Annotated[
        list[str] | None, Query(max_length=1000, description="Only of these vehicles, or patterns: `car-*`.")
    ] = None,
    start: Annotated[str | None, Query(description="From then on: ISO 8601, `-2h`, `now`. All if not given.")] = None,
    end: Annotated[str | None, Query(description="The moment after the last.")] = None,
    search: Annotated[
        str, Query(max_length=200, description="Only those in whose path or description all of these words are.")
    ] = "",
    limit: Limit = 1000,
    after: After = None,
) -> Page[RecordedOut]:
    """By path, in pages: each with how many samples of that time and those vehicles there are."""
    first, last = times.span(start, end)
    read = partial(
        rooms.lake(caller.company).recorded, vehicle or "*", first, last, seconds=rooms.settings.query_seconds
    )
    async with rooms.turns.one():
        rows = await run_in_threadpool(read)
    known = {one.path: one for one in await run_in_threadpool(rooms.catalog.signals, caller.company)}
    items = _described(rows, known, search.lower().split(), after or "")
    return Page[RecordedOut].of(items[: limit + 1], limit, lambda one: one.path)


def _described(rows: pa.Table, known: dict[str, Signal], words: list[str], after: str) -> list[RecordedOut]:
    found = []
    for row in rows.to_pylist():
        path = row.pop("signal")
        one = known.get(path)
        about = one.description if one else ""
        if path > after and matches(path, about, words):
            found.append(
                RecordedOut(
                    path=path,
                    kind=one.kind if one else None,
                    datatype=one.datatype if one else None,
                    unit=(one.unit or None) if one else None,
                    description=about or None,
                    **row,
                )
            )
    return found
