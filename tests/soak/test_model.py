"""Vehicles, gateway, NATS and ingest as one machine that is driven at random.

Two things hold whatever happens: what was acknowledged is in the lake (or, unreadable, in quarantine), and nothing is
there more than once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mqtt5
import uvloop
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kaido.catalog import CanSignal, DecoderManifest
from kaido.catalog.store import CatalogStore
from kaido.company import Companies, Directory, Enrolment, Vehicles
from kaido.flow import UpKind
from kaido.gateway import Gateway
from kaido.ingest import worker as ingest
from kaido.journal import EmbeddedServer, Journal
from kaido.lake import Lake
from kaido.runtime import settings as settings_module
from kaido.runtime import tasks
from kaido.store import Store
from kaido.wire.kaido_wire_pb2 import VehicleData
from kaido.wire.topics import KAIDO
from tests.databases import migrated
from tests.gateway.client import Client, tls_context
from tests.gateway.rig import Credentials

if TYPE_CHECKING:
    from collections.abc import Coroutine

VEHICLES = ("car-1", "car-2")
IN_FLIGHT = 4
"""The gateway's receive maximum: small, so that the memory of recent payloads is small too."""
WAIT = 30.0
PATIENCE = 0.2
MANIFEST = DecoderManifest.of("leaf", [CanSignal(path="Vehicle.S", message_id=256, start_bit_lsb=0, length=8, unit="")])


class Car:
    """A vehicle that keeps what is not acknowledged, and sends it again when it connects anew."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.client: Client | None = None
        self.made = 0
        self.waiting: dict[int, bytes] = {}
        self.acknowledged: set[int] = set()

    def payload(self, event: int, *, readable: bool) -> bytes:
        data = VehicleData(
            decoder_sync_id=MANIFEST.sync_id,
            collection_event_id=event,
            collection_event_time_ms_epoch=1_760_000_000_000,
        )
        data.captured_signals.add(signal_id=1, double_value=event)
        return data.SerializeToString() if readable else b"\xff%d" % event

    def send(self, event: int, *, again: bool = False) -> None:
        assert self.client is not None
        topic = KAIDO.up(self.name, UpKind.SIGNALS)
        qos = mqtt5.QoS.AT_LEAST_ONCE
        self.client.send(mqtt5.PublishPacket(topic, self.waiting[event], qos=qos, packet_id=event, duplicate=again))


class World:
    """A platform in a folder, in this process but for NATS."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stack = AsyncExitStack()
        self.partitions = 1
        self.credentials: dict[str, Credentials] = {}
        self.gateway: Gateway | None = None
        self.ingest: asyncio.Task[None] | None = None

    async def start(self) -> None:
        made = settings_module.load(
            data=self.folder, gateway_host="127.0.0.1", gateway_port=0, gateway_batch_ms=1.0, ingest_batch_ms=5.0
        )
        self.server = await self.stack.enter_async_context(EmbeddedServer(self.folder / "nats"))
        self.settings = made.model_copy(
            update={
                "nats_url": self.server.url,
                "nats_token": self.server.token,
                "gateway_receive_maximum": IN_FLIGHT,
                "snapshot_seconds": 0.3,
                "compact_seconds": 0.5,
            }
        )
        self.store = Store.open(migrated(self.folder / "kaido.db"))
        self.stack.callback(self.store.close)
        companies, vehicles = Companies(self.store, made), Vehicles(self.store)
        companies.create("acme")
        CatalogStore(self.store).save_manifest("acme", MANIFEST)
        enrolment = Enrolment(self.store, companies)
        for name in VEHICLES:
            vehicles.register("acme", name)
            enrolled = enrolment.enrol("acme", name)
            files = Credentials(self.folder / f"{name}.pem", self.folder / f"{name}.key")
            files.certificate.write_text(enrolled.certificate_pem)
            files.key.write_text(enrolled.key_pem or "")
            self.credentials[name] = files
        await self.start_gateway()
        await self.start_ingest()

    async def start_gateway(self) -> None:
        settings = self.settings.model_copy(update={"partitions": self.partitions})
        async with asyncio.timeout(WAIT):
            while True:
                with contextlib.suppress(Exception):
                    self.journal = await Journal.connect(self.server.url, self.server.token, settings)
                    break
        self.gateway = Gateway(settings, Directory(self.store))
        self.gateway.attach(self.journal, self.journal.nats.max_payload)
        await self.gateway.start()

    async def kill_gateway(self) -> None:
        """As SIGKILL does: what it has in memory is gone, and nobody is told."""
        gateway, self.gateway = self.gateway, None
        if gateway is not None:
            for task in [*gateway.lanes._tasks, *gateway._tasks]:
                task.cancel()
            await self.journal.close()
            assert gateway._server is not None
            gateway._server.close()
            for link in list(gateway._links):
                link.abort()
            await asyncio.sleep(0.01)

    async def stop_gateway(self) -> None:
        gateway, self.gateway = self.gateway, None
        if gateway is not None:
            await gateway.stop()
            await self.journal.close()

    async def start_ingest(self) -> None:
        self.stop = asyncio.Event()
        settings = self.settings.model_copy(update={"partitions": self.partitions})
        self.ingest = asyncio.ensure_future(ingest.run(settings, self.stop))

    async def end_ingest(self, *, gently: bool) -> None:
        task, self.ingest = self.ingest, None
        if task is not None:
            self.stop.set() if gently else task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait_for(task, WAIT)

    async def close(self) -> None:
        await self.kill_gateway()
        await self.end_ingest(gently=True)
        await self.stack.aclose()

    def rows(self) -> Counter[tuple[str, int]]:
        """How often each event is in the lake or in quarantine."""
        lake = Lake(self.settings.lake, "acme")
        found = Counter((row["vehicle"], row["event"]) for row in lake.signals("*", "*").to_pylist())
        return found + Counter((row["vehicle"], int(row["payload"][1:])) for row in lake.quarantined().to_pylist())


