"""Imports as jobs: recordings that were handed over are decoded in the background, one at a time for each company.

A job is a row of the table ``imports`` and a scratch file below ``data``/tmp. Whoever works on it holds a lock on the
scratch file, so that a process that starts finds the jobs that another one left behind, and no job is worked on twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import secrets
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kaido.errors import KaidoError, NotFoundError, UnavailableError
from kaido.recordings.importer import import_recording
from kaido.runtime import clock, folders
from kaido.runtime.log import event
from kaido.store.tables import ImportRow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import pyarrow as pa

    from kaido.catalog import DecoderManifest
    from kaido.lake import Lake
    from kaido.recordings.result import ImportResult, Progress
    from kaido.store import Store

logger = logging.getLogger(__name__)

AT_ONCE = 2
MOST_WAITING = 1_000
_SAVE_SECONDS = 1.0
_LEFT_BEHIND = "the platform was stopped before the recording was there as a whole"


class _StoppedError(Exception):
    """The platform stops; the job goes on when it starts again."""


@dataclass
class Job:
    """One import.

    Attributes:
        id: chosen at random.
        company: whose it is.
        vehicle: whose samples the recording holds.
        manifest: the sync id of the decoder manifest.
        file: what the recording is called.
        kind: of recording, if it was said.
        start: the time of its first frame, if it was said.
        state: queued, running, done or failed.
        progress: what was read so far.
        result: what came of it (``ImportResult.to_json``).
        problem: why it failed.
    """

    id: str
    company: str
    vehicle: str
    manifest: str
    file: str
    kind: str | None = None
    start: datetime | None = None
    state: str = "queued"
    progress: dict[str, int] = field(default_factory=dict)
    result: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None
    created: datetime = field(default_factory=clock.now)
    updated: datetime = field(default_factory=clock.now)


class ImportJobs:
    """The imports of all companies in this process.

    Args:
        store: where the records are.
        folder: of the scratch files.
        lake: a company's tables.
        manifest: a company's decoder manifest by its sync id.
        fold: takes the newest values to the twin; it raises a KaidoError where it cannot.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        lake: Callable[[str], Lake],
        manifest: Callable[[str, str], DecoderManifest],
        fold: Callable[[str, str, pa.Table], Awaitable[None]],
    ) -> None:
        self._store = store
        self._folder = folder
        self._lake = lake
        self._manifest = manifest
        self._fold = fold
        self._running: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._stopping = threading.Event()

    def scratch(self, identifier: str) -> Path:
        """Where the recording of a job lies."""
        return self._folder / f"import-{identifier}"

    def draft(self, job_of: Callable[[str], Job]) -> tuple[Job, int]:
        """A new job, and an open, locked file to write its recording to.

        Raises:
            UnavailableError: too many jobs wait, or the folder cannot be written.
        """
        if len(self._tasks) >= MOST_WAITING:
            raise UnavailableError(f"{MOST_WAITING} imports wait already", fix="Try again when some are done")
        job = job_of(secrets.token_hex(8))
        folders.make(self._folder)
        handle = os.open(self.scratch(job.id), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return job, handle

    def discard(self, job: Job, handle: int) -> None:
        """Forget a draft."""
        self.scratch(job.id).unlink(missing_ok=True)
        os.close(handle)

    async def submit(self, job: Job, handle: int) -> None:
        """Have a job done whose recording is there as a whole."""
        await asyncio.to_thread(self._save, job)
        self._running[job.id] = job
        task = asyncio.create_task(self._work(job, handle))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def get(self, company: str, identifier: str) -> Job:
        """A job as it stands.

        Raises:
            NotFoundError: the company has none of this id.
        """
        job = self._running.get(identifier)
        if job is not None and job.company == company:
            return job
        with self._store.reading() as session:
            row = session.get(ImportRow, (company, identifier))
            if row is None:
                raise NotFoundError(f"no import '{identifier}'", fix="See: kaido import --list")
            return _job(row)

    def page(self, company: str, limit: int, after: str | None = None) -> list[Job]:
        """Jobs, the newest first; ``after`` is the id of the last one of the page before."""
        query = select(ImportRow).where(ImportRow.company == company)
        if after is not None:
            mark = self.get(company, after).created
            query = query.where((ImportRow.created < mark) | ((ImportRow.created == mark) & (ImportRow.id > after)))
        query = query.order_by(ImportRow.created.desc(), ImportRow.id).limit(limit)
        with self._store.reading() as session:
            jobs = [_job(row) for row in session.scalars(query)]
        return [self._running.get(job.id, job) for job in jobs]

    async def recover(self, *, resume: bool) -> None:
        """Take up the jobs that a process which ended left behind; without ``resume``, give them up."""
        for job in await asyncio.to_thread(self._unfinished):
            handle = self._locked(job.id)
            if handle is None:
                continue
            if handle >= 0 and resume:
                await self.submit(job, handle)
                continue
            if handle >= 0:
                self.discard(job, handle)
            job.state, job.problem = "failed", KaidoError(_LEFT_BEHIND, fix="Import it again").problem()
            await asyncio.to_thread(self._save, job)

    async def stop(self) -> None:
        """End the work behind the chunk that is being written; ``recover`` goes on from there."""
        self._stopping.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self, job: Job, handle: int) -> None:
        try:
            async with self._turns[job.company], self._slots:
                if not self._stopping.is_set():
                    await self._import(job)
        finally:
            if job.state in {"done", "failed"}:
                self.scratch(job.id).unlink(missing_ok=True)
            os.close(handle)
            self._running.pop(job.id, None)

    async def _import(self, job: Job) -> None:
        job.state = "running"
        try:
            result = await asyncio.to_thread(self._decode, job)
            if len(result.latest):
                await self._to_twin(job, result)
            job.state, job.result = "done", result.to_json()
        except _StoppedError:
            job.state = "queued"
        except KaidoError as error:
            job.state, job.problem = "failed", error.problem()
        except Exception as error:
            logger.exception("an import failed", extra={"fields": {"id": job.id, "file": job.file}})
            problem = KaidoError("the import failed as Kaido did not foresee", why=f"{type(error).__name__}: {error}")
            job.state, job.problem = "failed", problem.problem()
        with contextlib.suppress(KaidoError):  # a database that is away: the job is found again at the next start
            await asyncio.to_thread(self._save, job)
        event(logger, logging.INFO, "import", id=job.id, vehicle=job.vehicle, file=job.file, state=job.state)

    async def _to_twin(self, job: Job, result: ImportResult) -> None:
        """The samples are in the lake: a twin that cannot be told now is no reason to call the import failed."""
        try:
            await self._fold(job.company, job.id, result.latest)
        except Exception as error:
            if not isinstance(error, KaidoError):
                logger.exception("the twin could not be told of an import", extra={"fields": {"id": job.id}})
            result.notes.append(f"the twin does not have the newest values yet: {error}")

    def _decode(self, job: Job) -> ImportResult:
        saved = time.monotonic()

        def progress(now: Progress) -> None:
            nonlocal saved
            job.progress = now._asdict()
            if self._stopping.is_set():
                raise _StoppedError
            if time.monotonic() - saved > _SAVE_SECONDS:
                saved = time.monotonic()
                self._save(job)

        return import_recording(
            self.scratch(job.id),
            self._manifest(job.company, job.manifest),
            self._lake(job.company),
            job.vehicle,
            start=job.start,
            kind=job.kind,
            name=job.file,
            progress=progress,
        )

    def _unfinished(self) -> list[Job]:
        query = select(ImportRow).where(ImportRow.state.in_(["queued", "running"])).order_by(ImportRow.created)
        with self._store.reading() as session:
            return [_job(row) for row in session.scalars(query) if row.id not in self._running]

    def _locked(self, identifier: str) -> int | None:
        """The locked scratch file; -1 where there is none, None where another process works on it."""
        try:
            handle = os.open(self.scratch(identifier), os.O_RDWR)
        except FileNotFoundError:
            return -1
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return None
        return handle

    def _save(self, job: Job) -> None:
        job.updated = clock.now()
        document = {
            "manifest": job.manifest,
            "file": job.file,
            "kind": job.kind,
            "start": job.start.isoformat() if job.start else None,
            "progress": job.progress,
            "result": job.result,
            "problem": job.problem,
        }
        with self._store.session() as session:
            session.merge(
                ImportRow(
                    company=job.company,
                    id=job.id,
                    vehicle=job.vehicle,
                    state=job.state,
                    document=document,
                    created=job.created,
                    updated=job.updated,
                )
            )


def _job(row: ImportRow) -> Job:
    document = dict(row.document)
    start = document.pop("start")
    return Job(
        id=row.id,
        company=row.company,
        vehicle=row.vehicle,
        state=row.state,
        start=datetime.fromisoformat(start) if start else None,
        created=row.created,
        updated=row.updated,
        **document,
    )
