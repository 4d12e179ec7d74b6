"""``/commands``: what was sent, and what became of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import Response  # noqa: TC002  # FastAPI reads annotations

from kaido.console.chosen import with_zone
from kaido.console.outcomes import OUTCOMES, STATES, tally
from kaido.console.page import Asking, PageRoute, Viewer, link, render

router = APIRouter(route_class=PageRoute)

IN_A_PAGE = 50
Text = Annotated[str, Query(max_length=200)]


@router.get("/commands")
async def page(
    request: Request,
    person: Viewer,
    api: Asking,
    vehicle: Text = "",
    state: Text = "",
    outcome: Text = "",
    issuer: Text = "",
    start: Text = "",
    end: Text = "",
    after: Text = "",
) -> Response:
    """The newest first."""
    chosen = {"vehicle": vehicle, "state": state, "outcome": outcome, "issuer": issuer, "start": start, "end": end}
    times = {"start": with_zone(start, person.zone), "end": with_zone(end, person.zone)}
    found = await api.get("/commands", {**chosen, **times, "after": after, "limit": IN_A_PAGE})
    return render(
        request,
        "commands/list.html",
        title="Commands",
        commands=[(one, tally(one["counts"])) for one in found["items"]],
        chosen=chosen,
        filtered=any(chosen.values()),
        after=after,
        first=link("/commands", **chosen),
        more=link("/commands", **chosen, after=found["next"]) if found["next"] else "",
        states=STATES,
        outcomes=OUTCOMES,
        lacks=person.lacks("command"),
    )
