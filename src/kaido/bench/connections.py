"""Idle connections with mutual TLS: how many are held, what each costs, and what handshakes cost; beside Mosquitto.

Rates are those of a core of the server: connections made, by the CPU seconds that the server used for them. The load
client shares the machine and pays about as much for a handshake as the server does.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvloop

from kaido.bench.figure import Figure
from kaido.bench.measuring import usage
from kaido.bench.mosquitto import Mosquitto
from kaido.bench.peers import PeerMissingError
from kaido.bench.site import HOST, Site
from kaido.bench.vehicles import Company
from kaido.sim.load import LoadClient, Server, opaque

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.bench.options import BenchOptions
    from kaido.sim.load import LoadVehicle

CONNECTIONS = 10_000
QUICK_CONNECTIONS = 200
WARM = 50
"""Connections made before the first look at the memory: what the server needs once is not what each costs."""
KILOBYTES_EACH = 45.0
FULL_HANDSHAKES = 250.0


@dataclass(frozen=True)
class _Held:
    """What one server did. Bytes of memory each; connections made by CPU second; what a storm took."""

    name: str
    held: int
    each_kb: float
    full: float
    resumed: float
    storm_s: float
    came_back: int
    resumptions: int


def run(options: BenchOptions) -> list[Figure]:
    """The figures."""
    return uvloop.run(_run(options))


async def _run(options: BenchOptions) -> list[Figure]:
    count = options.pick(CONNECTIONS, QUICK_CONNECTIONS)
    payloads = [opaque(200)]
    peer: _Held | None = None
    left_out = ""
    async with Site(options.folder, ["gateway"]) as site, AsyncExitStack() as stack:
        company = Company(site)
        options.say(f"certificates for {count} vehicles")
        vehicles = await asyncio.to_thread(company.vehicles, count + WARM, payloads)
        pid = site.processes["gateway"].pid
        assert pid is not None
        server = await company.server()
        ours = await _hold(options, "gateway", server, vehicles, pid)
        mosquitto = Mosquitto(options, options.folder, company.tls())
        try:
            await stack.enter_async_context(mosquitto)
        except PeerMissingError as error:
            left_out = str(error)
        else:
            there = Server(HOST, mosquitto.port, server.ca)
            peer = await _hold(options, mosquitto.version, there, vehicles, mosquitto.pid)
    if ours.resumptions < ours.came_back:
        options.remark(f"{ours.came_back - ours.resumptions} of {ours.came_back} took no earlier TLS session up")
    return _figures(count, ours, peer, left_out)


async def _hold(options: BenchOptions, name: str, server: Server, vehicles: Sequence[LoadVehicle], pid: int) -> _Held:
    warm, others = vehicles[:WARM], vehicles[WARM:]
    async with LoadClient(server, warm) as first, LoadClient(server, others) as load:
        await first.connect()
        await asyncio.sleep(options.pick(3.0, 0.5))
        before = usage(pid)
        options.say(f"{name}: {len(others)} full handshakes")
        connected = await load.connect()
        made = usage(pid)
        await asyncio.sleep(options.pick(min(options.seconds, 30.0), 1.0))  # idle; they have to stay
        held, idle = load.up, usage(pid)
        options.say(f"{name}: {held} held; all dropped and back with TLS sessions resumed")
        storm = await load.storm()
        after = usage(pid)
    return _Held(
        name=name,
        held=held,
        each_kb=(idle.rss_bytes - before.rss_bytes) / 1_000 / max(held, 1),
        full=connected.count / max(made.cpu_s - before.cpu_s, 0.01),
        resumed=storm.count / max(after.cpu_s - idle.cpu_s, 0.01),
        storm_s=storm.seconds,
        came_back=storm.count,
        resumptions=storm.resumed,
    )


def _figures(count: int, ours: _Held, peer: _Held | None, left_out: str) -> list[Figure]:
    name = peer.name if peer else "Mosquitto"

    def of(what: str, unit: str, field: str, **more: object) -> Figure:
        return Figure.of(
            what,
            float(getattr(ours, field)),
            unit,
            peer=name,
            peer_value=float(getattr(peer, field)) if peer else None,
            left_out=left_out,
            **more,  # type: ignore[arg-type]  # bound and better, as of() has them
        )

    return [
        of("idle connections with mutual TLS, held", "connections", "held", bound=float(count)),
        of("memory of each, in the server", "kB", "each_kb", bound=KILOBYTES_EACH, better="lower"),
        of("full handshakes (P-256) by a core of the server", "handshakes/s", "full", bound=FULL_HANDSHAKES),
        of("resumed handshakes by a core of the server", "handshakes/s", "resumed", bound=ours.full),
        of(f"all {count} back after all were dropped at once", "s", "storm_s", bound=60.0, better="lower"),
    ]
