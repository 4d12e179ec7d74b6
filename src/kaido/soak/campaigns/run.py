"""One soak of campaigns and commands, from start to verdict."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from kaido.errors import KaidoError
from kaido.runtime import tasks
from kaido.soak.campaigns import garage, outboxes, verdict
from kaido.soak.campaigns.cars import QUIET, state
from kaido.soak.campaigns.changes import Changes
from kaido.soak.campaigns.garage import Garage
from kaido.soak.campaigns.orders import Orders
from kaido.soak.campaigns.patient import Patient
from kaido.soak.campaigns.schedule import AGENTS, draw
from kaido.soak.result import Result
from kaido.soak.site import Site, traces_in
from kaido.soak.verdict import Check
from kaido.soak.watch import at_rest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kaido.client import Client
    from kaido.soak.schedule import Event

COMPANY = "east"
GATEWAYS = 2
SETTLE_SECONDS = 240.0
_LOOK_SECONDS = 1.0
_RETRY_SECONDS = 0.25
_PAGE = 1_000
_SETTINGS = {"KAIDO_GATEWAYS": str(GATEWAYS), "KAIDO_COMPACT_SECONDS": "20", "KAIDO_SNAPSHOT_SECONDS": "10"}


@dataclass(frozen=True)
class Plan:
    """What a soak of campaigns is.

    Attributes:
        minutes: of changes and kills.
        vehicles: agents, of one company.
        seed: of changes, kills and commands.
    """

    minutes: float = 10.0
    vehicles: int = 200
    seed: int = 1


async def run(plan: Plan, folder: Path, say: Callable[[str], None]) -> Result:
    """Start a platform and its agents in ``folder``, change, kill and command, let it come to rest, and count.

    Raises:
        UnavailableError: the platform does not start.
    """
    site = Site(folder, _SETTINGS)
    await asyncio.to_thread(site.start)
    try:
        await asyncio.to_thread(_prepare, site, plan.vehicles)
        agents = Garage(folder, plan.vehicles)
        try:
            return await _Soak(plan, site, agents, say).run()
        finally:
            await asyncio.to_thread(agents.stop)
    finally:
        if site.running:
            await asyncio.to_thread(site.stop)


def _prepare(site: Site, cars: int) -> None:
    with site.client() as client:
        client.post("/v1/companies", json={"name": COMPANY})
        garage.enrol(client, site.folder, cars)


class _Soak:
    """One, on a platform that runs."""

    def __init__(self, plan: Plan, site: Site, agents: Garage, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._site = site
        self._agents = agents
        self._say = say
        self._lot = random.Random(plan.seed)  # noqa: S311  # it has to be repeatable, not secret
        self._api = Patient(site)
        self._changes = Changes(self._api, plan.vehicles, random.Random(plan.seed + 1))  # noqa: S311  # as above
        self._orders = Orders(self._api, plan.vehicles, random.Random(plan.seed + 2))  # noqa: S311  # as above
        self._killed: Counter[str] = Counter()

    async def run(self) -> Result:
        events = draw(self._plan.minutes, self._lot)
        seconds = 60 * self._plan.minutes
        await asyncio.to_thread(self._agents.start)
        keeping = asyncio.create_task(self._agents.keep())
        try:
            await self._changes.begin()
            self._say(f"{self._plan.vehicles} agents; {len(events)} kills in {self._plan.minutes:g} minutes")
            async with asyncio.TaskGroup() as group:
                group.create_task(self._kill(events))
                group.create_task(self._changes.make(seconds))
                group.create_task(self._orders.send(seconds))
            self._say("coming to rest")
            began = time.monotonic()
            left = await self._settle()
            settled = time.monotonic() - began
        finally:
            await tasks.end([keeping])
        codes = await asyncio.to_thread(self._agents.stop)
        status = await at_rest(self._site)
        self._say("at rest; counting")
        standings = await self._standings()
        results = await self._orders.results()
        checks = await asyncio.to_thread(self._judge, standings, results)
        code, _ = await asyncio.to_thread(self._site.stop)
        planned = Counter(event.part for event in events)
        checks += [
            Check("every part was killed as often as planned", len(planned), len(planned - self._killed)),
            Check("every outbox became empty", self._plan.vehicles, left),
            Check("the platform is well by itself", 1, int(status["state"] != "running"), str(status["problems"])),
            Check("agents and platform end when they are told to", len(codes) + 1, sum(map(bool, [*codes, code]))),
        ]
        traces = [*self._site.traces(), *traces_in([self._agents.log])]
        checks.append(Check("no log shows a stack trace", 1, len(traces), "; ".join(traces[:3])))
        return Result(asdict(self._plan), checks, self._deeds(), self._figures(checks, results, settled))

    async def _kill(self, events: Sequence[Event]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for event in events:
            await asyncio.sleep(max(began + event.at_s - loop.time(), 0))
            self._say(f"{event.at_s:7.1f} s  kill {event.part}")
            while not await asyncio.to_thread(self._kill_one, event.part):  # noqa: ASYNC110  # it may just be starting
                await asyncio.sleep(_RETRY_SECONDS)
            self._killed[event.part] += 1

    def _kill_one(self, part: str) -> bool:
        return self._agents.kill(self._lot) if part == AGENTS else self._site.signal(part, signal.SIGKILL, self._lot)

    async def _settle(self) -> int:
        """Silence the cars; wait until all has come and everybody holds what he should. Outboxes that are not empty."""
        (self._site.folder / QUIET).touch()
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            left = await asyncio.to_thread(self._waiting)
            if (not left and await self._has_converged()) or time.monotonic() > deadline:
                return left

    def _waiting(self) -> int:
        return sum(outboxes.waiting(state(self._site.folder, car)) > 0 for car in range(self._plan.vehicles))

    async def _has_converged(self) -> bool:
        try:
            standings = await self._standings()
        except KaidoError:
            return False
        return all(check.ok for check in verdict.convergence(self._changes.wanted, standings, self._plan.vehicles))

    async def _standings(self) -> verdict.Standings:
        def ask(client: Client) -> verdict.Standings:
            path = "/v1/campaigns/{}/vehicles"
            return {one: list(client.pages(path.format(one), {"limit": _PAGE})) for one in self._changes.wanted}

        found: verdict.Standings = await self._api.ask(ask)
        return found

    def _judge(self, standings: verdict.Standings, results: dict[str, dict[str, Any]]) -> list[Check]:
        folder, cars, wanted = self._site.folder, self._plan.vehicles, self._changes.wanted
        kept = verdict.noted(folder, cars)
        return [
            *verdict.convergence(wanted, standings, cars),
            verdict.documents(folder, wanted, cars),
            *verdict.events(self._site.data / "lake", COMPANY, kept, cars, self._changes.suspended),
            *verdict.commands(folder, self._orders.sent, results, cars),
        ]

    def _deeds(self) -> dict[str, int]:
        changed = {f"{kind} a campaign": count for kind, count in self._changes.done.items()}
        return dict(sorted({**{f"kill {part}": count for part, count in self._killed.items()}, **changed}.items()))

    def _figures(self, checks: Sequence[Check], results: dict[str, dict[str, Any]], settled: float) -> dict[str, float]:
        outcomes = Counter(f"commands {one['execution']['outcome']}" for one in results.values())
        (persisted,) = [one.cases for one in checks if one.name.startswith("every event that a vehicle persisted")]
        return {
            "events": persisted,
            "commands": len(results),
            **dict(sorted(outcomes.items())),
            "asked_again": self._api.again,
            "at_rest_after_s": round(settled, 1),
        }
