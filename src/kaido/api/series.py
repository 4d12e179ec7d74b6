"""``/v1/signals/series``: signals over time as columns, for whoever draws them."""

from __future__ import annotations

import json
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from kaido.api import signals, times
from kaido.api.auth import Caller, Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.errors import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.catalog.signal import Signal

router = APIRouter(prefix="/signals", tags=["signals"])

MOST_SERIES = 200
MOST_POINTS = 400_000


class Series(BaseModel):
    """A signal of a vehicle over time."""

    vehicle: str
    signal: str
    unit: str | None
    datatype: str | None = Field(description="As the catalog has it; null where it does not know the signal.")
    samples: int = Field(description="How many there are at that time; more than are here where they were thinned.")
    times: list[float] = Field(description="Unix seconds, to the millisecond, ascending.")
    values: list[float | None] = Field(description="Numbers; null where there is a text, or no finite number.")
    texts: list[str | None] | None = Field(description="Texts, where there are any.")


class SeriesOut(BaseModel):
    """What can be drawn."""

    series: list[Series] = Field(description="By vehicle and signal; none that has no sample.")


@router.get("/series", summary="Signals over time as columns", response_model=SeriesOut)
async def series(
    caller: Reader,
    rooms: Rooms,
    vehicle: Annotated[signals.Names, Query(description="A vehicle, several, or patterns: `car-1`, `car-*`.")],
    signal: Annotated[signals.Names, Query(description="A signal, several, or patterns: `Vehicle.Speed`.")],
    start: Annotated[str | None, Query(description="First moment: ISO 8601, `-2h`, `now`. All if not given.")] = None,
    end: Annotated[str | None, Query(description="The moment after the last.")] = None,
    points: Annotated[
        int, Query(ge=2, le=20_000, description="About as many samples a series, the extremes kept.")
    ] = 1_000,
) -> Response:
    """The samples that ``/v1/signals`` gives, in less than a third of the bytes, and of at most 200 series."""
    first, last = times.span(start, end)
    read = partial(
        rooms.lake(caller.company).thinned,
        *(vehicle, signal, first, last),
        points=points,
        limit=MOST_POINTS + 1,
        seconds=rooms.settings.query_seconds,
    )
    async with rooms.turns.one():
        rows = await run_in_threadpool(read)
        span = {"start": start, "end": end}
        return await run_in_threadpool(_answer, rows, rooms, caller, vehicle, signal, span)


def _answer(
    rows: pa.Table, rooms: Rooms, caller: Caller, vehicle: list[str], signal: list[str], span: dict[str, str | None]
) -> Response:
    known = signals.checked(rows, rooms, caller, vehicle, signal, span)
    found = list(_series(rows, known)) if len(rows) <= MOST_POINTS else []
    if len(rows) > MOST_POINTS or len(found) > MOST_SERIES:
        raise TooLargeError(
            f"these are more than {MOST_SERIES} lines, or {MOST_POINTS:,} points",
            fix="Choose fewer vehicles or signals",
        )
    return Response(json.dumps({"series": found}, allow_nan=False), media_type="application/json")


def _series(rows: pa.Table, known: dict[str, Signal]) -> Iterator[dict[str, Any]]:
    """The rows, which are by vehicle, signal and time, cut where a series ends."""
    codes = [pc.dictionary_encode(rows[name].combine_chunks()) for name in ("vehicle", "signal")]
    places = [np.asarray(one.indices) for one in codes]
    ends = np.flatnonzero(np.any([np.diff(place) != 0 for place in places], axis=0)) + 1
    seconds = np.round(rows["time"].cast(pa.int64()).to_numpy() / 1e6, 3)
    values = rows["value"].to_numpy(zero_copy_only=False)
    texts = rows["text"]
    bounds = sorted({0, *ends.tolist(), len(rows)})
    for low, high in pairwise(bounds):
        vehicle, signal = (str(one.dictionary[int(place[low])]) for one, place in zip(codes, places, strict=True))
        said, about = texts.slice(low, high - low), known.get(signal)
        yield {
            "vehicle": vehicle,
            "signal": signal,
            "unit": (about.unit or None) if about else None,
            "datatype": about.datatype if about else None,
            "samples": rows["samples"][low].as_py(),
            "times": seconds[low:high].tolist(),
            "values": [value if np.isfinite(value) else None for value in values[low:high].tolist()],
            "texts": said.to_pylist() if said.null_count < len(said) else None,
        }
