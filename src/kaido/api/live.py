"""``/v1/live``: a WebSocket of values as they come."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, WebSocket

from kaido.api import looks, sockets
from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.live_every import EveryWatcher
from kaido.api.live_hub import Hubs, Watcher
from kaido.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from kaido.api.live_hub import Watching

router = APIRouter(tags=["live"])

SEND_SECONDS = 0.05
ALIVE_SECONDS = 5.0
"""With ``every``, a client hears something so often: else a link that broke silently would look like a quiet car."""
_TRY_AGAIN_LATER = 1013
Globs = Annotated[list[str] | None, Query(max_length=100)]


@router.websocket("/live")
async def live(
    link: WebSocket,
    caller: Reader,
    rooms: Rooms,
    vehicle: Globs = None,
    signal: Globs = None,
    every: bool = False,
) -> None:
    """The newest values, as JSON lists of ``{vehicle, signal, time, value, text}``.

    ``vehicle`` and ``signal`` choose (``*`` and ``?`` stand for any text and any character; several may be given).
    Who reads slowly gets the newest value of each signal, not every value.

    With ``every`` come all samples, in the order in which they reached the platform. Who reads too slowly for that is
    told with ``{lost, start, end}`` how many were left out and when they were; ``/v1/signals`` has them. An empty list
    says, now and then, that the link is alive.
    """
    await link.accept()
    if rooms.journal is None:
        await link.close(_TRY_AGAIN_LATER, "no platform runs: kaido up")
        return
    hubs = _hubs(link)
    kind: type[Watching] = EveryWatcher if every else Watcher
    watcher = kind(vehicle or ["*"], signal or ["*"])
    seen = {"view": "live", "vehicle": vehicle, "signal": signal}
    async with (
        hubs.watching(rooms.journal.nats, caller.company, watcher),
        looks.watching(rooms, caller, seen) as note,
    ):
        await sockets.tell(link, _send(link, watcher, note, ALIVE_SECONDS if every else None))


def _hubs(link: WebSocket) -> Hubs:
    state = link.app.state
    if not hasattr(state, "live_hubs"):
        state.live_hubs = Hubs()
    hubs: Hubs = state.live_hubs
    return hubs


async def _send(link: WebSocket, watcher: Watching, note: Callable[[], Awaitable[None]], alive_s: float | None) -> None:
    while True:
        rows: list[dict[str, Any]] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(alive_s):
                rows = await watcher.take()
        if looks.are_positions(row["signal"] for row in rows if "signal" in row):
            try:
                await note()
            except UnavailableError as error:
                await link.close(_TRY_AGAIN_LATER, str(error)[:100])
                return
        await link.send_text(_as_json(rows))
        await asyncio.sleep(SEND_SECONDS)


def _as_json(rows: Sequence[dict[str, Any]]) -> str:
    return json.dumps([_lost(row) if "lost" in row else _sample(row) for row in rows])


def _sample(row: dict[str, Any]) -> dict[str, Any]:
    value, text = row["value"], row["text"]
    if value is not None and not math.isfinite(value):
        value, text = None, str(value)
    return {
        "vehicle": row["vehicle"],
        "signal": row["signal"],
        "time": _moment(row["time"]),
        "value": value,
        "text": text,
    }


def _lost(row: dict[str, Any]) -> dict[str, Any]:
    return {"lost": row["lost"], "start": _moment(row["start"]), "end": _moment(row["end"])}


def _moment(time: datetime) -> str:
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")
