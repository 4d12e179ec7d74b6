"""``/campaigns``: the list, each campaign with how it stands."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import Response  # noqa: TC002  # FastAPI reads annotations

from kaido.console.page import Asking, PageRoute, Viewer, link, name, render
from kaido.console.standings import standing

router = APIRouter(route_class=PageRoute)

IN_A_PAGE = 25
STATES = ("draft", "running", "paused", "suspended", "stopped", "expired")
Text = Annotated[str, Query(max_length=200)]


@router.get("/campaigns")
async def page(
    request: Request, person: Viewer, api: Asking, q: Text = "", state: Text = "", after: Text = ""
) -> Response:
    """Names and states at once; the rows ask for the rest one by one."""
    asked = {"search": q, "state": state, "after": after, "limit": IN_A_PAGE}
    found = await api.get("/campaigns", asked)
    return render(
        request,
        "campaigns/list.html",
        title="Campaigns",
        campaigns=found["items"],
        states=STATES,
        q=q,
        state=state,
        after=after,
        more=link("/campaigns", q=q, state=state, after=found["next"]) if found["next"] else "",
        lacks=person.lacks("write"),
    )


@router.get("/campaigns/{campaign}/row")
async def row(request: Request, person: Viewer, api: Asking, campaign: str) -> Response:
    """A campaign's row of the list, with what takes a moment to count in a large fleet."""
    del person
    path = f"/campaigns/{name(campaign)}"
    one = await api.get(path)
    return render(request, "campaigns/row.html", one=one, standing=standing(await api.get(f"{path}/status")))
