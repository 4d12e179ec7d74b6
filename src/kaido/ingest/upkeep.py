"""The lake's upkeep in the background: small files become large ones, old samples go."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from typing import TYPE_CHECKING

from kaido.errors import UnavailableError
from kaido.runtime.log import event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kaido.lake import Lake
    from kaido.runtime.settings import Settings
    from kaido.runtime.status import Report

logger = logging.getLogger(__name__)

RETENTION_SECONDS = 3600.0


async def keep_up(lakes: Mapping[str, Lake], settings: Settings, report: Report) -> None:
    """Compact and shorten the lakes, one after the other, until cancelled.

    Args:
        lakes: the lakes by company; may grow meanwhile.
        settings: how often, and how long samples are kept.
        report: told of trouble.
    """
    halt = threading.Event()
    retained = -RETENTION_SECONDS
    try:
        while True:
            await asyncio.sleep(settings.compact_seconds)
            retain = time.monotonic() - retained >= RETENTION_SECONDS
            for company, lake in list(lakes.items()):
                key = f"upkeep of {company}'s lake"
                try:
                    await asyncio.to_thread(_once, lake, settings.retention_days if retain else 0, halt)
                except UnavailableError as error:
                    report.problem(key, str(error), company)
                except Exception as error:  # noqa: BLE001  # upkeep can wait; ingest goes on
                    report.problem(key, f"an error that nobody foresaw: {error!r}", company)
                    event(logger, logging.ERROR, "upkeep failed", company=company, error=repr(error))
                else:
                    report.problem(key, None)
            if retain:
                retained = time.monotonic()
    finally:
        halt.set()


def _once(lake: Lake, retention_days: int, halt: threading.Event) -> None:
    began = time.monotonic()
    with contextlib.suppress(FileNotFoundError):  # the lake is not there yet
        lake.compact(stop=halt)
    if retention_days:
        gone = lake.apply_retention(retention_days)
        if gone:
            event(logger, logging.INFO, "old samples were deleted", company=lake.company, samples=gone)
    event(logger, logging.DEBUG, "compacted", company=lake.company, seconds=round(time.monotonic() - began, 2))
