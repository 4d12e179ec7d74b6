"""The same load once, twice and four times, with as many times the vehicles: what a million values cost each time.

Work that grows with the load alone costs as much for each value; a cost that grows faster is a design fault, or a
thing that has to be known.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvloop

from kaido.bench.figure import Figure
from kaido.bench.ingest import Measured
from kaido.bench.site import Site, cpu_seconds
from kaido.bench.vehicles import SAMPLES, Company, connect
from kaido.sim.load import LoadClient

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kaido.bench.options import BenchOptions

TIMES = (1, 2, 4)
VEHICLES = 1_000
VALUES_A_SECOND = 250_000
CEILING = 1.2
"""How much more a value may cost at four times the load."""
PARTS = ("gateway", "nats", "ingest")


@dataclass(frozen=True)
class _Point:
    """What one load cost: seconds of CPU for a million values, by process; megabytes; seconds to the PUBACK."""

    times: int
    values_a_second: float
    cpu_s: Mapping[str, float]
    megabytes: Mapping[str, float]
    p99_s: float

    @property
    def total_s(self) -> float:
        return sum(self.cpu_s.values())


def run(options: BenchOptions) -> list[Figure]:
    """The figures."""
    points = [uvloop.run(_measure(options, times)) for times in options.pick(TIMES, (1, 4))]
    figures = []
    for point in points:
        name = f"{point.times}x: {point.values_a_second / 1e6:.2f} M values/s of {_vehicles(options, point.times):,}"
        figures.append(Figure.of(f"{name}, CPU of all for a million", point.total_s, "s", better="lower"))
        figures += [
            Figure.of(f"{name}, CPU of {part} for a million", point.cpu_s[part], "s", better="lower") for part in PARTS
        ]
        figures.append(Figure.of(f"{name}, PUBACK 99 %", 1e3 * point.p99_s, "ms", better="lower"))
        figures += [
            Figure.of(f"{name}, memory of {part}", point.megabytes[part], "MB", better="lower") for part in PARTS
        ]
    first, last = points[0], points[-1]
    what = f"cost of a value at {last.times}x against 1x"
    figures.append(Figure.of(what, last.total_s / first.total_s, "x", bound=CEILING, better="lower"))
    return figures


def _vehicles(options: BenchOptions, times: int) -> int:
    return times * options.pick(VEHICLES, 25)


async def _measure(options: BenchOptions, times: int) -> _Point:
    folder = options.folder / f"{times}x"
    seconds = options.pick(max(options.seconds / 3, 5.0), options.seconds)
    rate = times * options.pick(VALUES_A_SECOND, 50_000) / SAMPLES
    async with Site(folder, ["gateway", "ingest"]) as site:
        company = Company(site)
        vehicles = await asyncio.to_thread(company.vehicles, _vehicles(options, times))
        server = await company.server()
        ingest = Measured(site)
        async with LoadClient(server, vehicles) as load:
            await connect(load)
            await load.publish(options.pick(2.0, 0.5), rate=rate)
            await ingest.until(load.tally.acknowledged * SAMPLES)
            options.say(f"{times}x: {rate * SAMPLES:,.0f} values/s of {len(vehicles)} vehicles for {seconds:.0f} s")
            before, began, already = site.usage(), time.perf_counter(), load.tally.acknowledged
            figures = await load.publish(seconds, rate=rate)
            published = time.perf_counter() - began
            await ingest.until(load.tally.acknowledged * SAMPLES)
            values = (load.tally.acknowledged - already) * SAMPLES
            after = site.usage()
    spent = cpu_seconds(before, after)
    return _Point(
        times=times,
        values_a_second=values / published,
        cpu_s={part: spent[part] / (values / 1e6) for part in PARTS},
        megabytes={part: after[part].rss_bytes / 1e6 for part in PARTS},
        p99_s=figures.p99_s,
    )
