"""A simulated fleet: real agents, one a car, on one event loop."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.agent import Agent
from kaido.agent.config import AgentConfig, Endpoint, parse_endpoint
from kaido.errors import KaidoError
from kaido.runtime import log
from kaido.sim import collecting, identities
from kaido.sim.actuators import of_car
from kaido.sim.roster import roster
from kaido.sim.source import CarClock, SimulatedSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kaido.client import Client
    from kaido.sim.identities import Identity
    from kaido.sim.roster import Member

_LOG = logging.getLogger(__name__)
_PROGRESS_S = 1.0


@dataclass(frozen=True)
class Progress:
    """What a fleet has done so far: cars that are connected, and sums over all of them; payloads wait in outboxes."""

    cars: int
    connected: int
    frames: int
    samples: int
    acknowledged: int
    waiting: int


async def run_fleet(
    client: Client,
    *,
    cars: int = 50,
    state: Path,
    stop: asyncio.Event,
    endpoint: str = "",
    markets: Sequence[str] = (),
    seed: int = 1,
    start: float | None = None,
    speed: float = 1.0,
    on_progress: Callable[[Progress], None] | None = None,
) -> Progress:
    """Register, enrol and run simulated cars until ``stop``.

    What was done before is not done again: identities and the agents' outboxes are kept in ``state``.

    Args:
        client: the public API of a running platform, with the right to write.
        cars: how many.
        state: a folder for one company on one platform.
        stop: ends it.
        endpoint: the gateway, ``host:port``; what enrolment answered by default.
        markets: their codes; all by default.
        seed: of the first car.
        start: Unix seconds at which the cars' time starts (now); from there it runs ``speed`` times as fast as ours,
            until it is now.
        speed: see ``start``.
        on_progress: called about every second.

    Returns:
        What they had done at the end.

    Raises:
        NotFoundError: no such market.
        UnavailableError: `fastsim` is not installed, or the platform is away.
        KaidoError: no car could run; the first one's reason.
    """
    members, _ = await asyncio.gather(
        asyncio.to_thread(_planned, cars, markets, seed, start), asyncio.to_thread(collecting.prepare, client)
    )
    known = await asyncio.to_thread(_identities, client, members, state)
    if stop.is_set():
        return Progress(cars, 0, 0, 0, 0, 0)
    clock = CarClock(start, speed)
    agents = [_agent(member, known[member.id], endpoint, clock) for member in members if member.id in known]
    running = [asyncio.create_task(_run(agent, stop)) for agent in agents]
    while any(not task.done() for task in running):
        await asyncio.wait(running, timeout=_PROGRESS_S)
        if on_progress:
            on_progress(_progress(agents))
    failures = [failure for task in running if (failure := task.result()) is not None]
    if failures and len(failures) == len(agents):
        raise failures[0]
    return _progress(agents)


def _planned(cars: int, markets: Sequence[str], seed: int, start: float | None) -> list[Member]:
    """The cars, with their first week planned: later that would hold up the event loop."""
    members = roster(cars, markets, seed)
    first = time.time() if start is None else start
    for member in members:
        member.car.segments(first, first)
    return members


def _identities(client: Client, members: Sequence[Member], state: Path) -> dict[str, Identity]:
    ids = identities.register(client, [_record(member) for member in members])
    return identities.enrol(client, sorted(ids), state)


def _record(member: Member) -> dict[str, str]:
    return {
        "id": member.id,
        "model": member.car.model.name,
        "market": member.car.market.code,
        "platform": collecting.PLATFORM,
        "manifest": collecting.MANIFEST,
    }


def _agent(member: Member, identity: Identity, endpoint: str, clock: CarClock) -> Agent:
    host, port = parse_endpoint(endpoint or identity.endpoint)
    config = AgentConfig(
        vehicle=member.id,
        endpoint=Endpoint(host, port, identity.certificate, identity.key, identity.ca),
        state=identity.folder / "agent",
        command_key=identity.command_key,
    )
    source = SimulatedSource(member.car, clock)
    return Agent(config, source, actuators=of_car(source))


async def _run(agent: Agent, stop: asyncio.Event) -> KaidoError | None:
    """Run one; a car that cannot run does not stop the others."""
    try:
        await agent.run(stop)
    except KaidoError as error:
        log.event(_LOG, logging.ERROR, "a car has ended", vehicle=agent.config.vehicle, why=str(error))
        return error
    return None


def _progress(agents: Sequence[Agent]) -> Progress:
    done = [agent.summary() for agent in agents]
    return Progress(
        cars=len(agents),
        connected=sum(agent.report.gauges.get("connected", 0) > 0 for agent in agents),
        frames=sum(one.frames for one in done),
        samples=sum(one.samples for one in done),
        acknowledged=sum(one.acknowledged for one in done),
        waiting=sum(one.waiting for one in done),
    )
