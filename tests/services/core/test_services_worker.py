"""The services as a process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kaido.lake import Lake
from kaido.runtime import tasks
from kaido.runtime.settings import load
from kaido.runtime.status import Report
from kaido.services.worker import _work
from tests.services.core.lives import Life, derived

if TYPE_CHECKING:
    from pathlib import Path


async def test_the_worker_derives_what_comes_in_and_says_what_is_wrong(tmp_path: Path) -> None:
    settings = load(data=tmp_path, services_seconds=0.05)
    lake = Lake(settings.lake, "acme")
    lake.append(Life().drive(0, 5).rows(), app_id="test", version=1)
    (settings.lake / "broken" / "signals" / "_delta_log").mkdir(parents=True)
    (settings.lake / "broken" / "services.json").mkdir()
    report = Report("services")
    working = asyncio.create_task(_work(settings, report, {}))
    try:
        async with asyncio.timeout(60):
            while not (report.counters and report.problems):  # noqa: ASYNC110  # what a person would do, too
                await asyncio.sleep(0.05)
    finally:
        await tasks.end([working])
    assert len(derived(lake, "trips")) == 1
    assert list(report.problems) == ["deriving for broken"]