class Machine(RuleBasedStateMachine):
    """What may happen, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self.scratch = tempfile.TemporaryDirectory()
        self.world = World(Path(self.scratch.name))
        self.cars = {name: Car(name) for name in VEHICLES}
        self.run(self.world.start())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    # vehicles

    @rule(name=st.sampled_from(VEHICLES))
    def connect(self, name: str) -> None:
        self.run(self._connect(self.cars[name]))

    @rule(name=st.sampled_from(VEHICLES), readable=st.lists(st.sampled_from([True, True, False]), max_size=IN_FLIGHT))
    def publish(self, name: str, readable: list[bool]) -> None:
        car = self.cars[name]
        if car.client is None:
            return
        for one in readable[: IN_FLIGHT - len(car.waiting)]:
            car.made += 1
            car.waiting[car.made] = car.payload(car.made, readable=one)
            car.send(car.made)

    @rule(name=st.sampled_from(VEHICLES))
    def listen(self, name: str) -> None:
        self.run(self._listen(self.cars[name], PATIENCE))

    @rule(name=st.sampled_from(VEHICLES))
    def vanish(self, name: str) -> None:
        self._drop(self.cars[name])

    # the platform

    @rule(gently=st.booleans())
    @precondition(lambda self: self.world.gateway is not None)
    def end_gateway(self, gently: bool) -> None:
        self.run(self.world.stop_gateway() if gently else self.world.kill_gateway())

    @rule(partitions=st.sampled_from([1, 2]))
    @precondition(lambda self: self.world.gateway is None)
    def start_gateway(self, partitions: int) -> None:
        """Another number of partitions comes with a new start of ingest, as under `kaido up`."""
        if partitions != self.world.partitions:
            self.world.partitions = partitions
            self.run(self.world.end_ingest(gently=False))
            self.run(self.world.start_ingest())
        self.run(self.world.start_gateway())

    @rule()
    def kill_nats(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # it starts just now
            os.kill(self.world.server.pid, signal.SIGKILL)
        self.run(asyncio.sleep(0.01))

    @rule(gently=st.booleans())
    @precondition(lambda self: self.world.ingest is not None)
    def end_ingest(self, gently: bool) -> None:
        self.run(self.world.end_ingest(gently=gently))

    @rule()
    @precondition(lambda self: self.world.ingest is None)
    def start_ingest(self) -> None:
        self.run(self.world.start_ingest())

    @rule(seconds=st.sampled_from([0.01, 0.1, 0.5]))
    def time_passes(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    # what holds

    @invariant()
    def nothing_is_there_twice(self) -> None:
        assert [event for event, count in self.world.rows().items() if count != 1] == []

    def teardown(self) -> None:
        try:
            self.run(self._come_to_rest())
        finally:
            for car in self.cars.values():
                self._drop(car)
            self.run(self.world.close())
            self.run(_end_what_is_left())
            self.runner.close()
            self.scratch.cleanup()

    async def _come_to_rest(self) -> None:
        if self.world.gateway is None:
            await self.world.start_gateway()
        if self.world.ingest is None:
            await self.world.start_ingest()
        async with asyncio.timeout(2 * WAIT):
            for car in self.cars.values():
                while car.waiting:
                    await self._connect(car)
                    await self._listen(car, 1.0)
            acknowledged = {(car.name, event) for car in self.cars.values() for event in car.acknowledged}
            while not acknowledged <= (found := await asyncio.to_thread(self.world.rows)).keys():  # noqa: ASYNC110  # files
                await asyncio.sleep(0.1)
        assert set(found.values()) <= {1}
        assert {car.made for car in self.cars.values()} == {len(car.acknowledged) for car in self.cars.values()}

    async def _connect(self, car: Car) -> None:
        """Connect; then send again what nobody acknowledged."""
        if car.client is not None or self.world.gateway is None:
            return
        world, port = self.world, self.world.gateway.port
        trust = world.folder / "secrets" / "gateway" / "ca.pem"
        with contextlib.suppress(OSError, TimeoutError):
            client = await Client.open(port, tls_context(trust, world.credentials[car.name]))
            client.send(mqtt5.ConnectPacket(car.name, clean_start=True, keep_alive=60))
            answer = await client.packet()
            if not isinstance(answer, mqtt5.ConnAckPacket) or answer.reason_code:
                client.writer.transport.abort()  # the journal is away just now
                return
            car.client = client
            for event in list(car.waiting):
                car.send(event, again=True)

    async def _listen(self, car: Car, seconds: float) -> None:
        """Take acknowledgements, until there are none for a while."""
        while car.client is not None and car.waiting:
            try:
                async with asyncio.timeout(seconds):
                    packet = await car.client.packet()
            except TimeoutError:
                return
            if not isinstance(packet, mqtt5.PubAckPacket):
                self._drop(car)
                return
            assert packet.reason_code == 0
            del car.waiting[packet.packet_id]
            car.acknowledged.add(packet.packet_id)

    def _drop(self, car: Car) -> None:
        client, car.client = car.client, None
        if client is not None:
            client.writer.transport.abort()


async def _end_what_is_left() -> None:
    """What was killed in mid flight may swallow a cancellation (see ``kaido.runtime.tasks``); the runner asks once."""
    async with asyncio.timeout(WAIT):
        await tasks.end(asyncio.all_tasks() - {asyncio.current_task()})


TestModel = Machine.TestCase
TestModel.settings = settings(
    max_examples=int(os.environ.get("KAIDO_MODEL_EXAMPLES", "4")),
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # each step costs real time: no hour is spent on a shorter example
    suppress_health_check=list(HealthCheck),
)
