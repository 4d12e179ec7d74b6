"""From a vehicle's publish to the twin and to a WebSocket, while 100,000 values a second pass.

A payload carries the moment when it was sent. A few vehicles are looked at: when the twin, asked again and again, and a
WebSocket first show a newer moment, that much time has passed since. Both looks are a few milliseconds late at most.
"""

from __future__ import annotations

import asyncio
import json
import time
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import uvloop
from websockets.asyncio.client import connect as open_websocket

from kaido.bench.figure import Figure
from kaido.bench.site import HOST, Site
from kaido.bench.vehicles import COMPANY, SAMPLES, Company, connect
from kaido.company import Tokens
from kaido.errors import NotFoundError, UnavailableError
from kaido.runtime.tasks import end
from kaido.sim.load import LoadClient
from kaido.twin import TwinClient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.bench.options import BenchOptions

VALUES_A_SECOND = 100_000
VEHICLES = 1_000
LOOKED_AT = 5
LOOKED_AT_RATE = 10.0
"""Publishes a second of those looked at, together. Each is in a batch of its own: only a vehicle's newest is seen."""
CEILING_MS = 300.0
WARM_SECONDS = 3.0
PAUSE_SECONDS = 0.002


class Seen:
    """When each newest moment of a vehicle was first seen.

    Attributes:
        late_ms: how long after it was sent, milliseconds.
    """

    def __init__(self) -> None:
        self.late_ms: list[float] = []
        self._newest: dict[str, float] = {}

    def look(self, vehicle: str, sent_s: float) -> None:
        """A value of that moment (Unix seconds) is shown now."""
        if sent_s > self._newest.setdefault(vehicle, sent_s):
            self._newest[vehicle] = sent_s
            self.late_ms.append(1_000 * (time.time() - sent_s))


def run(options: BenchOptions) -> list[Figure]:
    """The figures."""
    return uvloop.run(_run(options))


async def _run(options: BenchOptions) -> list[Figure]:
    twin, socket = Seen(), Seen()
    async with Site(options.folder, ["gateway", "ingest", "api"]) as site:
        company = Company(site)
        vehicles = company.vehicles(options.pick(VEHICLES, 50))
        server = await company.server()
        token = Tokens(site.store).create(COMPANY, "bench", ["read"])
        looked_at, others = vehicles[:LOOKED_AT], vehicles[LOOKED_AT:]
        names = [vehicle.id for vehicle in looked_at]
        async with LoadClient(server, others) as load, LoadClient(server, looked_at) as few:
            for client in (load, few):
                await connect(client)
            url = f"ws://{HOST}:{site.settings.api_port}/v1/live?" + "&".join(f"vehicle={name}" for name in names)
            watching = [
                asyncio.create_task(_ask(TwinClient(site.nats), names, twin)),
                asyncio.create_task(_watch(url, token, socket)),
            ]
            rate = VALUES_A_SECOND / SAMPLES
            try:
                warm = options.pick(WARM_SECONDS, 0.5)
                await asyncio.gather(load.publish(warm, rate=rate), few.publish(warm, rate=2))
                twin.late_ms.clear()
                socket.late_ms.clear()
                figures, _ = await asyncio.gather(
                    load.publish(options.seconds, rate=rate), few.publish(options.seconds, rate=LOOKED_AT_RATE)
                )
                await asyncio.sleep(1)
            finally:
                problems = await end(watching)
    for problem in problems:
        raise problem
    options.remark(
        f"{figures.per_second * SAMPLES:,.0f} values/s of {len(others)} vehicles meanwhile; their publishes were "
        f"acknowledged, on disk, within {1e3 * figures.p50_s:.1f} ms (half) and {1e3 * figures.p99_s:.1f} ms (99 %)."
    )
    return [*_figures("twin", twin.late_ms), *_figures("WebSocket", socket.late_ms)]


def _figures(where: str, late_ms: Sequence[float]) -> list[Figure]:
    if not late_ms:
        return [Figure.missing(f"publish to {where}, 99 %", "ms", "nothing arrived", bound=CEILING_MS)]
    half, most = np.percentile(late_ms, [50, 99])
    return [
        Figure.of(f"publish to {where}, half", float(half), "ms", better="lower"),
        Figure.of(f"publish to {where}, 99 %", float(most), "ms", bound=CEILING_MS, better="lower"),
        Figure.of(f"publish to {where}, the slowest of {len(late_ms)}", max(late_ms), "ms", better="lower"),
    ]


async def _ask(twin: TwinClient, names: Sequence[str], seen: Seen) -> None:
    """Ask the twin for each vehicle in turn, for ever."""
    while True:
        for name in names:
            try:
                known = await twin.vehicle(COMPANY, name)
            except (NotFoundError, UnavailableError):
                pass  # nothing came yet
            else:
                seen.look(name, max((moment.timestamp() for moment in known["time"].to_pylist()), default=0.0))
            await asyncio.sleep(PAUSE_SECONDS)


async def _watch(url: str, token: str, seen: Seen) -> None:
    """Read the WebSocket, for ever."""
    async with open_websocket(url, additional_headers={"Authorization": f"Bearer {token}"}, max_size=None) as link:
        async for message in link:
            for row in json.loads(message):
                seen.look(row["vehicle"], datetime.fromisoformat(row["time"]).timestamp())
