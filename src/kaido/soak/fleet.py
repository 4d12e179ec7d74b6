"""The vehicles of a soak: two companies whose vehicles have the same ids, publishing all the time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.agent.config import parse_endpoint
from kaido.sim import collecting
from kaido.sim.load import LoadClient, LoadVehicle, Server
from kaido.sim.load.credentials import credentials
from kaido.soak.payloads import Stamped, payloads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.client import Client
    from kaido.soak.ledger import Ledger
    from kaido.soak.site import Site

COMPANIES = ("east", "west")
"""Their vehicles have the same ids: a value in the wrong lake shows."""
WINDOW = 16
CONNECT_SECONDS = 15.0
_BACK_MS = 24 * 3_600_000
"""Event 0 is a day old, so that no time is ahead of now however fast events follow each other."""


@dataclass(frozen=True)
class Car:
    """One vehicle.

    Attributes:
        number: in the ledger.
        mark: the value of all its signals but the first.
    """

    number: int
    company: str
    id: str
    mark: float
    pool: Sequence[Stamped]


@dataclass
class Fleet:
    """All vehicles, and the client that publishes for them.

    Attributes:
        clients: one a company.
        signals: paths of the signals 1, 2, and so on.
    """

    cars: list[Car]
    clients: list[LoadClient]
    signals: list[str]


def enrol(site: Site, ledger: Ledger, vehicles: int, samples: int) -> Fleet:
    """Companies with a decoder manifest each, registered and enrolled vehicles, and their load clients.

    Args:
        site: a running platform.
        ledger: notes what is acknowledged.
        vehicles: of both companies together.
        samples: values in each payload.
    """
    start_ms = time.time_ns() // 1_000_000 - _BACK_MS
    fleet = Fleet([], [], [])
    with site.client() as operator:
        for name in COMPANIES:
            operator.post("/v1/companies", json={"name": name})
    for company, name in enumerate(COMPANIES):
        with site.client(name) as client:
            cars = _cars(
                client, name, range(company * (vehicles // 2), (company + 1) * (vehicles // 2)), samples, start_ms
            )
            made = credentials(client, [car.id for car in cars], site.folder / "credentials" / name)
            manifest = client.get(f"/v1/catalog/manifests/{collecting.MANIFEST}")
        host, port = parse_endpoint(made.endpoint)
        load = [
            LoadVehicle(car.id, car.pool, file, ledger.page(car.number, car.pool))
            for car, file in zip(cars, made.files, strict=True)
        ]
        fleet.cars += cars
        fleet.clients.append(
            LoadClient(Server(host, port, made.ca, host), load, window=WINDOW, timeout_s=CONNECT_SECONDS)
        )
        fleet.signals = [signal["path"] for signal in manifest["signals"][:samples]]
    return fleet


def _cars(client: Client, company: str, numbers: range, samples: int, start_ms: int) -> list[Car]:
    collecting.prepare(client)
    sync_id = client.get(f"/v1/catalog/manifests/{collecting.MANIFEST}")["sync_id"]
    return [
        Car(
            number,
            company,
            f"soak-{number - numbers.start:04d}",
            float(number),
            payloads(f"soak-{company}@1", sync_id, samples, float(number), start_ms),
        )
        for number in numbers
    ]
