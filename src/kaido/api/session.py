"""``/v1/session``: sign in, who am I, sign out."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.requests import HTTPConnection, Request  # noqa: TC002  # FastAPI reads annotations

from kaido.api import cookies
from kaido.api.auth import Caller, Rooms, Session, Who
from kaido.errors import ForbiddenError, UnauthenticatedError
from kaido.runtime import clock
from kaido.store.tables import AuditRow

if TYPE_CHECKING:
    from kaido.api.services import Services
    from kaido.company import SignedIn, User

router = APIRouter(prefix="/session", tags=["session"])

_NAME, _PASSWORD = 200, 1_000
UNKNOWN = "unknown"
"""Whoever tried to sign in as nobody: what they typed may be a password in the wrong place."""


class Credentials(BaseModel):
    """Who wants to sign in."""

    model_config = ConfigDict(extra="forbid")

    company: str | None = Field(None, description="May be left out where there is one.", max_length=_NAME)
    name: str = Field(max_length=_NAME)
    password: str = Field(max_length=_PASSWORD)


class Preferences(BaseModel):
    """How a person likes to read."""

    model_config = ConfigDict(extra="forbid")

    market: str | None = Field(None, description="Whose units: `US`, `JP`…; null: metric ones.", examples=["JP"])
    zone: str | None = Field(None, description="Whose time, an IANA name; null: UTC.", examples=["Asia/Tokyo"])
    theme: Literal["auto", "light", "dark"] | None = Field(None, description="null is `auto`.")

    @field_validator("market")
    @classmethod
    def _is_a_market(cls, code: str | None) -> str | None:
        from kaido.services.markets import markets  # noqa: PLC0415  # most requests do without

        if code is not None and code not in markets():
            raise ValueError(f"there is no such market; there are {', '.join(markets())}")
        return code

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, name: str | None) -> str | None:
        if name is not None and name not in _zones():
            raise ValueError("there is no such time zone; write an IANA name such as Asia/Tokyo")
        return name


class PasswordChange(BaseModel):
    """A new password, from who knows the old one."""

    model_config = ConfigDict(extra="forbid")

    old: str = Field(max_length=_PASSWORD)
    new: str = Field(max_length=_PASSWORD)


class SessionChange(BaseModel):
    """What a user may change of their own."""

    model_config = ConfigDict(extra="forbid")

    preferences: Preferences | None = Field(None, description="Those that are given change; null takes one away.")
    password: PasswordChange | None = None


class SessionOut(BaseModel):
    """Who calls."""

    company: str | None
    name: str
    role: str | None = Field(description="Null where a token calls.")
    scopes: list[str]
    csrf: str | None = Field(description="Every change by cookie sends it as `Kaido-CSRF`. Null where a token calls.")
    preferences: Preferences
    expires: datetime | None = Field(description="When the session ends however much it is used.")

    @classmethod
    def of(cls, session: SignedIn) -> SessionOut:
        """Of a user in a browser."""
        user = session.user
        return cls(
            company=user.company,
            name=user.name,
            role=user.role,
            scopes=list(user.scopes),
            csrf=session.csrf,
            preferences=Preferences.model_construct(**user.preferences),  # type: ignore[arg-type]  # held to it when it was kept
            expires=session.expires,
        )


@router.post("", summary="Sign in")
async def sign_in(credentials: Credentials, request: Request, response: Response, rooms: Rooms) -> SessionOut:
    """With a name and a password; the session is in the cookie ``kaido_session``. Needs no token."""
    cookies.check_origin(request)
    address = request.client.host if request.client else ""
    meant = await run_in_threadpool(rooms.users.find, credentials.company, credentials.name)
    whose = meant.id if meant else f"{credentials.company}/{credentials.name}"
    rooms.attempts.take(whose, address)
    try:
        async with rooms.hashing.one():
            user = await run_in_threadpool(
                rooms.proofs.with_password, credentials.company, credentials.name, credentials.password
            )
    except ForbiddenError as error:
        await run_in_threadpool(_record_failure, rooms, meant, address, error)
        raise
    rooms.attempts.give_back(whose, address)
    return await run_in_threadpool(begin, request, response, rooms, user)


@router.get("", summary="Who am I")
def show(connection: HTTPConnection, response: Response, who: Who) -> SessionOut:
    """A signed-in user, or a token."""
    response.headers["Cache-Control"] = "no-store"
    found: SignedIn | None = getattr(connection.state, "signed_in", None)
    if found is not None:
        return SessionOut.of(found)
    return SessionOut(
        company=who.company,
        name=who.name,
        role=None,
        scopes=sorted(who.scopes),
        csrf=None,
        preferences=Preferences(market=None, zone=None, theme=None),
        expires=None,
    )


@router.patch("", summary="Change one's preferences or password")
async def change(
    wish: SessionChange, request: Request, response: Response, session: Session, rooms: Rooms
) -> SessionOut:
    """A new password ends every session of the user, this one too: the answer brings another, with another csrf."""
    user = session.user
    caller = changer(request, user)
    if wish.preferences is not None:
        chosen = wish.preferences.model_dump(exclude_unset=True)
        user = await run_in_threadpool(rooms.users.prefer, user.id, chosen)
        caller.notes["preferences"] = chosen
    if wish.password is None:
        return SessionOut.of(type(session)(user, session.csrf, session.expires))
    caller.notes["password"] = "changed"  # noqa: S105  # the word, for the audit
    rooms.attempts.take(user.id, "")
    async with rooms.hashing.one():
        user = await run_in_threadpool(rooms.proofs.change_own_password, user.id, wish.password.old, wish.password.new)
    rooms.attempts.give_back(user.id, "")
    return await run_in_threadpool(begin, request, response, rooms, user)


@router.delete("", status_code=204, summary="Sign out")
def sign_out(request: Request, response: Response, session: Session, rooms: Rooms) -> None:
    """The session ends, and the browser forgets its cookie."""
    changer(request, session.user)
    rooms.web_sessions.end(request.cookies[cookies.NAME])
    cookies.clear(response, request)


def begin(connection: HTTPConnection, response: Response, rooms: Services, user: User) -> SessionOut:
    """A session of somebody who proved who they are; its cookie goes out with the response."""
    secret, session = rooms.web_sessions.begin(user.id)
    changer(connection, user)
    cookies.give(response, connection, secret, session.expires)
    return SessionOut.of(session)


def changer(connection: HTTPConnection, user: User) -> Caller:
    """Have the audit record this request as the user's."""
    known: Caller | None = getattr(connection.state, "changer", None)
    if known is None:
        known = Caller(user.company, frozenset(user.scopes), user.name, False, token=user.id, role=user.role)
        known.notes["address"] = connection.client.host if connection.client else ""
        connection.state.changer = known
    return known


def record(rooms: Services, company: str | None, who: str, what: str, details: dict[str, Any]) -> None:
    """Write what the audit does not see by itself: what failed, and what a GET did."""
    with rooms.store.session() as session:
        session.add(AuditRow(company=company, who=who, what=what, moment=clock.now(), details=details))


def _record_failure(rooms: Services, meant: User | None, address: str, error: ForbiddenError) -> None:
    details: dict[str, Any] = {"address": address, "why": "disabled"}
    if meant:
        details["user"] = meant.id
    if isinstance(error, UnauthenticatedError):
        details["why"] = "wrong password" if meant else "no such user"
    record(
        rooms,
        meant.company if meant else None,
        meant.name if meant else UNKNOWN,
        "session-sign-in-failed",
        details,
    )


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
