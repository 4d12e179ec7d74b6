"""The machine's clock steps to and fro while vehicles publish: nothing waits for it, nothing is lost by it."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING

from tests.soak.loaded import Loaded

if TYPE_CHECKING:
    from pathlib import Path

STEPS_S = (3_600, -3_600, 86_400, -86_400, 0)
# Read by Python at every start: all clocks of the platform that show the time of day go by a file.
CUSTOM = """
import datetime, os, time
path = os.environ["TEST_CLOCK_STEP"]
monotonic, real, real_ns = time.monotonic, time.time, time.time_ns
seen = [0.0, 0.0]

def step():
    if monotonic() - seen[0] > 0.1:
        try:
            with open(path) as file:
                seen[:] = monotonic(), float(file.read() or 0)
        except FileNotFoundError:
            pass
    return seen[1]

time.time = lambda: real() + step()
time.time_ns = lambda: real_ns() + int(step() * 1e9)

import kaido.runtime.clock
kaido.runtime.clock.now = lambda: datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=step())
"""

MINUTE_S = 60


def arrival(loaded: Loaded) -> float:
    """When, by the platform's clock, a vehicle's newest value came."""
    with loaded.site.client("east") as api:
        values = api.get(f"/v1/vehicles/{loaded.fleet.cars[0].id}/twin")["values"]
    return max(datetime.fromisoformat(one["arrival"]).timestamp() for one in values)


async def test_the_clock_steps(tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "sitecustomize.py").write_text(CUSTOM)
    step = tmp_path / "step"
    settings = {"PYTHONPATH": str(tmp_path / "python"), "TEST_CLOCK_STEP": str(step), "KAIDO_COMPACT_SECONDS": "1"}
    async with Loaded(tmp_path, settings) as loaded:
        for seconds in STEPS_S:
            step.write_text(str(seconds))
            await loaded.more(100)
            assert abs(await asyncio.to_thread(arrival, loaded) - time.time() - seconds) < MINUTE_S
        await loaded.count()
