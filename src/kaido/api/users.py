"""``/v1/users``: who may sign in to the console."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator

from kaido.api.auth import Admin, Caller, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import After, Limit, Page
from kaido.company import ROLES
from kaido.errors import ForbiddenError

router = APIRouter(prefix="/users", tags=["users"])

_ROLE = Field(description="`viewer`, `engineer`, `operator` (commands vehicles) or `administrator`.")


class NewUser(BaseModel):
    """A user to make."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(examples=["hanako"])
    role: str = Field(description=_ROLE.description, examples=["engineer"])
    password: str = Field(
        description="At least 12 characters, none of the well-known ones.", examples=["koi-pond-lantern-74"]
    )


class UserChange(BaseModel):
    """What changes of a user."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"disabled": True}]})

    role: str | None = Field(None, description=_ROLE.description)
    disabled: bool | None = Field(None, description="Whether it may not sign in; its sessions end at once.")
    password: str | None = Field(None, description="A new one; the user's sessions end at once.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give role, disabled or password")
        return self


class UserOut(BaseModel):
    """A user."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    role: str = _ROLE
    scopes: list[str] = Field(description="What the role allows.")
    by_oidc: bool = Field(description="Whether the OIDC provider says who it is, and its role; else it has a password.")
    created: datetime
    disabled: datetime | None = Field(description="Since when it may not sign in; null: it may.")
    last_sign_in: datetime | None


@router.post("", status_code=201, summary="Make a user")
def create(new: NewUser, caller: Admin, rooms: Rooms) -> UserOut:
    """Of the caller's company, with a password."""
    caller.notes.update(name=new.name, role=new.role)
    _check_may_give(caller, new.role)
    return UserOut.model_validate(rooms.users.create(caller.company, new.name, new.role, new.password))


@router.get("", summary="List users")
def list_(caller: Admin, rooms: Rooms, limit: Limit = 100, after: After = None) -> Page[UserOut]:
    """By name, in pages."""
    users = [one for one in rooms.users.list(caller.company) if after is None or one.name > after]
    return Page[UserOut].of([UserOut.model_validate(one) for one in users], limit, lambda one: one.name)


@router.get("/{name}", summary="Show a user")
def show(name: str, caller: Admin, rooms: Rooms) -> UserOut:
    """By its name."""
    return UserOut.model_validate(rooms.users.get(caller.company, name))


@router.patch("/{name}", summary="Change a user")
def change(name: str, wish: UserChange, caller: Admin, rooms: Rooms) -> UserOut:
    """Its role, whether it may sign in, its password. The last administrator stays one."""
    caller.notes.update(name=name, **wish.model_dump(exclude_none=True, exclude={"password"}))
    if wish.password is not None:
        caller.notes["password"] = "changed"  # noqa: S105  # the word, for the audit
    if wish.model_fields_set != {"disabled"} or not wish.disabled:  # whoever takes all rights away gives none
        _check_may_give(caller, wish.role or rooms.users.get(caller.company, name).role)
    changed = rooms.users.change(
        caller.company,
        name,
        role=wish.role,
        disabled=wish.disabled,
        password=wish.password,
        may_take_last=caller.is_operator,
    )
    return UserOut.model_validate(changed)


@router.delete("/{name}", summary="Delete a user")
def delete(name: str, caller: Admin, rooms: Rooms) -> UserOut:
    """Its sessions end at once; what it did stays on record. The last administrator stays."""
    caller.notes["name"] = name
    return UserOut.model_validate(rooms.users.delete(caller.company, name, may_take_last=caller.is_operator))


def _check_may_give(caller: Caller, role: str) -> None:
    """That nobody gets to command vehicles by way of a user they make, or take over, who may."""
    if "command" in ROLES.get(role, ()) and "command" not in caller.scopes:
        raise ForbiddenError(
            f"{caller} may not give the role {role}",
            why="it commands vehicles, and to administer users is not to command vehicles",
            fix="Use a token made with --scope command --scope admin",
        )
