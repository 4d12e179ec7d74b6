"""The electric services as a process: every so often it derives what is new in each company's lake."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from typing import TYPE_CHECKING

from kaido.errors import ConflictError, KaidoError, UnavailableError
from kaido.journal.connection import connect
from kaido.journal.status import serve_status
from kaido.runtime import tasks
from kaido.runtime.log import event
from kaido.runtime.status import Report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kaido.lake import Lake
    from kaido.runtime.settings import Settings

logger = logging.getLogger(__name__)

CONNECT_PAUSE_SECONDS = 0.5
SAY_SECONDS = 1.0
_PATIENCE = 10
"""Niceness: what vehicles send comes first, what it means can wait."""


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set."""
    os.nice(_PATIENCE)
    report = Report("services")
    caught_up: dict[str, float] = {}
    working = asyncio.create_task(_work(settings, report, caught_up))
    answering = asyncio.create_task(_answer(settings, report, caught_up))
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
    finally:
        await tasks.end((working, answering, stopping))


async def _answer(settings: Settings, report: Report, caught_up: Mapping[str, float]) -> None:
    """Say how things stand, as soon as NATS is there; the work itself needs no NATS."""
    while True:
        with contextlib.suppress(UnavailableError):
            nats = await connect(settings.nats_url, settings.nats_token, name="services")
            break
        await asyncio.sleep(CONNECT_PAUSE_SECONDS)
    try:
        await serve_status(nats, report)
        while True:
            oldest = min(caught_up.values(), default=time.time())
            report.gauge("derived_age_seconds", round(time.time() - oldest, 1))
            for company, since in caught_up.items():
                report.gauge("company_derived_age_seconds", round(time.time() - since, 1), company=company)
            await asyncio.sleep(SAY_SECONDS)
    finally:
        await nats.close()


async def _work(settings: Settings, report: Report, caught_up: dict[str, float]) -> None:
    """Derive for ever; ``caught_up`` says of each company when all that was there then was derived."""
    while True:
        await asyncio.sleep(settings.services_seconds)
        for folder in await asyncio.to_thread(_companies, settings.lake):
            began = time.time()
            caught_up.setdefault(folder.name, began)
            if await _catch_up(settings, folder.name, report):
                caught_up[folder.name] = began


async def _catch_up(settings: Settings, company: str, report: Report) -> bool:
    """Derive what is new; whether all is derived."""
    key = f"deriving for {company}"
    try:
        await asyncio.to_thread(_derive, settings, company, report)
    except ConflictError:  # somebody derives it again: it is in good hands
        return False
    except KaidoError as error:
        report.problem(key, str(error), company)
        return False
    except Exception as error:  # noqa: BLE001  # the next company, and the next time, may go well
        report.problem(key, f"an error that nobody foresaw: {error!r}", company)
        event(logger, logging.ERROR, "deriving failed", company=company, error=repr(error))
        return False
    report.problem(key, None)
    return True


def _derive(settings: Settings, company: str, report: Report) -> None:
    from kaido.lake import Lake  # noqa: PLC0415  # heavy; a platform that is just starting has better to do
    from kaido.services.derive import How, catch_up  # noqa: PLC0415  # as above

    how = How(memory_mb=settings.services_memory_mb, threads=settings.services_threads)
    lake = Lake(settings.lake, company)
    done = catch_up(lake, how)
    _estimate(settings, lake)
    if done is None:
        return
    report.count("derived_samples_total", done.samples, company=company)
    report.gauge("derive_seconds", round(done.seconds, 3), company=company)
    event(
        logger,
        logging.DEBUG,
        "derived",
        company=company,
        vehicles=done.vehicles,
        samples=done.samples,
        trips=done.trips,
        charges=done.charges,
        seconds=round(done.seconds, 2),
    )


def _estimate(settings: Settings, lake: Lake) -> None:
    """What batteries hold, where there are new charges."""
    from kaido.services.battery.monthly import is_behind  # noqa: PLC0415  # as above

    if not is_behind(lake):
        return
    from kaido.company import Vehicles  # noqa: PLC0415  # as above
    from kaido.services.battery.keeping import keep_up  # noqa: PLC0415  # as above
    from kaido.store import Store  # noqa: PLC0415  # as above

    with contextlib.closing(Store.open(settings.database)) as store:
        keep_up(lake, Vehicles(store), settings.data)


def _companies(lake: Path) -> list[Path]:
    """The folders of companies that have samples."""
    return sorted(folder for folder in lake.glob("*") if (folder / "signals" / "_delta_log").is_dir())
