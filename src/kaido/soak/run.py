"""One soak from start to verdict."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from kaido.runtime import tasks
from kaido.soak import fleet as fleets
from kaido.soak.deeds import Deeds
from kaido.soak.ledger import Ledger
from kaido.soak.result import Result
from kaido.soak.schedule import KILLED, draw
from kaido.soak.site import Site
from kaido.soak.verdict import Check, judge
from kaido.soak.watch import Watch, at_rest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kaido.soak.fleet import Fleet

STOPS_WITHIN_SECONDS = 30.0
SPARE_CONNECTIONS = 500
_SETTINGS = {
    "KAIDO_COMPACT_SECONDS": "20",  # so that kills fall into compactions and snapshots too
    "KAIDO_SNAPSHOT_SECONDS": "10",
}


@dataclass(frozen=True)
class Plan:
    """What a soak is.

    Attributes:
        minutes: of load.
        vehicles: of two companies together.
        rate: publishes a second of all.
        samples: values in a publish.
        seed: of the schedule.
    """

    minutes: float = 60.0
    vehicles: int = 100
    rate: float = 500.0
    samples: int = 10
    seed: int = 1


async def run(plan: Plan, folder: Path, say: Callable[[str], None]) -> Result:
    """Start a platform in ``folder``, load it, hurt it, let it come to rest, and count.

    Raises:
        UnavailableError: the platform does not start.
    """
    site = Site(folder, {**_SETTINGS, "KAIDO_GATEWAY_MAX_CONNECTIONS": str(plan.vehicles + SPARE_CONNECTIONS)})
    await asyncio.to_thread(site.start)
    try:
        with Ledger(folder / "acknowledged") as ledger:
            fleet = await asyncio.to_thread(fleets.enrol, site, ledger, plan.vehicles, plan.samples)
            result = await _under_load(plan, site, fleet, ledger, say)
            say("at rest; counting")
            result.checks += await asyncio.to_thread(judge, site, fleet, ledger.table())
            code, seconds = await asyncio.to_thread(site.stop)
            result.figures["stop_seconds"] = round(seconds, 2)
            slow = code != 0 or seconds > STOPS_WITHIN_SECONDS
            result.checks.append(Check("the platform ends when it is told to", 1, int(slow), f"exit code {code}"))
            traces = site.traces()
            result.checks.append(Check("no log shows a stack trace", 1, len(traces), "; ".join(traces[:3])))
            return result
    finally:
        if site.running:
            await asyncio.to_thread(site.stop)


async def _under_load(plan: Plan, site: Site, fleet: Fleet, ledger: Ledger, say: Callable[[str], None]) -> Result:
    events = draw(plan.minutes, plan.seed)
    say(f"{plan.vehicles} vehicles, {plan.rate:g} publishes a second; {len(events)} deeds in {plan.minutes:g} minutes")
    deeds = Deeds(site, fleet, plan.seed, say)
    watch = Watch(site, lambda: ledger.count)
    async with contextlib.AsyncExitStack() as stack:
        for client in fleet.clients:
            await stack.enter_async_context(client)
            await client.connect()
        watching = [asyncio.create_task(one) for one in (watch.acknowledgements(), watch.answers())]
        share = plan.rate / len(fleet.clients)
        try:
            await asyncio.gather(
                deeds.carry_out(events),
                *(client.publish(60 * plan.minutes, rate=share) for client in fleet.clients),
            )
        finally:
            await tasks.end(watching)
        in_doubt = sum(client.in_doubt for client in fleet.clients)
    status = await at_rest(site)
    figures = {
        "acknowledged": ledger.count,
        "resent": sum(client.tally.resent for client in fleet.clients),
        "rejected": sum(client.tally.rejected for client in fleet.clients),
        "longest_without_acknowledgement_s": round(watch.acknowledging.seconds, 2),
        "longest_without_api_s": round(watch.answering.seconds, 2),
    }
    wanted = {f"kill {part}": sum(event.deed == "kill" and event.part == part for event in events) for part in KILLED}
    missed = sum(deeds.done[name] != count for name, count in wanted.items())
    problems = status["problems"]
    return Result(
        asdict(plan),
        [
            Check("every part was killed as often as planned", len(wanted), missed),
            Check("every publish was acknowledged in the end", ledger.count, in_doubt),
            Check(
                "the platform is well by itself",
                1,
                int(status["state"] != "running"),
                str(problems) if problems else "",
            ),
        ],
        dict(sorted(deeds.done.items())),
        figures,
    )
