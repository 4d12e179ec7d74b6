"""A process that ends is started again: at once where it had worked, slower each time where it does not start."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import pytest

from kaido.platform import process
from kaido.platform.process import Process

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("good_start_s", "pauses"), [(0.0, [0.2, 0.2, 0.2]), (60.0, [0.2, 0.4, 0.8])])
async def test_pauses(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    good_start_s: float,
    pauses: list[float],
) -> None:
    monkeypatch.setattr(process, "GOOD_START_S", good_start_s)
    running = Process("short", [sys.executable, "-S", "-c", ""], dict(os.environ), tmp_path / "log")
    running.start()
    async with asyncio.timeout(30):
        while running.restarts < len(pauses):  # noqa: ASYNC110  # a test
            await asyncio.sleep(0.02)
    await running.stop()
    said = [record.fields["in_s"] for record in caplog.records if hasattr(record, "fields") and "in_s" in record.fields]
    assert said[: len(pauses)] == pauses
