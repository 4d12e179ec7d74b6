"""Commands to single vehicles of a large connected fleet: how soon one is there, how soon its outcome is known.

Each is sent over HTTP, as by an operator, under a policy without rates; the vehicle (of the load client, in this
process, by the same clock) acknowledges and answers at once. Gateway, ingest, control, API, NATS and the load share the
machine.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import numpy as np
import uvloop

from kaido.bench.figure import Figure
from kaido.bench.site import HOST, Site
from kaido.bench.vehicles import COMPANY, Company, connect
from kaido.catalog.actuator_signal import ActuatorSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.store import CatalogStore
from kaido.commands.policies import Policies
from kaido.commands.policy import Policy
from kaido.company import Tokens
from kaido.control.answers import Vehicle
from kaido.control.checkins import Checkins
from kaido.errors import UnavailableError
from kaido.sim.load import LoadClient
from kaido.sim.load.commands import Commands
from kaido.wire.topics import KAIDO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.bench.options import BenchOptions

FLEET, QUICK_FLEET = 10_000, 50
RATE = 20.0
"""Commands a second."""
CEILING_MS = 200.0
PATH = "Vehicle.Cabin.HVAC.IsAirConditioningActive"
WARM_SECONDS = 3.0
LOOKED_AT = 4
"""Of so many commands one is asked for until its outcome is known."""
_LOOK_S = 0.01
_PATIENCE_S = 30.0


@dataclass
class _Measured:
    began: dict[tuple[str, str], float] = field(default_factory=dict)
    known_ms: list[float] = field(default_factory=list)
    accepted_ms: list[float] = field(default_factory=list)


def run(options: BenchOptions) -> list[Figure]:
    """The figures."""
    return uvloop.run(_run(options))


async def _run(options: BenchOptions) -> list[Figure]:
    size = options.pick(FLEET, QUICK_FLEET)
    async with Site(options.folder, ["gateway", "ingest", "control", "api"]) as site:
        company = Company(site)
        vehicles = company.vehicles(size)
        equipped = DecoderManifest.of("bench", company.manifest.signals, actuators=[ActuatorSignal(PATH, "boolean")])
        CatalogStore(site.store).save_manifest(COMPANY, equipped)
        Policies(site.store, site.settings).set(COMPANY, Policy(per_vehicle=None, per_issuer=None), "bench")
        held = Vehicle(frozenset({equipped.sync_id}), time.time())  # the load checks in no more
        Checkins(site.store).save([((COMPANY, vehicle.id), held) for vehicle in vehicles])
        token = Tokens(site.store).create(COMPANY, "bench", ["read", "command"])
        heard = Commands(KAIDO)
        options.say(f"{size:,} vehicles connect")
        async with LoadClient(await company.server(), vehicles, commands=heard) as load:
            await connect(load)
            url = f"http://{HOST}:{site.settings.api_port}/v1"
            headers = {"Authorization": f"Bearer {token}"}
            async with httpx.AsyncClient(base_url=url, headers=headers, timeout=_PATIENCE_S) as http:
                names = [vehicle.id for vehicle in vehicles]
                await _send(http, names, heard, options.pick(WARM_SECONDS, 0.5))
                options.say(f"{RATE:g} commands a second")
                measured = await _send(http, names, heard, options.seconds)
            up = load.up
    if up < size:
        raise UnavailableError("vehicles have lost their connection", why=f"{size - up} of {size}")
    return _figures(options, size, measured, heard)


def _figures(options: BenchOptions, size: int, measured: _Measured, heard: Commands) -> list[Figure]:
    late_ms = [1e3 * (heard.got[key][0] - began) for key, began in measured.began.items()]
    again = sum(len(heard.got[key]) - 1 for key in measured.began)
    half, most = np.percentile(late_ms, [50, 99])
    known_half, known_most = np.percentile(measured.known_ms, [50, 99])
    accepted = float(np.percentile(measured.accepted_ms, 50))
    options.remark(
        f"{len(late_ms):,} commands at {RATE:g}/s, {size:,} vehicles connected; the API had answered within "
        f"{accepted:.1f} ms (half). {again} were delivered more than once."
    )
    return [
        Figure.of("API call to the vehicle's receipt, half", float(half), "ms", better="lower"),
        Figure.of("API call to the vehicle's receipt, 99 %", float(most), "ms", bound=CEILING_MS, better="lower"),
        Figure.of(f"API call to receipt, the slowest of {len(late_ms)}", max(late_ms), "ms", better="lower"),
        Figure.of("API call to the known outcome, half", float(known_half), "ms", better="lower"),
        Figure.of("API call to the known outcome, 99 %", float(known_most), "ms", better="lower"),
    ]


async def _send(http: httpx.AsyncClient, names: Sequence[str], heard: Commands, seconds: float) -> _Measured:
    """Send at the rate, for so long; then wait until all are there."""
    chosen = np.random.default_rng(1)
    measured = _Measured()
    under_way: set[asyncio.Task[None]] = set()
    began, number = time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < seconds:
        while number < RATE * passed:
            task = asyncio.create_task(
                _one(http, names[int(chosen.integers(len(names)))], measured, look=number % LOOKED_AT == 0)
            )
            under_way.add(task)
            number += 1
        await asyncio.sleep(_LOOK_S / 5)
    await asyncio.gather(*under_way)
    deadline = time.perf_counter() + _PATIENCE_S
    while not all(key in heard.got for key in measured.began):
        if time.perf_counter() > deadline:
            raise UnavailableError("commands did not arrive", why=f"within {_PATIENCE_S:g} s")
        await asyncio.sleep(_LOOK_S)
    return measured


async def _one(http: httpx.AsyncClient, vehicle: str, measured: _Measured, *, look: bool) -> None:
    began = time.perf_counter()
    wish = {"vehicle": vehicle, "signal": PATH, "value": True, "timeout": "60s"}
    answer = await http.post("/commands", json=wish)
    if answer.is_error:
        raise UnavailableError("a command was refused", why=answer.text)
    identifier = answer.json()["id"]
    measured.accepted_ms.append(1e3 * (time.perf_counter() - began))
    measured.began[vehicle, identifier] = began
    deadline = began + _PATIENCE_S
    while look:
        outcome = (await http.get(f"/commands/{identifier}")).json()["execution"]["outcome"]
        if outcome is not None:
            if outcome != "succeeded":
                raise UnavailableError("a command did not succeed", why=str(outcome))
            measured.known_ms.append(1e3 * (time.perf_counter() - began))
            return
        if time.perf_counter() > deadline:
            raise UnavailableError("a command has no outcome", why=f"after {_PATIENCE_S:g} s")
        await asyncio.sleep(_LOOK_S)
