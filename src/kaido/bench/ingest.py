"""Signal values a second from a vehicle's socket to the committed lake and the twin, held for a minute.

Vehicles with mutual TLS publish VehicleData of 100 samples; gateway, journal, ingest and the load generator share the
machine. The load follows what ingest commits: a little more while little waits in the journal, less when more does. So
the figure is what all of it together sustains, and not what one part does while another one falls behind.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import uvloop

from kaido.bench.figure import Figure
from kaido.bench.options import Spent
from kaido.bench.site import Site, cpu_seconds
from kaido.bench.vehicles import COMPANY, SAMPLES, Company, connect
from kaido.errors import UnavailableError
from kaido.lake import Lake
from kaido.sim.load import LoadClient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.bench.options import BenchOptions

VEHICLES = 100
BURST = 8
"""Publishes that a vehicle sends behind each other, as one does that was out of reach for some seconds."""
FLOOR = 2_500_000.0
WARM_SECONDS = 3.0
DRAIN_SECONDS = 60.0
STEP_SECONDS = 0.5
BEHIND_SECONDS = 1.5
"""What may wait in the journal, as time at the present rate."""


@dataclass
class Pace:
    """How much load to make.

    Attributes:
        rate: publishes a second.
        waiting: the values that waited in the journal at each look.
    """

    rate: float
    waiting: list[float] = field(default_factory=list)

    def follow(self, waiting: float) -> None:
        """Take up that so many acknowledged values are not committed yet."""
        self.waiting.append(waiting)
        self.rate *= 0.93 if waiting > BEHIND_SECONDS * self.rate * SAMPLES else 1.03


class Measured:
    """A site with gateway and ingest, and what ingest has committed there."""

    def __init__(self, site: Site, parts: Sequence[str] = ("ingest",)) -> None:
        self._site = site
        self._parts = parts

    async def committed(self) -> float:
        """Values in the lake and the twin, of all ingests together, since they started."""
        reports = await asyncio.gather(*(self._site.report(part) for part in self._parts))
        name = f'values_total{{company="{COMPANY}"}}'
        return sum(float(report["counters"].get(name, 0.0)) for report in reports)

    async def until(self, values: float) -> float:
        """Wait until so many are committed; the moment when that was seen.

        Raises:
            UnavailableError: it takes too long.
        """
        deadline = time.perf_counter() + DRAIN_SECONDS
        while await self.committed() < values:
            if time.perf_counter() > deadline:
                raise UnavailableError("ingest does not commit what was acknowledged", why=f"not in {DRAIN_SECONDS} s")
            await asyncio.sleep(0.1)
        return time.perf_counter()


def run(options: BenchOptions) -> list[Figure]:
    """The figures."""
    return uvloop.run(_run(options))


async def _run(options: BenchOptions) -> list[Figure]:
    figures = await _measure(options)
    await _profile(options)
    return figures


async def _profile(options: BenchOptions) -> None:
    """A second, shorter run, to see where the time of gateway and ingest goes."""
    async with Site(options.folder / "profiled", ["gateway", "ingest"], profiled=True) as site:
        company = Company(site)
        vehicles = company.vehicles(VEHICLES)
        async with LoadClient(await company.server(), vehicles) as load:
            await connect(load)
            pace = Pace(FLOOR / SAMPLES)
            await _hold(load, Measured(site), pace, options.pick(WARM_SECONDS, 0.5))
            before = site.usage()
            site.begin_profiles()
            await _hold(load, Measured(site), pace, options.seconds / 6)
            spent = cpu_seconds(before, site.usage())
        for part, functions in (await site.profiles()).items():
            stage = f"{part} under this load, {spent[part]:.1f} s of CPU: seconds of all its threads"
            options.spent.extend(Spent(stage, name, seconds) for name, seconds in functions)


async def _measure(options: BenchOptions) -> list[Figure]:
    async with Site(options.folder / "measured", ["gateway", "ingest"]) as site:
        company = Company(site)
        vehicles = company.vehicles(VEHICLES)
        server = await company.server()
        ingest = Measured(site)
        async with LoadClient(server, vehicles) as load:
            await connect(load)
            pace = Pace(FLOOR / SAMPLES)
            await _hold(load, ingest, pace, options.pick(WARM_SECONDS, 0.5))
            options.say(f"{options.seconds:.0f} s of load, as much as is committed")
            pace.waiting.clear()
            before, usage, began = await ingest.committed(), site.usage(), time.perf_counter()
            await _hold(load, ingest, pace, options.seconds)
            after, ended = await ingest.committed(), time.perf_counter()
            spent = cpu_seconds(usage, site.usage())
            acknowledged = load.tally.acknowledged * SAMPLES
            drained = await ingest.until(acknowledged)
        stored = _rows(site)
    millions = (after - before) / 1e6
    stage = f"CPU of each process for {millions:.0f} million values in {ended - began:.0f} s"
    options.spent.extend(Spent(stage, part, seconds) for part, seconds in spent.items())
    if stored != acknowledged:
        raise UnavailableError("the lake is wrong", why=f"{stored} rows of {acknowledged} acknowledged values")
    options.remark(
        f"{VEHICLES} vehicles with mutual TLS, bursts of {BURST} publishes of {SAMPLES} samples; all {stored:,} "
        f"acknowledged values are in the lake once, the last {drained - ended:.1f} s after the load ended."
    )
    return [
        Figure.of(
            "values from socket to committed lake and twin, sustained",
            (after - before) / (ended - began),
            "values/s",
            bound=FLOOR,
        ),
        Figure.of("values that waited in the journal, at most", max(pace.waiting) / 1e6, "million", better="lower"),
        *(
            Figure.of(f"CPU of {part} for a million values", seconds / millions, "s", better="lower")
            for part, seconds in spent.items()
        ),
    ]


async def _hold(load: LoadClient, ingest: Measured, pace: Pace, seconds: float) -> None:
    """Publish for so long, at the pace that ingest keeps."""
    ends = time.perf_counter() + seconds
    while (left := ends - time.perf_counter()) > 0:
        looking = asyncio.create_task(ingest.committed())
        await load.publish(min(left, STEP_SECONDS), rate=pace.rate, burst=BURST)
        pace.follow(load.tally.acknowledged * SAMPLES - await looking)


def _rows(site: Site) -> int:
    return Lake(site.settings.lake, COMPANY).statistics()["signals"]["rows"]
