"""``/campaigns/{name}``: one campaign: who holds it and why not, its roll-out, what came of it, what it was."""

from __future__ import annotations

import difflib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import RedirectResponse, Response

from kaido.console.changing import Changing  # noqa: TC001  # FastAPI reads annotations
from kaido.console.page import Asking, PageRoute, Viewer, link, moved, name, render
from kaido.console.standings import STATES, standing
from kaido.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from kaido.console.ask import Api
    from kaido.console.person import Person

router = APIRouter(route_class=PageRoute)

IN_A_PAGE = 50
VIEWS = {
    "vehicles": "Vehicles",
    "rollout": "Roll-out and limits",
    "results": "Results",
    "versions": "Versions",
    "changes": "Changes",
}
ACTIONS = ("start", "advance", "suspend", "resume", "extend", "stop", "delete")
BEFORE, AFTER = timedelta(seconds=30), timedelta(seconds=30)
"""Around an event that is plotted."""
PLOTTED = 6
RECENT = "-24h"
Text = Annotated[str, Query(max_length=200)]
Field = Annotated[str, Form(max_length=500)]


@router.get("/campaigns/{campaign}")
async def page(
    request: Request,
    person: Viewer,
    api: Asking,
    campaign: str,
    view: Annotated[str, Query(max_length=20)] = "vehicles",
    reason: Text = "",
    after: Text = "",
    vehicle: Text = "",
    start: Text = "",
    left: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    right: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
) -> Response:
    """One view of it at a time, below how it stands."""
    if view not in VIEWS:
        raise NotFoundError.of("view", view, VIEWS, fix=f"They are: {', '.join(VIEWS)}")
    path = f"/campaigns/{name(campaign)}"
    try:
        one = await api.get(path)
    except NotFoundError:
        if campaign == "new":
            return moved(request)
        raise
    status = await api.get(f"{path}/status")
    shown: dict[str, Any] = {}
    if view == "vehicles":
        shown = await api.get(f"{path}/vehicles", {"reason": reason, "after": after, "limit": IN_A_PAGE})
    elif view == "versions":
        shown = await _versions(api, path, one["version"], left, right)
    elif view == "changes":
        shown = await api.get(f"{path}/history", {"after": after, "limit": IN_A_PAGE})
    return render(
        request,
        "campaigns/show.html",
        title=campaign,
        one=one,
        here=f"/campaigns/{name(campaign)}",
        standing=standing(status),
        states=STATES,
        views=VIEWS,
        view=view,
        reason=reason,
        after=after,
        vehicle=vehicle,
        start=start or RECENT,
        shown=shown,
        can=_can(status),
        lacks=person.lacks("write"),
    )


@router.get("/campaigns/{campaign}/standing")
async def convergence(request: Request, person: Viewer, api: Asking, campaign: str, reason: Text = "") -> Response:
    """How it stands, for the page that stays open."""
    del person
    here = f"/campaigns/{name(campaign)}"
    found = standing(await api.get(f"{here}/status"))
    return render(request, "campaigns/standing.html", here=here, standing=found, states=STATES, reason=reason)


@router.get("/campaigns/{campaign}/results")
async def results(
    request: Request, person: Viewer, api: Asking, campaign: str, vehicle: Text = "", start: Text = RECENT
) -> Response:
    """What vehicles collected, the newest first: takes a moment in a large lake."""
    del person
    path = f"/campaigns/{name(campaign)}"
    shown = await _results(api, campaign, vehicle, start)
    return render(request, "campaigns/results.html", one=await api.get(path), here=path, vehicle=vehicle, shown=shown)


@router.post("/campaigns/{campaign}/{action}")
async def act(
    person: Viewer,
    campaign: str,
    action: str,
    api: Changing,
    reason: Field = "",
    expiry: Field = "",
) -> Response:
    """What its buttons ask for, with the reason that was given."""
    if action not in ACTIONS:
        raise NotFoundError.of("action", action, ACTIONS)
    path = f"/campaigns/{name(campaign)}"
    if action == "delete":
        await api.send("DELETE", path, params={"reason": reason})
        return RedirectResponse("/campaigns", 303)
    until = {"expiry": _moment(expiry, person)} if action == "extend" else None
    await api.post(f"{path}/{action}", json=until, params={"reason": reason})
    return RedirectResponse(path, 303)


async def _results(api: Api, campaign: str, vehicle: str, start: str) -> dict[str, Any]:
    found: dict[str, Any] = await api.get(
        f"/campaigns/{name(campaign)}/events", {"vehicle": vehicle, "start": start, "limit": IN_A_PAGE}
    )
    for one in found["items"]:
        first, last = datetime.fromisoformat(one["first"]), datetime.fromisoformat(one["last"])
        one["plot"] = link(
            "/signals",
            vehicle=one["vehicle"],
            signal=one["named"][:PLOTTED],
            start=(first - BEFORE).isoformat(timespec="seconds"),
            end=(last + AFTER).isoformat(timespec="seconds"),
        )
    return found


async def _versions(api: Api, path: str, newest: int, left: int | None, right: int | None) -> dict[str, Any]:
    """Two versions and the lines in which they differ; the newest and the one before if none are named."""
    right = right or newest
    left = left or max(right - 1, 1)
    old: dict[str, Any] = await api.get(f"{path}/versions/{left}")
    new: dict[str, Any] = await api.get(f"{path}/versions/{right}")
    lines = difflib.unified_diff(old["text"].splitlines(), new["text"].splitlines(), lineterm="", n=1_000)
    signs = {"+": "new", "-": "old", " ": ""}
    rows = [(signs[line[0]], line[1:]) for line in list(lines)[3:]] or [("", one) for one in new["text"].splitlines()]
    return {"old": old, "new": new, "rows": rows, "newest": newest, "same": old["text"] == new["text"]}


def _can(status: dict[str, Any]) -> dict[str, bool]:
    """Which actions its state lets be; the API decides, this only says which buttons make sense."""
    state = status["state"]
    return {
        "start": state == "draft",
        "advance": status["next_vehicles"] is not None and state == "running",
        "suspend": state in {"running", "paused"},
        "resume": state in {"paused", "suspended"},
        "extend": state != "stopped",
        "stop": state not in {"draft", "stopped"},
        "edit": state not in {"stopped", "expired"},
        "delete": state in {"draft", "stopped", "expired"},
    }


def _moment(text: str, person: Person) -> str | None:
    """A moment as the person's clock has it, in UTC; nothing is for ever."""
    if not text.strip():
        return None
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidInputError(f"'{text}' is no time", fix="Write it like 2027-01-31 12:00") from error
    return (given if given.tzinfo else given.replace(tzinfo=person.zone)).isoformat()
