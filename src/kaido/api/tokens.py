"""``/v1/tokens``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import HTTPConnection  # noqa: TC002  # FastAPI reads annotations

from kaido.api.auth import Caller, CompanyHeader, CompanyQuery, Rooms, Who, admin, operator
from kaido.api.pages import After, Limit, Page
from kaido.errors import ForbiddenError, NotFoundError

router = APIRouter(prefix="/tokens", tags=["tokens"])


class NewToken(BaseModel):
    """A token to make."""

    name: str = Field(examples=["dashboard"])
    scopes: list[str] = Field(description="`read`, `write`, `admin`, `command`.", examples=[["read"]])
    expires: AwareDatetime | None = Field(None, description="When it ends; never where it is not given.")


class TokenOut(BaseModel):
    """A token, without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    company: str | None = Field(description="null: the platform operator's.")
    scopes: list[str]
    created: datetime
    expires: datetime | None
    last_used: datetime | None = Field(description="To within a minute.")


class MadeToken(BaseModel):
    """A new token."""

    name: str
    company: str | None
    scopes: list[str]
    expires: datetime | None
    secret: str = Field(description="Shown this once; only its hash is kept.")


def owner(
    connection: HTTPConnection,
    who: Who,
    rooms: Rooms,
    header: CompanyHeader = None,
    company: CompanyQuery = None,
    platform: Annotated[
        bool, Query(description="Act on the operator's own tokens, not a company's (operators only).")
    ] = False,
) -> Caller:
    """Whose tokens the call is about: a company's, or (company empty) the operator's."""
    if platform:
        return operator(connection, who)
    return admin(connection, who, rooms, header, company)


Owner = Annotated[Caller, Depends(owner)]


@router.post("", status_code=201, summary="Make a token")
def create(new: NewToken, caller: Owner, rooms: Rooms) -> MadeToken:
    """The secret is in this answer and nowhere else."""
    company = caller.company or None
    caller.notes.update(token=new.name, scopes=new.scopes)
    if "command" in new.scopes and "command" not in caller.scopes:
        raise ForbiddenError(
            f"{caller} may not give the scope 'command'",
            why="it has not got it, and to administer tokens is not to command vehicles",
            fix="Use one made with --scope command --scope admin",
        )
    secret = rooms.tokens.create(company, new.name, new.scopes, new.expires)
    return MadeToken(name=new.name, company=company, scopes=new.scopes, expires=new.expires, secret=secret)


@router.get("", summary="List tokens")
def list_(caller: Owner, rooms: Rooms, limit: Limit = 100, after: After = None) -> Page[TokenOut]:
    """Those that are not revoked, by name, in pages."""
    tokens = sorted(rooms.tokens.list(caller.company or None), key=lambda one: one.name)
    found = [TokenOut.model_validate(one) for one in tokens if after is None or one.name > after]
    return Page[TokenOut].of(found, limit, lambda one: one.name)


@router.delete("/{token}", summary="Revoke a token")
def revoke(token: str, caller: Owner, rooms: Rooms) -> TokenOut:
    """By its name or its id; it ends at once."""
    known = rooms.tokens.list(caller.company or None)
    for one in known:
        if token in {one.id, one.name}:
            caller.notes["token"] = one.name
            return TokenOut.model_validate(rooms.tokens.revoke(one.id))
    raise NotFoundError.of("token", token, [one.name for one in known], fix="See: kaido token list")
