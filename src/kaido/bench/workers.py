"""Two ingests on two partitions against one on both, each pinned to a core of its own.

They work off a journal that was filled before, so that nothing but ingest and NATS takes part.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

import uvloop

from kaido.bench.backlog import fill
from kaido.bench.figure import Figure
from kaido.bench.ingest import Measured
from kaido.bench.options import Spent
from kaido.bench.site import Site
from kaido.bench.vehicles import COMPANY, Company
from kaido.errors import UnavailableError
from kaido.twin import dividing

if TYPE_CHECKING:
    from kaido.bench.options import BenchOptions

PARTITIONS = 2
VEHICLES = 100
MILLIONS = 40
FLOOR = 1.6
"""Close to twice, where NATS, which feeds both, has the same two cores to run on."""
DIVIDED_SECONDS = 20.0


def run(options: BenchOptions) -> list[Figure]:
    """The figures."""
    cores = sorted(os.sched_getaffinity(0))
    what = "values committed, two ingests against one"
    if len(cores) < PARTITIONS:
        return [Figure.missing(what, "x", "there is one core only", bound=FLOOR)]
    rates = [uvloop.run(_rate(options, cores[:count])) for count in (1, PARTITIONS)]
    options.remark(
        f"{PARTITIONS} partitions, {VEHICLES} vehicles, each ingest pinned to one of the cores {cores[:PARTITIONS]} "
        "with taskset; NATS, which reads the journal for them, on whichever core is free."
    )
    return [
        Figure.of("values committed by one ingest on one core", rates[0], "values/s"),
        Figure.of("values committed by two ingests on two cores", rates[1], "values/s"),
        Figure.of(what, rates[1] / rates[0], "x", bound=FLOOR),
    ]


async def _rate(options: BenchOptions, cores: list[int]) -> float:
    """Values a second of as many ingests as cores."""
    parts = [f"ingest-{number}" for number in range(len(cores))]
    async with Site(
        options.folder / f"{len(cores)}",
        [],
        pins={part: str(core) for part, core in zip(parts, cores, strict=True)},
        environment={part: {"KAIDO_INGEST_NUMBER": str(number)} for number, part in enumerate(parts)},
        partitions=PARTITIONS,
        ingests=len(parts),
    ) as site:
        company = Company(site)
        await asyncio.to_thread(company.vehicles, VEHICLES)
        await site.start(*parts)
        await _divided(site)
        await site.stop(*parts)
        options.say(f"{len(parts)} of {PARTITIONS}: filling the journal")
        values = await fill(site, company.payloads(), VEHICLES, int(options.pick(MILLIONS, 0.5) * 1e6))
        await site.start(*parts)
        started = 0.0, time.perf_counter()
        ingest = Measured(site, parts)
        already, began = await _begun(ingest)
        if already >= values:  # so few that the first look came too late
            already, began = started
        ended = await ingest.until(values)
        usage = site.usage()
    stage = f"CPU seconds for {values / 1e6:.0f} million values, {len(parts)} ingest" + "s" * (len(parts) > 1)
    options.spent.extend(Spent(stage, part, usage[part].cpu_s) for part in (*parts, "nats"))
    return (values - already) / max(ended - began, 1e-3)


async def _divided(site: Site) -> None:
    """Wait until the twin is in as many slices as there are partitions."""
    deadline = time.monotonic() + DIVIDED_SECONDS
    while dividing.in_force(site.settings, COMPANY) != PARTITIONS:  # another process writes the file
        if time.monotonic() > deadline:
            raise UnavailableError("ingest does not divide the twin", fix="See its log")
        await asyncio.sleep(0.1)


async def _begun(ingest: Measured) -> tuple[float, float]:
    """What is committed when the first is, and that moment: how long a process takes to start does not count."""
    while not (committed := await ingest.committed()):  # noqa: ASYNC110  # a peer is asked
        await asyncio.sleep(0.05)
    return committed, time.perf_counter()
