"""``/users``: who may sign in, and what they may do."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import RedirectResponse, Response

from kaido.company import ROLES, passwords
from kaido.console.changing import Changing, Word  # noqa: TC001  # FastAPI reads annotations
from kaido.console.page import Asking, PageRoute, Viewer, link, name, render
from kaido.console.pages.account import MAY
from kaido.console.person import Person  # noqa: TC001  # FastAPI reads annotations
from kaido.errors import KaidoError, UnauthenticatedError

router = APIRouter(route_class=PageRoute)

IN_A_PAGE = 100
DONE = {
    "role": "The role is changed; it counts at once.",
    "disabled": "The user may no longer sign in, and is signed out everywhere.",
    "enabled": "The user may sign in again.",
    "deleted": "The user is deleted. What they did stays on record.",
}
ROLE_MEANS = {role: "; ".join(MAY[scope] for scope in scopes) for role, scopes in ROLES.items()}
Text = Annotated[str, Query(max_length=200)]


@router.get("/users")
async def page(request: Request, person: Viewer, api: Asking, after: Text = "", done: Text = "") -> Response:
    """The list, and the form for another one."""
    return await _list(request, person, api, after=after, done=DONE.get(done, ""))


@router.post("/users")
async def create(request: Request, person: Viewer, api: Changing, user: Word, role: Word) -> Response:
    """Make a user; the password is in this answer and nowhere else."""
    password = passwords.generated()
    try:
        made = await api.post("/users", {"name": user.strip(), "role": role, "password": password})
    except UnauthenticatedError:
        raise
    except KaidoError as error:
        return await _list(request, person, api, error=error, given=(user, role))
    return await _list(request, person, api, secret=(made["name"], password), status=201)


@router.get("/users/{user}")
async def one(request: Request, person: Viewer, api: Asking, user: str, done: Text = "") -> Response:
    """One user, and what can be changed of them."""
    return await _one(request, person, api, user, done=DONE.get(done, ""))


@router.post("/users/{user}/role")
async def change_role(person: Viewer, api: Changing, user: str, role: Word) -> Response:
    """Give a user another role."""
    del person
    await api.patch(f"/users/{name(user)}", {"role": role})
    return _done(user, "role")


@router.post("/users/{user}/disable")
async def disable(person: Viewer, api: Changing, user: str) -> Response:
    """Keep a user out."""
    del person
    await api.patch(f"/users/{name(user)}", {"disabled": True})
    return _done(user, "disabled")


@router.post("/users/{user}/enable")
async def enable(person: Viewer, api: Changing, user: str) -> Response:
    """Let a user in again."""
    del person
    await api.patch(f"/users/{name(user)}", {"disabled": False})
    return _done(user, "enabled")


@router.post("/users/{user}/password")
async def reset_password(request: Request, person: Viewer, api: Changing, user: str) -> Response:
    """Give a user a new password; it is in this answer and nowhere else."""
    password = passwords.generated()
    await api.patch(f"/users/{name(user)}", {"password": password})
    return await _one(request, person, api, user, secret=(user, password))


@router.post("/users/{user}/delete")
async def delete(person: Viewer, api: Changing, user: str) -> Response:
    """Forget a user."""
    del person
    await api.delete(f"/users/{name(user)}")
    return RedirectResponse(link("/users", done="deleted"), 303)


async def _list(
    request: Request,
    person: Person,
    api: Asking,
    *,
    after: str = "",
    done: str = "",
    error: KaidoError | None = None,
    given: tuple[str, str] = ("", "viewer"),
    secret: tuple[str, str] | None = None,
    status: int = 200,
) -> Response:
    lacks = person.lacks("admin")
    found = {"items": [], "next": None} if lacks else await api.get("/users", {"after": after, "limit": IN_A_PAGE})
    return render(
        request,
        "account/users.html",
        error.status if error else status,
        title="Users",
        users=found["items"],
        more=link("/users", after=found["next"]) if found["next"] else "",
        after=after,
        roles=ROLE_MEANS,
        lacks=lacks,
        done=done,
        error=error,
        given=given,
        secret=secret,
    )


async def _one(request: Request, person: Person, api: Asking, user: str, **more: Any) -> Response:
    found = await api.get(f"/users/{name(user)}")
    return render(
        request,
        "account/user.html",
        title=user,
        user=found,
        roles=ROLE_MEANS,
        lacks=person.lacks("admin"),
        is_self=found["name"] == person.name,
        **{"done": "", "secret": None, **more},
    )


def _done(user: str, what: str) -> Response:
    return RedirectResponse(link(f"/users/{name(user)}", done=what), 303)
