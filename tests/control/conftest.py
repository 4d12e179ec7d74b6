"""A company with a decoder manifest and vehicles."""

from __future__ import annotations

import asyncio
import shutil
import socket
from typing import TYPE_CHECKING

import pytest

from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.store import CatalogStore
from kaido.company import Companies, Vehicles
from kaido.control import Campaigns
from kaido.control import worker as control_worker
from kaido.control.records import Records
from kaido.gateway import worker as gateway_worker
from kaido.ingest import worker as ingest_worker
from kaido.journal import EmbeddedServer
from kaido.runtime.settings import Settings, load
from kaido.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

LEAF = DecoderManifest.of(
    "leaf",
    [
        CanSignal("Vehicle.Speed", 0x100, 0, 16),
        CanSignal("Vehicle.Chassis.Axle.Row1.Wheel.Left.Speed", 0x101, 0, 16),
        CanSignal("Vehicle.Chassis.Axle.Row1.Wheel.Right.Speed", 0x101, 16, 16),
    ],
)
ZOE = DecoderManifest.of("zoe", [CanSignal("Vehicle.Speed", 0x300, 0, 16), CanSignal("Vehicle.Range", 0x301, 0, 16)])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(data=tmp_path / "data", gateway_host="127.0.0.1", gateway_port=0, ingest_batch_ms=20)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with all of it, made once and copied for each test."""
    settings = load(data=tmp_path_factory.mktemp("prepared"))
    opened = Store.open(settings.database)
    Companies(opened, settings).create("acme")
    catalog = CatalogStore(opened)
    catalog.save_manifest("acme", LEAF)
    catalog.save_manifest("acme", ZOE)
    vehicles = Vehicles(opened)
    vehicles.register("acme", "leaf-1", model="leaf", market="JP")
    vehicles.register("acme", "leaf-2", model="leaf", market="US")
    vehicles.register("acme", "zoe-1", model="zoe", market="EU")
    opened.close()
    return settings.data


@pytest.fixture
def store(settings: Settings, prepared: Path) -> Iterator[Store]:
    shutil.copytree(prepared, settings.data)
    opened = Store.open(settings.database)
    yield opened
    opened.close()


@pytest.fixture
def campaigns(store: Store) -> Campaigns:
    return Campaigns(store)


@pytest.fixture
def records(store: Store, settings: Settings) -> Records:
    return Records(store, settings)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def platform(store: Store, settings: Settings, tmp_path: Path) -> AsyncIterator[Settings]:
    del store  # it has to be there
    async with EmbeddedServer(tmp_path / "nats") as server:
        settings = settings.model_copy(
            update={"nats_url": server.url, "nats_token": server.token, "gateway_port": free_port()}
        )
        stop = asyncio.Event()
        running = [
            asyncio.create_task(one.run(settings, stop)) for one in (gateway_worker, ingest_worker, control_worker)
        ]
        async with asyncio.timeout(60):
            while not (settings.data / "secrets" / "gateway" / "ca.pem").exists():  # noqa: ASYNC110  # a test
                await asyncio.sleep(0.05)
        yield settings
        stop.set()
        await asyncio.wait_for(asyncio.gather(*running), 30)
