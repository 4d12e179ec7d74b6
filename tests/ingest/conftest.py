"""A company with a manifest, a journal to publish to, and ingest that runs beside the test."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest

from kaido.catalog import CanSignal, DecoderManifest
from kaido.catalog.store import CatalogStore
from kaido.company import Companies, Vehicles
from kaido.flow import UP_SCHEMA, UpKind
from kaido.ingest import worker
from kaido.journal import EmbeddedServer, Journal
from kaido.lake import Lake
from kaido.runtime import settings as settings_module
from kaido.store import Store
from kaido.twin import TwinClient
from kaido.wire import kaido_wire_pb2 as wire
from tests.databases import migrated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from kaido.runtime.settings import Settings

EVENT_MS = 1_760_000_000_000
PATHS = [f"Vehicle.Test.S{number}" for number in range(1, 11)]


def manifest(name: str = "leaf") -> DecoderManifest:
    signals = [
        CanSignal(path=path, message_id=256 + n, start_bit_lsb=0, length=8, unit="km/h") for n, path in enumerate(PATHS)
    ]
    return DecoderManifest.of(name, signals)


@dataclass
class Plant:
    """A data folder with one company, and what a gateway would do to it."""

    settings: Settings
    server: EmbeddedServer
    journal: Journal
    store: Store
    manifest: DecoderManifest
    company: str = "acme"
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake, self.company)

    @property
    def twin(self) -> TwinClient:
        return TwinClient(self.journal.nats)

    def payload(self, event: int, samples: int = 5, *, first: int = 1, sync_id: str = "") -> bytes:
        """VehicleData whose samples are known from the event's number."""
        data = wire.VehicleData(
            campaign_sync_id="all@1",
            decoder_sync_id=sync_id or self.manifest.sync_id,
            collection_event_id=event,
            collection_event_time_ms_epoch=EVENT_MS + event * 1_000,
        )
        for n in range(samples):
            data.captured_signals.add(signal_id=first + n, relative_time_ms=n, double_value=event + n / 10)
        return data.SerializeToString()

    async def publish(
        self,
        payloads: Sequence[bytes],
        vehicle: str | Sequence[str] = "car-1",
        *,
        kind: UpKind | int = UpKind.SIGNALS,
        partition: int = 0,
    ) -> int:
        count = len(payloads)
        vehicles = [vehicle] * count if isinstance(vehicle, str) else list(vehicle)
        batch = pa.record_batch(
            [
                pa.array(vehicles),
                pa.array([int(kind)] * count, pa.uint8()),
                pa.array([datetime.now(UTC)] * count, pa.timestamp("us", tz="UTC")),
                pa.array(payloads, pa.binary()),
            ],
            schema=UP_SCHEMA,
        )
        name = f"test-{time.time_ns()}-{next(self._numbers)}"
        return await self.journal.publish_up(self.company, partition, batch, message_id=name)

    @contextlib.asynccontextmanager
    async def ingest(self, **changes: object) -> AsyncIterator[None]:
        """Ingest beside the test; it is stopped cleanly at the end."""
        stop = asyncio.Event()
        task = asyncio.create_task(worker.run(self.settings.model_copy(update=changes), stop))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(task, 30)

    async def settled(self, rows: int, table: str = "signals", seconds: float = 15) -> pa.Table:
        """The table of the lake, when it has (at least) so many rows."""
        return await until(lambda: found if len(found := self.rows(table)) >= rows else None, seconds)

    def rows(self, table: str = "signals") -> pa.Table:
        lake = self.lake
        if table == "quarantine":
            return lake.quarantined()
        files = [str(lake.signals_table.folder / file.path) for file in lake.signals_table.files()]
        if not files:
            return pa.table({"vehicle": pa.array([], pa.string())})
        with duckdb.connect() as connection:
            return connection.sql(
                "FROM read_parquet($f, hive_partitioning=false)", params={"f": files}
            ).to_arrow_table()

    def counted(self) -> Counter[tuple[str, str, int]]:
        """How often each sample is in the lake: (vehicle, signal, milliseconds)."""
        rows = self.rows()
        if not len(rows):
            return Counter()
        times = rows["time"].cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64()).to_pylist()
        return Counter(zip(rows["vehicle"].to_pylist(), rows["signal"].to_pylist(), times, strict=True))

    def expected(
        self, events: Sequence[int], vehicle: str = "car-1", samples: int = 5
    ) -> Counter[tuple[str, str, int]]:
        return Counter((vehicle, PATHS[n], EVENT_MS + event * 1_000 + n) for event in events for n in range(samples))


async def until(check: Callable[[], Any], seconds: float = 15) -> Any:
    """What ``check`` gives when it first gives something."""
    async with asyncio.timeout(seconds):
        while True:
            found = await asyncio.to_thread(check)
            if found is not None and found is not False:
                return found
            await asyncio.sleep(0.05)


@pytest.fixture
async def plant(tmp_path: Path) -> AsyncIterator[Plant]:
    async with EmbeddedServer(tmp_path / "nats") as server:
        settings = settings_module.load(
            data=tmp_path, nats_url=server.url, nats_token=server.token, ingest_batch_ms=20, compact_seconds=3600
        )
        store = await asyncio.to_thread(Store.open, migrated(tmp_path / "kaido.db"))
        Companies(store, settings).create("acme")
        Vehicles(store).register("acme", "car-1", model="leaf", market="JP")
        made = manifest()
        CatalogStore(store).save_manifest("acme", made)
        journal = await Journal.connect(server.url, server.token, settings)
        yield Plant(settings, server, journal, store, made)
        await journal.close()
        store.close()
