"""Load on a Kaido platform: vehicles with certificates, and VehicleData that its ingest can decode."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.agent.config import parse_endpoint
from kaido.errors import UnavailableError
from kaido.sim import collecting
from kaido.sim.load.client import Connected, Figures, LoadClient, LoadVehicle, Server
from kaido.sim.load.credentials import credentials, load_ids
from kaido.sim.load.payload import vehicle_data, wavy_samples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kaido.client import Client
    from kaido.sim.load.payload import Payload

CAMPAIGN_SYNC_ID = "load@0"
"""No campaign that was ever created: what comes in under it is stored all the same."""

_SIGNALS = 10
_POOL = 256
_EACH, _FEW = 4, 2_000
"""Different payloads in all, and of each vehicle where they are few: repeated values would compress too well."""


@dataclass(frozen=True)
class LoadPlan:
    """What load to make.

    Attributes:
        vehicles: with a certificate each; with fewer ``connections`` they take turns.
        window: publishes of one vehicle in flight.
        samples: values in each publish.
        rate: publishes a second of all; without it, as fast as they are acknowledged.
        endpoint: the gateway, ``host:port``; what enrolment answered by default.
    """

    vehicles: int
    connections: int | None = None
    window: int = 16
    samples: int = 100
    rate: float | None = None
    seconds: float = 60.0
    endpoint: str = ""


async def run_load(
    client: Client, plan: LoadPlan, folder: Path, say: Callable[[str], None], stop: asyncio.Event
) -> Figures:
    """Enrol what is missing, connect, publish, and count.

    Args:
        client: the public API of a running platform.
        plan: what load.
        folder: keeps the certificates.
        say: told of each step.
        stop: ends it early.

    Raises:
        UnavailableError: nothing could connect.
    """
    say(f"{plan.vehicles} vehicles: certificates in {folder}")
    server, vehicles = await asyncio.to_thread(prepare, client, plan, folder)
    async with LoadClient(server, vehicles, window=plan.window, connections=plan.connections) as load:
        connected = await load.connect()
        if not connected.count:
            raise UnavailableError(
                f"no vehicle could connect to {server.host}:{server.port}",
                why="; ".join(connected.refused),
                fix="Try: kaido doctor",
            )
        say(_sentence(connected))
        return await load.publish(plan.seconds, rate=plan.rate, stop=stop)


def prepare(client: Client, plan: LoadPlan, folder: Path) -> tuple[Server, list[LoadVehicle]]:
    """The gateway, and vehicles that can connect to it with payloads of our own database's signals."""
    collecting.prepare(client)
    pool = _payloads(client, plan.samples)
    each = _EACH if plan.vehicles <= _FEW else 1
    ids = load_ids(plan.vehicles)
    made = credentials(client, ids, folder)
    host, port = parse_endpoint(plan.endpoint or made.endpoint)
    vehicles = [
        LoadVehicle(one, [pool[(each * number + index) % _POOL] for index in range(each)], file)
        for number, (one, file) in enumerate(zip(ids, made.files, strict=True))
    ]
    return Server(host, port, made.ca, host), vehicles


def _payloads(client: Client, samples: int) -> list[Payload]:
    manifest = client.get(f"/v1/catalog/manifests/{collecting.MANIFEST}")
    ids = range(1, min(_SIGNALS, len(manifest["signals"])) + 1)
    now_ms = time.time_ns() // 1_000_000
    return [
        vehicle_data(CAMPAIGN_SYNC_ID, manifest["sync_id"], wavy_samples(samples, ids, first=number * samples), now_ms)
        for number in range(_POOL)
    ]


def _sentence(connected: Connected) -> str:
    refused = f"; refused: {connected.refused}" if connected.refused else ""
    return f"{connected.count} connected in {connected.seconds:.1f} s ({connected.per_second:,.0f} a second){refused}"
