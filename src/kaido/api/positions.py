"""``/v1/live/positions``: a WebSocket of where all vehicles are, for maps."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from kaido.api import looks, sockets
from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.position_hub import PositionHubs, Viewer
from kaido.errors import KaidoError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kaido.api.position_hub import CompanyHub

_TRY_AGAIN_LATER = 1013

router = APIRouter(tags=["live"])


@router.websocket("/live/positions")
async def positions(link: WebSocket, caller: Reader, rooms: Rooms) -> None:
    """Every second what changed of all vehicles, as binary frames of typed arrays: ``docs/positions.md``.

    First come the ids and the whole state. Who reads slowly gets the newest state as a whole again. A twin that is away
    is said in a text frame, and the telling goes on when it is back.
    """
    await link.accept()
    viewer = Viewer()
    async with (
        _hubs(link).watching(rooms, caller.company, viewer) as hub,
        looks.watching(rooms, caller, {"view": "positions"}) as note,
    ):
        try:
            await sockets.tell(link, _send(link, hub, viewer, note))
        except KaidoError as error:  # nobody could note who looks
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await link.send_json({"problem": error.problem()})
                await link.close(_TRY_AGAIN_LATER)


async def _send(link: WebSocket, hub: CompanyHub, viewer: Viewer, note: Callable[[], Awaitable[None]]) -> None:
    while True:
        await viewer.news.wait()
        viewer.news.clear()
        await note()
        for frame in hub.told(viewer):
            await (link.send_text(frame) if isinstance(frame, str) else link.send_bytes(frame))


def _hubs(link: WebSocket) -> PositionHubs:
    state = link.app.state
    if not hasattr(state, "position_hubs"):
        state.position_hubs = PositionHubs()
    hubs: PositionHubs = state.position_hubs
    return hubs
