"""``/v1/campaign-rehearsals``: estimates and dry runs for whoever does not wait for the answer."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Self

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from kaido.api.auth import Reader, Rooms, Writer  # noqa: TC001  # FastAPI reads annotations
from kaido.api.campaign_dry_runs import MOST_CHARACTERS, DryRunOut, Recorded, read_campaign, received
from kaido.api.campaign_estimates import MOST_DAYS, MOST_VEHICLES, SHARE_OF_TIME, EstimateOut, estimated
from kaido.api.campaigns import Wish  # noqa: TC001  # FastAPI reads annotations
from kaido.control import read_spec
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.api.rehearsing import Rehearsal

router = APIRouter(prefix="/campaign-rehearsals", tags=["campaigns"])


class ProblemOut(BaseModel):
    """Why nothing came of it."""

    error: str
    what: str
    why: str
    fix: str


class RehearsalOut(BaseModel):
    """An estimate or a dry run."""

    id: str
    kind: str = Field(description="`estimate` or `dry run`.")
    campaign: str
    document: dict[str, Any] = Field(description="What it asks for.")
    who: str
    state: str = Field(description="`running`, `done` or `failed`.")
    started: datetime
    took_s: float = Field(description="Until now, where it runs.")
    at_most_s: float = Field(description="How long it may work once its turn has come.")
    ended: datetime | None
    estimate: EstimateOut | None
    dry_run: DryRunOut | None
    problem: ProblemOut | None

    @classmethod
    def of(cls, one: Rehearsal) -> Self:
        """As the API shows it."""
        answer = one.answer if one.ended else None
        state = "running" if one.ended is None else "failed" if one.error else "done"
        return cls(
            id=one.id,
            kind=one.kind,
            campaign=one.campaign,
            document=one.document,
            who=one.who,
            state=state,
            started=one.started,
            took_s=round(((one.ended or clock.now()) - one.started).total_seconds(), 1),
            at_most_s=one.at_most_s,
            ended=one.ended,
            estimate=EstimateOut(**answer) if answer and one.kind == "estimate" else None,
            dry_run=DryRunOut(**answer) if answer and one.kind == "dry run" else None,
            problem=ProblemOut.model_validate(one.error.problem()) if one.error else None,
        )


@router.post("/estimate", status_code=202, summary="Begin an estimate")
async def begin_estimate(
    wish: Wish,
    caller: Reader,
    rooms: Rooms,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="Whole days of history, UTC.")] = 7,
    until: Annotated[date | None, Query(description="The day after the last of them.")] = None,
    vehicle: Annotated[list[str], Query(max_length=MOST_VEHICLES, description="Of these vehicles alone.")] = [],  # noqa: B006  # FastAPI copies it
) -> RehearsalOut:
    """As ``POST /v1/campaigns/estimate``, but the answer is asked for by its id. It is kept for an hour."""
    spec = read_spec(wish)

    async def work() -> dict[str, Any]:
        return (await estimated(spec, caller.company, rooms, days, until, vehicle)).model_dump()

    at_most = SHARE_OF_TIME * rooms.settings.query_seconds * 2
    return RehearsalOut.of(rooms.rehearsals.begin(caller.company, "estimate", wish, caller.name, work, at_most))


@router.post(
    "/dry-run",
    status_code=202,
    summary="Begin a dry run",
    openapi_extra={
        "requestBody": {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "required": True,
        }
    },
)
async def begin_dry_run(
    request: Request,
    caller: Writer,
    rooms: Rooms,
    campaign: Annotated[str, Query(max_length=MOST_CHARACTERS, description="The campaign, as JSON.")],
    manifest: Annotated[str | None, Query(description="A decoder manifest; the only fitting one if not given.")] = None,
    kind: Annotated[str | None, Query(description="The kind of recording; the content tells if not given.")] = None,
    file: Annotated[str, Query(max_length=255, description="What the recording is called.")] = "recording",
    limit: Annotated[int, Query(ge=1, le=1_000, description="Firings that are listed.")] = 100,
) -> RehearsalOut:
    """As ``POST /v1/campaigns/dry-run``: the body is the recording, which is dropped when the run has ended."""
    spec = read_campaign(campaign)
    rooms.rehearsals.check_room(caller.company)
    with ExitStack() as ends:
        recorded: Recorded = await received(ends, request, spec, caller, rooms, manifest)
        ends_later = ends.pop_all()

    async def work() -> dict[str, Any]:
        with ends_later:
            async with rooms.turns.one():
                play = partial(recorded.play, kind=kind, name=file, limit=limit)
                seconds = SHARE_OF_TIME * rooms.settings.query_seconds
                return (await run_in_threadpool(play, seconds=seconds)).model_dump()

    caller.notes.update(campaign=spec.name, file=file)
    at_most = SHARE_OF_TIME * rooms.settings.query_seconds
    try:
        begun = rooms.rehearsals.begin(caller.company, "dry run", spec.to_document(), caller.name, work, at_most)
    except BaseException:
        ends_later.close()
        raise
    return RehearsalOut.of(begun)


@router.get("/{id}", summary="Show an estimate or a dry run")
async def rehearsal(id: str, caller: Reader, rooms: Rooms) -> RehearsalOut:  # noqa: A002  # it is what the field calls it
    """How far it is, and what came of it."""
    return RehearsalOut.of(rooms.rehearsals.get(caller.company, id))
