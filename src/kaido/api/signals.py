"""``/v1/signals``: signals over time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Depends, Query, Response
from fastapi.concurrency import run_in_threadpool

from kaido.api import tables, times
from kaido.api.auth import Caller, Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.looks import are_positions, look
from kaido.errors import NotFoundError, TooLargeError
from kaido.lake.names import is_pattern

if TYPE_CHECKING:
    from kaido.catalog.signal import Signal

router = APIRouter(prefix="/signals", tags=["signals"])

MOST_ROWS = 10_000_000
Names = Annotated[list[str], Query(min_length=1, max_length=1000)]


@router.get("", summary="Signals over time", responses=tables.ANSWERS, response_class=Response)
async def signals(
    caller: Reader,
    rooms: Rooms,
    vehicle: Annotated[Names, Query(description="A vehicle, several, or patterns: `car-1`, `car-*`.")],
    signal: Annotated[Names, Query(description="A signal, several, or patterns: `Vehicle.Speed`, `Vehicle.*`.")],
    form: Annotated[tables.Format, Depends(tables.wanted_format)],
    start: Annotated[str | None, Query(description="First moment: ISO 8601, `-2h`, `now`. All if not given.")] = None,
    end: Annotated[str | None, Query(description="The moment after the last.")] = None,
    points: Annotated[
        int | None,
        Query(ge=2, le=1_000_000, description="About as many samples a signal, the extremes kept."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="The most rows; more is an error.")] = 100_000,
) -> Response:
    """Rows of vehicle, signal, time, value, unit, text, campaign, event; by vehicle, signal and time."""
    first, last = times.span(start, end)
    read = partial(
        rooms.lake(caller.company).signals,
        *(vehicle, signal, first, last),
        points=points,
        limit=limit + 1,
        seconds=rooms.settings.query_seconds,
    )
    async with rooms.turns.one():
        rows = await run_in_threadpool(read)
        span = {"start": start, "end": end}
        return await run_in_threadpool(_answer, rows, limit, rooms, caller, vehicle, signal, span, form)


def _answer(
    rows: pa.Table,
    limit: int,
    rooms: Rooms,
    caller: Caller,
    vehicle: list[str],
    signal: list[str],
    span: dict[str, str | None],
    form: tables.Format,
) -> Response:
    if len(rows) > limit:
        raise TooLargeError(
            f"there are more than {limit} samples",
            fix="Ask for points, a shorter time, fewer signals, or raise limit",
        )
    return tables.answer(_with_units(rows, checked(rows, rooms, caller, vehicle, signal, span)), form)


def checked(
    rows: pa.Table, rooms: Rooms, caller: Caller, vehicle: list[str], signal: list[str], span: dict[str, str | None]
) -> dict[str, Signal]:
    """What has to be done before samples leave: looks at positions go on record, and mistaken names are said.

    Returns:
        What the catalog knows, by path.
    """
    if are_positions(pc.unique(rows["signal"]).to_pylist()):
        look(rooms, caller, {"view": "signals", "vehicle": vehicle, "signal": signal, **span})
    known = rooms.catalog.signals(caller.company)
    _check_names(rooms, caller, vehicle, signal, rows, known)
    return {one.path: one for one in known}


def _with_units(rows: pa.Table, known: dict[str, Signal]) -> pa.Table:
    units = {path: one.unit for path, one in known.items() if one.unit}
    encoded = pc.dictionary_encode(rows["signal"]).combine_chunks()
    encoded = encoded if isinstance(encoded, pa.DictionaryArray) else encoded.chunk(0)
    by_signal = pa.array([units.get(path) for path in encoded.dictionary.to_pylist()], pa.string())
    return rows.add_column(rows.column_names.index("value") + 1, "unit", by_signal.take(encoded.indices))


def _check_names(
    rooms: Rooms, caller: Caller, vehicles: list[str], signals: list[str], rows: pa.Table, known: list[Signal]
) -> None:
    """Say so when a name that gave no row is a mistake."""
    seen = set(pc.unique(rows["vehicle"]).to_pylist())
    for name in vehicles:
        if not is_pattern(name) and name not in seen:
            rooms.vehicles.get(caller.company, name)
    seen = set(pc.unique(rows["signal"]).to_pylist())
    paths = {one.path for one in known}
    for name in signals:
        if not is_pattern(name) and name not in seen and name not in paths:
            raise NotFoundError.of("signal", name, paths, fix="List them: kaido catalog list")
