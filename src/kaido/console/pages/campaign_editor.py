"""``/campaigns/-/new`` and ``/campaigns/{name}/edit``: a campaign as text, checked as one types, estimated, played."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import yaml
from fastapi import APIRouter, Form, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import RedirectResponse, Response

from kaido.console.ask import Api
from kaido.console.changing import Changing  # noqa: TC001  # FastAPI reads annotations
from kaido.console.page import Asking, PageRoute, Viewer, name, render
from kaido.errors import ConflictError, InvalidInputError, KaidoError, NotFoundError

if TYPE_CHECKING:
    from kaido.console.person import Person

router = APIRouter(route_class=PageRoute)

MOST_CHARACTERS = 256_000
BEGINNING = """\
name: hard-braking
signals:
  - Vehicle.Speed
  - Vehicle.Acceleration.Longitudinal
condition: Vehicle.Speed > 30 km/h
trigger: rising_edge
before: 10
after: 5s
targets: all
"""
Script = Annotated[str, Form(max_length=MOST_CHARACTERS)]
Field = Annotated[str, Form(max_length=500)]
Id = Annotated[str, Query(max_length=40)]


@router.get("/campaigns/-/new")
async def new(request: Request, person: Viewer, rehearsal: Id = "", like: Id = "") -> Response:
    """The editor with an example, or with what an estimate was about, or a copy of another campaign."""
    api = Api(request, person.csrf)  # a check changes nothing, and the page that is made here has the token
    text = str((await api.get(f"/campaigns/{name(like)}"))["text"]) if like else BEGINNING
    return await _editor(request, person, api, text, rehearsal=await _rehearsal(api, rehearsal))


@router.get("/campaigns/{campaign}/edit")
async def edit(request: Request, person: Viewer, campaign: str, rehearsal: Id = "") -> Response:
    """The editor with what the campaign asks for now."""
    api = Api(request, person.csrf)  # as above
    one = await api.get(f"/campaigns/{name(campaign)}")
    found = await _rehearsal(api, rehearsal)
    return await _editor(request, person, api, one["text"], campaign=campaign, rehearsal=found)


@router.post("/campaigns/-/check")
async def check(request: Request, person: Viewer, api: Asking, text: Script = "") -> Response:
    """What is wrong with the text, or what it would be: asked for as one types. Changes nothing."""
    del person
    return render(request, "campaigns/check.html", found=await api.post("/campaigns/read", {"text": text}))


@router.post("/campaigns/-/estimate")
async def estimate(
    request: Request, person: Viewer, api: Asking, text: Script = "", days: Annotated[int, Form(ge=1, le=92)] = 7
) -> Response:
    """Begin an estimate; it goes on by itself."""
    del person
    document = await _document(api, text)
    begun = await api.post("/campaign-rehearsals/estimate", document, {"days": days})
    return render(request, "campaigns/rehearsal.html", found=begun)


@router.get("/campaigns/-/rehearsals/{rehearsal}")
async def rehearsed(request: Request, person: Viewer, api: Asking, rehearsal: str) -> Response:
    """How far an estimate or a dry run is, and what came of it."""
    del person
    found = await api.get(f"/campaign-rehearsals/{name(rehearsal)}")
    return render(request, "campaigns/rehearsal.html", found=found)


@router.post("/campaigns/-/new")
async def create(request: Request, person: Viewer, api: Changing, text: Script = "", reason: Field = "") -> Response:
    """Keep it as a draft: its page says whom it would reach, and starts it."""
    try:
        made = await api.post("/campaigns", await _document(api, text), {"draft": True, "reason": reason})
    except (InvalidInputError, NotFoundError, ConflictError) as error:
        return await _editor(request, person, api, text, error=error)
    return RedirectResponse(f"/campaigns/{name(made['name'])}", 303)


@router.post("/campaigns/{campaign}/edit")
async def save(
    request: Request,
    person: Viewer,
    campaign: str,
    api: Changing,
    text: Script = "",
    reason: Field = "",
) -> Response:
    """Keep it as another version."""
    path = f"/campaigns/{name(campaign)}"
    try:
        document = await _document(api, text)
        await api.send("PUT", path, json=document, params={"reason": reason})
    except (InvalidInputError, NotFoundError, ConflictError) as error:
        return await _editor(request, person, api, text, campaign=campaign, error=error)
    return RedirectResponse(path, 303)


async def _editor(
    request: Request,
    person: Person,
    api: Api,
    text: str,
    *,
    campaign: str = "",
    rehearsal: dict[str, Any] | None = None,
    error: KaidoError | None = None,
) -> Response:
    path = f"/campaigns/{name(campaign)}"
    if rehearsal and rehearsal.get("estimate"):  # what it was about is what is written
        text = yaml.safe_dump(rehearsal["document"], sort_keys=False, allow_unicode=True)
    return render(
        request,
        "campaigns/edit.html",
        error.status if error else 200,
        title=f"Edit {campaign}" if campaign else "New campaign",
        text=text,
        campaign=campaign,
        here=f"{path}/edit" if campaign else "/campaigns/-/new",
        standing=await api.get(f"{path}/status") if campaign else None,
        found=await api.post("/campaigns/read", {"text": text}),
        rehearsal=rehearsal,
        manifests=[one["name"] for one in await api.get("/catalog/manifests")],
        error=error,
        lacks=person.lacks("write"),
    )


async def _rehearsal(api: Api, rehearsal: str) -> dict[str, Any] | None:
    """The estimate or dry run that the address names; one that is forgotten says so in its place."""
    if not rehearsal:
        return None
    try:
        found: dict[str, Any] = await api.get(f"/campaign-rehearsals/{name(rehearsal)}")
    except NotFoundError as error:
        return {"id": "", "kind": "estimate", "state": "failed", "problem": error.problem(), "campaign": ""}
    return found


async def _document(api: Api, text: str) -> dict[str, Any]:
    """What a text says, as the API takes it.

    Raises:
        InvalidInputError: something in it is wrong; says where.
    """
    found = await api.post("/campaigns/read", {"text": text})
    if (mistake := found["mistake"]) is not None:
        place = f"line {mistake['line']}, column {mistake['column']}: {mistake['what']}"
        raise InvalidInputError(place, why=mistake["why"], fix=mistake["fix"])
    document: dict[str, Any] = found["document"]
    return document
