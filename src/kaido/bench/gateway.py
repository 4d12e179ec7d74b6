"""QoS 1 publishes a second, each acknowledged after the journal has it on disk, beside Mosquitto, which keeps nothing.

Both serve the same load client on the same machine, in turns, without TLS and with mutual TLS.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import uvloop

from kaido.bench.figure import Figure, Runs
from kaido.bench.mosquitto import Mosquitto
from kaido.bench.options import Spent
from kaido.bench.peers import PeerMissingError
from kaido.bench.site import HOST, Site, cpu_seconds
from kaido.bench.vehicles import COMPANY, Company, connect
from kaido.sim.load import LoadClient, Server, opaque

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.bench.options import BenchOptions
    from kaido.sim.load import LoadVehicle

CONNECTIONS = 50
FLOORS = {200: 150_000.0, 2_000: 40_000.0}
RATIO = 2.0
RATIO_SIZE, RATIO_LINK = 200, "no TLS"
"""Where the ratio has a bound: encryption costs both sides and, most of all, the load client, about the same."""


@dataclass
class _Sides:
    """What both sides reached in each run, publishes a second."""

    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)


def run(options: BenchOptions) -> list[Figure]:
    """The figures: for each size, without TLS and with it."""
    return uvloop.run(_run(options))


async def _run(options: BenchOptions) -> list[Figure]:
    figures: list[Figure] = []
    async with Site(options.folder, ["gateway", "plain_gateway"]) as site, AsyncExitStack() as stack:
        company = Company(site)
        vehicles = company.vehicles(CONNECTIONS, [opaque(1)])
        ours = {True: await company.server(), False: Server(HOST, await site.port("plain_gateway"))}
        peers = {tls: Mosquitto(options, options.folder, company.tls() if tls else None) for tls in ours}
        left_out = ""
        try:
            for peer in peers.values():
                await stack.enter_async_context(peer)
        except PeerMissingError as error:
            left_out = str(error)
        for size, floor in FLOORS.items():
            publishing = [replace(vehicle, payloads=[opaque(size)]) for vehicle in vehicles]
            for tls in (False, True):
                theirs = None if left_out else Server(HOST, peers[tls].port, ours[tls].ca)
                link = "mutual TLS" if tls else "no TLS"
                sides = await _compare(options, site, f"{size:,} B, {link}", publishing, ours[tls], theirs)
                figures += _figures(size, link, floor, sides, peers[tls].version, left_out)
    options.remark(
        f"{CONNECTIONS} connections with 64 publishes each under way; the load client is one process on the same "
        "machine. The gateway acknowledges after the journal's fsync, Mosquitto without keeping anything."
    )
    return figures


def _figures(size: int, link: str, floor: float, sides: _Sides, peer: str, left_out: str) -> list[Figure]:
    ours = Runs(tuple(sides.ours))
    theirs = Runs(tuple(sides.theirs)) if sides.theirs else None
    name = f"publishes of {size:,} B acknowledged, {link}"
    value = theirs.median if theirs else None
    figures = [
        Figure.of(name, ours, "publishes/s", bound=floor, peer=peer, peer_value=value, left_out=left_out),
    ]
    if size == RATIO_SIZE and link == RATIO_LINK:
        what = f"times Mosquitto at {size} B, {link}"
        if theirs:
            figures.append(Figure.times(what, ours, peer, theirs, bound=RATIO))
        else:
            figures.append(Figure.missing(what, "x", left_out, bound=RATIO, peer=peer))
    return figures


async def _compare(
    options: BenchOptions,
    site: Site,
    what: str,
    vehicles: Sequence[LoadVehicle],
    ours: Server,
    theirs: Server | None,
) -> _Sides:
    sides = _Sides()
    seconds = options.pick(5.0, 0.5)
    options.say(what)
    before = site.usage()
    spent = cpu_seconds(before, before)
    for _ in range(options.runs):
        before = site.usage()
        sides.ours.append(await _rate(ours, vehicles, seconds))
        run = cpu_seconds(before, site.usage())
        spent = {part: spent[part] + run[part] for part in spent}
        await site.forget(COMPANY)
        if theirs is not None:
            sides.theirs.append(await _rate(theirs, vehicles, seconds))
    stage = f"{what}: CPU seconds of {1.2 * seconds * options.runs:.0f} s"
    options.spent.extend(Spent(stage, part, used) for part, used in spent.items() if used)
    return sides


async def _rate(server: Server, vehicles: Sequence[LoadVehicle], seconds: float) -> float:
    async with LoadClient(server, vehicles) as load:
        await connect(load)
        await load.publish(seconds / 5)
        return (await load.publish(seconds)).per_second
