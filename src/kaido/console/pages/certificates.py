"""``/operations/certificates``: which certificates end when."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import Response  # noqa: TC002  # as above

from kaido.console.endings import with_days_left
from kaido.console.page import Asking, PageRoute, Viewer, link, render

router = APIRouter(route_class=PageRoute)

PATH = "/operations/certificates"
IN_A_PAGE = 100
WITHIN = (30, 90, 365)
Text = Annotated[str, Query(max_length=200)]


@router.get(PATH)
async def page(
    request: Request,
    person: Viewer,
    api: Asking,
    days: Annotated[int | None, Query(ge=0, le=36_500)] = None,
    after: Text = "",
) -> Response:
    """The next to end first."""
    del person
    found = await api.get("/certificates", {"days": days, "after": after, "limit": IN_A_PAGE})
    return render(
        request,
        "operations/certificates.html",
        title="Certificates",
        certificates=with_days_left(found["items"], "not_after"),
        more=link(PATH, days=days, after=found["next"]) if found["next"] else "",
        within=WITHIN,
        days=days,
        after=after,
    )
