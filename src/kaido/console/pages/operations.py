"""``/operations``: what runs, what lags, what is wrong and what to do."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import Response  # noqa: TC002  # as above

from kaido.console.endings import with_days_left
from kaido.console.page import Asking, PageRoute, Viewer, render
from kaido.runtime import clock

router = APIRouter(route_class=PageRoute)

SOON_DAYS = 90
IN_SHORT = 5
DOES = {
    "gateway": "holds vehicles' connections; acknowledges what the journal has",
    "ingest": "reads the journal into the lake and the twin",
    "control": "gives vehicles their campaigns and commands",
    "services": "derives trips, charges and batteries",
    "api": "answers this console, the command line and programs",
}
"""What each process is there for."""


@router.get("/operations")
async def page(request: Request, person: Viewer, api: Asking) -> Response:
    """All in short; the script keeps the numbers new and draws them."""
    del person
    status, doctor, reasons, certificates = await asyncio.gather(
        api.get("/status"),
        api.get("/doctor"),
        api.get("/quarantine/reasons"),
        api.get("/certificates", {"days": SOON_DAYS, "limit": IN_SHORT}),
    )
    return render(
        request,
        "operations/overview.html",
        title="Operations",
        platform=status,
        reasons=reasons["items"],
        certificates=with_days_left(certificates["items"], "not_after"),
        more_certificates=certificates["next"] is not None,
        soon_days=SOON_DAYS,
        does=DOES,
        **_looked_at(doctor),
    )


@router.get("/operations/findings")
async def findings(request: Request, person: Viewer, api: Asking) -> Response:
    """What was looked at, anew."""
    del person
    return render(request, "operations/findings.html", **_looked_at(await api.get("/doctor")))


def _looked_at(doctor: dict[str, Any]) -> dict[str, Any]:
    found = doctor["findings"]
    return {
        "wrong": [one for one in found if not one["ok"]],
        "right": [one for one in found if one["ok"]],
        "looked": clock.now(),
    }
