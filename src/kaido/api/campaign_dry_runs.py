"""``/v1/campaigns/dry-run``: when a campaign would have fired on a recorded drive, before there is one."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Annotated, Any, Self

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from kaido.api.auth import Caller, Rooms, Writer  # noqa: TC001  # FastAPI reads annotations
from kaido.api.campaign_estimates import SHARE_OF_TIME
from kaido.control import read_spec
from kaido.errors import InvalidInputError, UnavailableError
from kaido.recordings import open_recording
from kaido.runtime import folders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kaido.api.services import Services
    from kaido.control import CampaignSpec
    from kaido.recordings.recording import Recording
    from kaido.rehearsal import DryRun, Runnable

router = APIRouter(prefix="/campaigns", tags=["campaigns"])

MOST_CHARACTERS = 30_000
"""Of a campaign in the address of a request."""
CHUNK_FRAMES = 20_000

_FIGURES = ("frames", "triggers", "events", "samples", "bytes", "plain_bytes", "compressed_bytes", "held")


class FiringOut(BaseModel):
    """A moment at which it would have fired."""

    time: datetime
    values: dict[str, float | str | None] = Field(
        description="Of the condition's signals, in the units of the manifest."
    )
    samples: int = Field(description="0 where there was nothing new to send.")
    payloads: int
    bytes: int


class ComparisonOut(BaseModel):
    """How near a comparison of the condition came."""

    model_config = ConfigDict(from_attributes=True)

    text: str = Field(description="In the units of the manifest.")
    held: float | None = Field(description="For which share of the time, 0 to 1.")
    left: tuple[float, float] | None = Field(description="The least and the greatest value of its left side.")
    right: tuple[float, float] | None = Field(description="Likewise of its right side.")


class DryRunOut(BaseModel):
    """A campaign over a recorded drive."""

    name: str
    manifest: str
    sync_id: str = Field(description="Of the manifest.")
    kind: str = Field(description="Of the recording.")
    frames: int
    damaged: int = Field(description="Lines of the recording that could not be read.")
    first: datetime | None
    last: datetime | None
    triggers: int
    events: int = Field(description="Triggers with something to send.")
    samples: int
    bytes: int = Field(description="Payloads, compressed where the campaign says so.")
    plain_bytes: int = Field(description="Uncompressed.")
    compressed_bytes: int = Field(description="Compressed.")
    held: float | None = Field(description="For which share of the time the condition held; null by the clock.")
    comparisons: list[ComparisonOut]
    firings: list[FiringOut] = Field(description="The first of them.")
    notes: list[str]

    @classmethod
    def of(cls, name: str, run: Runnable, recording: Recording, found: DryRun) -> Self:
        """As the API shows it."""
        return cls(
            name=name,
            manifest=run.manifest.name,
            sync_id=run.manifest.sync_id,
            kind=recording.kind,
            damaged=recording.damaged_count,
            first=_moment(found.first_us),
            last=_moment(found.last_us),
            comparisons=[ComparisonOut.model_validate(one) for one in found.comparisons],
            firings=[
                FiringOut(
                    time=datetime.fromtimestamp(one.time_ms / 1_000, UTC),
                    values=one.values,
                    samples=one.samples,
                    payloads=one.payloads,
                    bytes=one.bytes,
                )
                for one in found.firings
            ],
            notes=[*recording.account.notes, *found.notes],
            **{name: getattr(found, name) for name in _FIGURES},
        )


@router.post(
    "/dry-run",
    summary="Play a recorded drive through a campaign",
    openapi_extra={
        "requestBody": {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "required": True,
        }
    },
)
async def dry_run(
    request: Request,
    caller: Writer,
    rooms: Rooms,
    campaign: Annotated[str, Query(max_length=MOST_CHARACTERS, description="The campaign, as JSON.")],
    manifest: Annotated[
        str | None, Query(description="A decoder manifest; the only one that the campaign fits if not given.")
    ] = None,
    kind: Annotated[str | None, Query(description="The kind of recording; the content tells if not given.")] = None,
    file: Annotated[str, Query(max_length=255, description="What the recording is called.")] = "recording",
    limit: Annotated[int, Query(ge=1, le=100_000, description="Firings that are listed.")] = 1_000,
) -> DryRunOut:
    """The body is the recording, plain or gzipped. Nothing is kept: not the recording, not the campaign."""
    spec = read_campaign(campaign)
    with ExitStack() as ends:
        recorded = await received(ends, request, spec, caller, rooms, manifest)
        caller.notes.update(campaign=spec.name, file=file)
        async with rooms.turns.one():
            play = partial(recorded.play, kind=kind, name=file, limit=limit)
            return await run_in_threadpool(play, seconds=SHARE_OF_TIME * rooms.settings.query_seconds)


@dataclass(frozen=True)
class Recorded:
    """A campaign, and the recording to play through it."""

    spec: CampaignSpec
    run: Runnable
    path: Path

    def play(self, *, kind: str | None, name: str, limit: int, seconds: float) -> DryRunOut:
        """Play it. Blocks."""
        from kaido.rehearsal import dry_run as played  # noqa: PLC0415  # as above

        recording = open_recording(self.path, kind=kind, name=name, chunk_frames=CHUNK_FRAMES)
        found = played(self.run, recording, most=limit, seconds=seconds)
        return DryRunOut.of(self.spec.name, self.run, recording, found)


async def received(
    ends: ExitStack, request: Request, spec: CampaignSpec, caller: Caller, rooms: Services, manifest: str | None
) -> Recorded:
    """The recording that is the body of a request, on disk until ``ends`` closes."""
    run = await run_in_threadpool(_fitting, spec, caller.company, rooms, manifest)
    path = ends.enter_context(await run_in_threadpool(_scratch, rooms.settings.data / "tmp"))
    with path.open("r+b", buffering=0) as handle:
        async for piece in request.stream():
            await run_in_threadpool(_write, handle.fileno(), piece)
    return Recorded(spec, run, path)


def read_campaign(campaign: str) -> CampaignSpec:
    """The campaign in the address of a request.

    Raises:
        InvalidInputError: it is no JSON, or makes no sense.
    """
    try:
        document: Any = json.loads(campaign)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("the campaign is no JSON", why=str(error)) from error
    return read_spec(document)


def _fitting(spec: CampaignSpec, company: str, rooms: Services, manifest: str | None) -> Runnable:
    from kaido.control.compiling import Unfit  # noqa: PLC0415  # as above
    from kaido.rehearsal import runnable  # noqa: PLC0415  # as above

    fits = rooms.campaigns.fits(company, spec)
    if manifest is None:
        names = [fit.manifest for fit in fits if fit.reason is None]
        if len(names) > 1:
            fix = f"Name the one that describes the recording, of {', '.join(names[:5])}: --manifest NAME"
            raise InvalidInputError(f"{len(names)} decoder manifests could run the campaign", fix=fix)
        manifest = names[0]
    run = runnable(spec, rooms.catalog.manifest(company, manifest))
    if isinstance(run, Unfit):
        raise InvalidInputError(f"vehicles of manifest {manifest} could not run the campaign", why=run.reason)
    return run


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    folders.make(folder)
    with NamedTemporaryFile(prefix="dry-run-", dir=folder) as scratch:
        yield folder / scratch.name


def _write(handle: int, piece: bytes) -> None:
    folders.leave_room(handle)
    left = memoryview(piece)
    try:
        while left:
            left = left[os.write(handle, left) :]
    except OSError as error:
        raise UnavailableError("the recording cannot be stored", why=error.strerror or str(error)) from error


def _moment(time_us: int | None) -> datetime | None:
    return None if time_us is None else datetime.fromtimestamp(time_us / 1e6, UTC)
