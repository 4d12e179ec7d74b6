"""``/commands/{id}``: what becomes of one command, vehicle by vehicle; approving and cancelling it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import RedirectResponse, Response

from kaido.console.changing import Changing  # noqa: TC001  # FastAPI reads annotations
from kaido.console.outcomes import KINDS, is_open, tally, unsent
from kaido.console.page import Asking, PageRoute, Viewer, moved, name, render
from kaido.errors import NotFoundError

if TYPE_CHECKING:
    from kaido.console.ask import Api
    from kaido.console.person import Person

router = APIRouter(route_class=PageRoute)

IN_A_PAGE = 50
ACTIONS = ("cancel", "approve")
Text = Annotated[str, Query(max_length=200)]


@router.get("/commands/{id}")
async def page(
    request: Request,
    person: Viewer,
    api: Asking,
    id: str,  # noqa: A002  # the API's name
    vehicle: Text = "",
    after: Text = "",
) -> Response:
    """All of it; the outcome asks for itself again while there is none."""
    try:
        shown = await _shown(person, api, id, vehicle, after)
    except NotFoundError:
        if id in {"new", "policy"}:
            return moved(request)
        raise
    return render(request, "commands/show.html", title=f"Command {id}", **shown)


@router.get("/commands/{id}/outcome")
async def outcome(
    request: Request,
    person: Viewer,
    api: Asking,
    id: str,  # noqa: A002  # as above
    vehicle: Text = "",
    after: Text = "",
) -> Response:
    """How far it is."""
    return render(request, "commands/outcome.html", **await _shown(person, api, id, vehicle, after))


@router.post("/commands/{id}/{action}")
async def act(
    person: Viewer,
    id: str,  # noqa: A002  # as above
    action: str,
    api: Changing,
) -> Response:
    """Approve or cancel it."""
    del person
    if action not in ACTIONS:
        raise NotFoundError.of("action", action, ACTIONS)
    await api.post(f"/commands/{name(id)}/{action}")
    return RedirectResponse(f"/commands/{name(id)}", 303)


async def _shown(person: Person, api: Api, identifier: str, vehicle: str, after: str) -> dict[str, Any]:
    path = f"/commands/{name(identifier)}"
    one = await api.get(path)
    detail = one["execution"]
    executions: dict[str, Any] = {"items": [], "next": None}
    if vehicle:
        detail = await api.get(f"{path}/executions/{name(vehicle)}")
    elif detail is None:
        executions = await api.get(f"{path}/executions", {"after": after, "limit": IN_A_PAGE})
    counts = one["counts"]
    lacks = person.lacks("command")
    awaits = bool(counts.get("awaiting approval"))
    return {
        "one": one,
        "here": path,
        "signal": await _signal(api, one["what"]),
        "detail": detail,
        "executions": executions,
        "after": after,
        "parts": tally(counts),
        "kinds": KINDS,
        "open": is_open(counts),
        "unsent": unsent(counts),
        "awaits": awaits,
        "lacks": lacks,
        "approving": lacks or ("You sent it: somebody else has to approve it." if one["issuer"] == person.name else ""),
    }


async def _signal(api: Api, path: str) -> dict[str, Any] | None:
    """The actuator in the catalog, for its unit; None where it is another kind of command."""
    found = (await api.get("/catalog/signals", {"glob": path, "limit": 1}))["items"] if path.isascii() else []
    return found[0] if found and found[0]["path"] == path else None
