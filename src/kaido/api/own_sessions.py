"""``/v1/session/browsers``: where one is signed in, and signing out everywhere else."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations

from kaido.api import cookies
from kaido.api.auth import Rooms, Session  # noqa: TC001  # FastAPI reads annotations
from kaido.api.session import changer

router = APIRouter(prefix="/session/browsers", tags=["session"])


class BrowserOut(BaseModel):
    """A browser in which the user is signed in."""

    model_config = ConfigDict(from_attributes=True)

    since: datetime
    last_used: datetime = Field(description="To within a minute.")
    expires: datetime = Field(description="When it ends however much it is used.")
    is_this: bool = Field(description="Whether it is the one that asks.")


class Browsers(BaseModel):
    """Where the user is signed in, the newest first."""

    items: list[BrowserOut]


class Ended(BaseModel):
    """How many browsers were signed out."""

    ended: int


@router.get("", summary="List the browsers in which one is signed in")
def list_(request: Request, session: Session, rooms: Rooms) -> Browsers:
    """A user may be signed in in twenty at a time; the oldest gives way."""
    found = rooms.web_sessions.of(request.cookies[cookies.NAME], session.user.id)
    return Browsers(items=[BrowserOut.model_validate(one) for one in found])


@router.delete("", summary="Sign out in all other browsers")
def end_others(request: Request, session: Session, rooms: Rooms) -> Ended:
    """This one stays."""
    ended = rooms.web_sessions.end_others(request.cookies[cookies.NAME], session.user.id)
    changer(request, session.user).notes["ended"] = ended
    return Ended(ended=ended)
