"""``/v1/health``: whether the API can work. For load balancers; needs no token and tells no secret."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from kaido import __version__
from kaido.api.services import Services, services
from kaido.errors import UnavailableError

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """Whether the API can work."""

    status: Literal["ok", "degraded", "down"]
    version: str
    database: Literal["ok", "away"]
    journal: Literal["ok", "away", "not used"]


@router.get("/health", summary="Whether the API can work")
def health(response: Response, rooms: Annotated[Services, Depends(services)]) -> Health:
    """503 when the database is away. ``degraded``: all but live values, the twin and imports works."""
    try:
        rooms.store.revision()
    except UnavailableError:
        response.status_code = 503
        return Health(status="down", version=__version__, database="away", journal=_journal(rooms))
    journal = _journal(rooms)
    return Health(status="degraded" if journal == "away" else "ok", version=__version__, database="ok", journal=journal)


def _journal(rooms: Services) -> Literal["ok", "away", "not used"]:
    if rooms.embedded:
        return "not used"
    return "ok" if rooms.journal is not None and rooms.journal.connected else "away"
