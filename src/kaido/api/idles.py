"""``/v1/idles``: what vehicles took while they stood."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from kaido.api import activities
from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import Page

router = APIRouter(prefix="/idles", tags=["idles"])


class IdleOut(activities.Activity):
    """The time between trips and charges."""

    energy_wh: float | None = Field(description="Out of the battery.")
    latitude: float | None
    longitude: float | None


@router.get("", summary="List idles")
def list_(caller: Reader, rooms: Rooms, asked: activities.Listing) -> Page[IdleOut]:
    """The newest first, in pages."""
    return activities.page(Page[IdleOut], IdleOut, "idles", rooms, caller, asked)
