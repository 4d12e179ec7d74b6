"""``/audit``: who did what, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import Response  # noqa: TC002  # as above

from kaido.console.page import Asking, PageRoute, Viewer, link, render
from kaido.console.person import Person  # noqa: TC001  # FastAPI reads annotations
from kaido.errors import InvalidInputError
from kaido.runtime import clock

router = APIRouter(route_class=PageRoute)

IN_A_PAGE = 50
Text = Annotated[str, Query(max_length=200)]


@router.get("/audit")
async def page(
    request: Request,
    person: Viewer,
    api: Asking,
    who: Text = "",
    what: Text = "",
    since: Text = "",
    until: Text = "",
    after: Text = "",
) -> Response:
    """The newest first; times without a zone are by the clock of who asks."""
    asked = {
        "who": who,
        "what": what,
        "since": _moment(since, person),
        "until": _moment(until, person),
        "after": after,
        "limit": IN_A_PAGE,
    }
    found = await api.get("/audit", asked)
    kept = {"who": who, "what": what, "since": since, "until": until}
    return render(
        request,
        "account/audit.html",
        title="Audit",
        rows=[{**one, "said": _said(one["details"])} for one in found["items"]],
        more=link("/audit", **kept, after=found["next"]) if found["next"] else "",
        after=after,
        asked=kept,
    )


def _moment(text: str, person: Person) -> str | None:
    """What a field of date and time says, as the API takes it."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(
            f"'{text}' is no date and time", fix="Write it so: 2026-01-31T12:00, or with a zone: 2026-01-31T12:00+09:00"
        ) from error
    return clock.iso(moment if moment.tzinfo else moment.replace(tzinfo=person.zone))


def _said(details: dict[str, Any]) -> list[tuple[str, str]]:
    """The details, the path first."""
    ordered = sorted(details.items(), key=lambda pair: pair[0] != "path")
    return [(name, _text(value)) for name, value in ordered]


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(inner)}" for name, inner in value.items())
    return ", ".join(map(_text, value)) if isinstance(value, list) else str(value)
