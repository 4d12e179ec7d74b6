"""Memory of each process with 10,000 vehicles connected and 500,000 values a second: bounded, and flat over time.

The first minutes fill what is bounded by settings (rings of each vehicle, the journal's cache, the merges of the lake,
which grow with its first runs of files); the ten minutes after them have to be flat.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import uvloop

from kaido.bench.figure import Figure
from kaido.bench.site import Site
from kaido.bench.vehicles import SAMPLES, Company, connect
from kaido.sim.load import LoadClient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.bench.options import BenchOptions

VEHICLES = 10_000
VALUES_A_SECOND = 500_000
MINUTES_A_MINUTE = 10
"""It is held ten times as long as other loads: ten minutes where those take one."""
FILLING_SHARE = 0.5
"""Before them, as a share of them."""
EVERY_SECONDS = 2.0
CEILING_MB = 1_500.0
FLAT_PERCENT = 10.0


def run(options: BenchOptions) -> list[Figure]:
    """The figures."""
    return uvloop.run(_run(options))


async def _run(options: BenchOptions) -> list[Figure]:
    count = options.pick(VEHICLES, 200)
    flat = options.pick(MINUTES_A_MINUTE * options.seconds, 2 * options.seconds)
    seconds = flat * (1 + FILLING_SHARE)
    seen: defaultdict[str, list[float]] = defaultdict(list)
    async with Site(options.folder, ["gateway", "ingest", "api", "control"]) as site:
        company = Company(site)
        options.say(f"certificates for {count} vehicles")
        vehicles = await asyncio.to_thread(company.vehicles, count)
        server = await company.server()
        async with LoadClient(server, vehicles) as load:
            await connect(load)
            options.say(f"{count} vehicles connected; {seconds:.0f} s of load")
            looking = asyncio.create_task(_look(site, seen, options.pick(EVERY_SECONDS, 0.2)))
            figures = await load.publish(seconds, rate=VALUES_A_SECOND / SAMPLES)
            up = load.up
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
    options.remark(
        f"{up} of {count} vehicles connected at the end, {figures.per_second * SAMPLES:,.0f} values/s acknowledged for "
        f"{figures.seconds:.0f} s; connections lost: {figures.lost or 'none'}."
    )
    return [figure for part in sorted(seen) if part != "load" for figure in _figures(part, seen[part])]


async def _look(site: Site, seen: defaultdict[str, list[float]], every: float) -> None:
    while True:
        for part, usage in site.usage().items():
            seen[part].append(usage.rss_bytes / 1e6)
        await asyncio.sleep(every)


def _figures(part: str, megabytes: Sequence[float]) -> list[Figure]:
    filled = megabytes[round(len(megabytes) * FILLING_SHARE / (1 + FILLING_SHARE)) :]
    first, *_, last = (float(np.mean(quarter)) for quarter in np.array_split(filled, 4))
    growth = 100 * (last - first) / first
    return [
        Figure.of(f"memory of {part}, at most", max(megabytes), "MB", bound=CEILING_MB, better="lower"),
        Figure.of(
            f"memory of {part}, last quarter against first",
            growth,
            "%",
            bound=FLAT_PERCENT,
            better="lower",
        ),
    ]
