"""``/v1/imports``: recordings handed over, and what became of them."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from kaido.api.auth import Reader, Rooms, Writer  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import After, Limit, Page
from kaido.api.services import Services
from kaido.errors import InvalidInputError, NotFoundError, UnavailableError
from kaido.flow import UP_SCHEMA, UpKind, partition_of
from kaido.recordings import open_recording
from kaido.recordings.jobs import ImportJobs, Job
from kaido.runtime import clock, folders

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from kaido.catalog import DecoderManifest

_FOLD_ROWS = 4_000
"""Newest values in one message of the journal; a row takes some hundred bytes."""


class Accepted(BaseModel):
    """A job that was made."""

    id: str


class ImportOut(BaseModel):
    """An import."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    vehicle: str
    manifest: str
    file: str
    kind: str | None
    start: datetime | None
    state: str = Field(description="`queued`, `running`, `done` or `failed`.")
    progress: dict[str, int] = Field(description="`bytes` of `total_bytes`, `frames` and `samples` so far.")
    result: dict[str, Any] | None = Field(description="What became of every line and frame, when it is done.")
    problem: dict[str, Any] | None = Field(description="Why it failed.")
    created: datetime
    updated: datetime


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    rooms = Services.of(app)
    jobs = ImportJobs(
        rooms.store,
        rooms.settings.data / "tmp",
        rooms.lake,
        rooms.catalog.manifest_by_sync_id,
        lambda company, identifier, latest: _fold(rooms, company, identifier, latest),
    )
    app.state.imports = jobs
    if not rooms.embedded:
        await jobs.recover(resume=True)
    try:
        yield
    finally:
        await jobs.stop()


router = APIRouter(prefix="/imports", tags=["imports"], lifespan=_lifespan)


@router.post(
    "",
    status_code=202,
    summary="Import a recording",
    openapi_extra={
        "requestBody": {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "required": True,
        }
    },
)
async def create(
    request: Request,
    caller: Writer,
    rooms: Rooms,
    vehicle: Annotated[str, Query(description="Whose recording it is; a registered vehicle.")],
    manifest: Annotated[str | None, Query(description="A decoder manifest; the vehicle's own if not given.")] = None,
    kind: Annotated[str | None, Query(description="The kind of recording; the content tells if not given.")] = None,
    start: Annotated[datetime | None, Query(description="The time of the first frame, with its zone.")] = None,
    file: Annotated[str, Query(max_length=255, description="What the recording is called.")] = "recording",
) -> Accepted:
    """The body is the recording, plain or gzipped. The same recording again changes nothing."""
    jobs = _jobs(request)
    if rooms.embedded:  # no process goes on with what an interrupted command left behind
        await jobs.recover(resume=False)
    sync_id = await run_in_threadpool(_manifest, rooms, caller.company, vehicle, manifest)
    moment = _with_zone(start)
    job, handle = await run_in_threadpool(
        jobs.draft, lambda identifier: Job(identifier, caller.company, vehicle, sync_id, file, kind, moment)
    )
    try:
        async for piece in request.stream():
            await run_in_threadpool(_write, handle, piece)
        await run_in_threadpool(os.fsync, handle)
        await run_in_threadpool(open_recording, jobs.scratch(job.id), kind=kind, name=file)
        caller.notes.update(vehicle=vehicle, file=file, id=job.id)
        await jobs.submit(job, handle)
    except BaseException:
        jobs.discard(job, handle)
        raise
    return Accepted(id=job.id)


@router.get("", summary="List imports")
def list_(request: Request, caller: Reader, limit: Limit = 100, after: After = None) -> Page[ImportOut]:
    """The newest first, in pages."""
    jobs = _jobs(request).page(caller.company, limit + 1, after)
    return Page[ImportOut].of([ImportOut.model_validate(job) for job in jobs], limit, lambda one: one.id)


@router.get("/{id}", summary="Show an import")
def show(request: Request, id: str, caller: Reader) -> ImportOut:  # noqa: A002  # it is what the field calls it
    """How far it is, and what came of it."""
    return ImportOut.model_validate(_jobs(request).get(caller.company, id))


def _jobs(request: Request) -> ImportJobs:
    jobs: ImportJobs = request.app.state.imports
    return jobs


def _write(handle: int, piece: bytes) -> None:
    left = memoryview(piece)
    folders.leave_room(handle)
    try:
        while left:
            left = left[os.write(handle, left) :]
    except OSError as error:
        raise UnavailableError("the recording cannot be stored", why=error.strerror or str(error)) from error


def _manifest(rooms: Services, company: str, vehicle: str, name: str | None) -> str:
    try:
        found = rooms.vehicles.get(company, vehicle)
    except NotFoundError as error:
        register = f"Register it: kaido vehicle register {vehicle}"
        fix = error.fix if register in error.fix else f"{error.fix} Or: {register}".strip()
        raise NotFoundError(error.what, why=error.why, fix=fix) from error
    if name:
        return rooms.catalog.manifest(company, name).sync_id
    manifest: DecoderManifest | None = rooms.catalog.manifest_for(company, found)
    if manifest is None:
        raise NotFoundError(
            f"vehicle {vehicle} has no decoder manifest",
            fix="Name one with --manifest, or give a CAN database with --dbc",
        )
    return manifest.sync_id


def _with_zone(start: datetime | None) -> datetime | None:
    if start is None:
        return None
    if start.tzinfo is None:
        raise InvalidInputError(f"the start {start.isoformat()} has no zone", fix="Write it as 2024-05-01T12:00:00Z")
    return start.astimezone(UTC)


async def _fold(rooms: Services, company: str, identifier: str, latest: pa.Table) -> None:
    """Take the newest values to the twin: through the journal, or, where nothing runs, into its snapshot."""
    if rooms.embedded:
        from kaido.twin import offline  # noqa: PLC0415  # not needed where a platform runs

        await asyncio.to_thread(offline.merge, rooms.settings, company, latest)
        return
    if rooms.journal is None:
        raise UnavailableError("NATS is away", fix="Import the recording again; only the twin will change")
    from kaido.journal import encode_batch  # noqa: PLC0415  # as above

    await rooms.journal.ensure_company(company)
    for number, begin in enumerate(range(0, len(latest), _FOLD_ROWS)):
        part = latest.slice(begin, _FOLD_ROWS).combine_chunks().to_batches()[0]
        vehicle = part["vehicle"][0].as_py()
        row = {"vehicle": vehicle, "kind": int(UpKind.FOLD), "arrival": clock.now(), "payload": encode_batch(part)}
        await rooms.journal.publish_up(
            company,
            partition_of(vehicle, rooms.settings.partitions),
            pa.RecordBatch.from_pylist([row], UP_SCHEMA),
            message_id=f"fold-{identifier}-{number}",
        )
