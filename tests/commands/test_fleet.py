"""A command to thousands of vehicles: each gets it once, and each outcome is known."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa

from kaido import flow
from kaido.catalog.store import CatalogStore
from kaido.commands import Commands, nudge
from kaido.commands.courier import Courier
from kaido.commands.holding import Holding
from kaido.company import Companies, Vehicles
from kaido.company.registrations import Registration
from kaido.control.answers import Answers, Vehicle
from kaido.control.checkins import Checkins
from kaido.control.presence import Presence
from kaido.flow import DownKind, UpKind
from kaido.journal import EmbeddedServer, Journal, encode_batch
from kaido.journal.responses import Responses
from kaido.runtime import clock, tasks
from kaido.runtime.settings import load
from kaido.runtime.status import Report
from kaido.store import Store
from kaido.wire import kaido_wire_pb2 as pb
from tests.commands.conftest import AC, ANN, CATALOG, MANIFEST

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nats.aio.msg import Msg

    from kaido.commands import Command
    from kaido.runtime.settings import Settings

PAGE = 1_000


class Gateway:
    """What control hears of a gateway whose vehicles acknowledge and answer at once."""

    def __init__(self, journal: Journal, responses: Responses, vehicles: Sequence[str]) -> None:
        self._nats = journal.nats
        self._responses = responses
        self._vehicles = vehicles
        self._number = 0
        self._unanswered: list[tuple[str, str]] = []
        self.got: Counter[str] = Counter()

    async def listen(self) -> None:
        await self._nats.subscribe(flow.ROLLCALL_SUBJECT, cb=self._asked)
        await self._nats.subscribe(flow.down_subject("acme"), cb=self._heard)

    async def _asked(self, message: Msg) -> None:
        for at in range(0, len(self._vehicles), PAGE):
            here = [["acme", name, time.time()] for name in self._vehicles[at : at + PAGE]]
            ends = {"first": at == 0, "last": at + PAGE >= len(self._vehicles)}
            await message.respond(self._said(vehicles=here, **ends))

    def _said(self, **more: object) -> bytes:
        return json.dumps({"gateway": "g", "number": self._number, "at": time.time(), **more}).encode()

    async def _heard(self, message: Msg) -> None:
        assert message.headers is not None
        assert int(message.headers["Kaido-Kind"]) == DownKind.COMMAND_REQUEST
        for vehicle in message.headers["Kaido-Vehicle"].split(","):
            self.got[vehicle] += 1
            self._unanswered.append((vehicle, message.headers["Kaido-Id"]))

    async def work(self) -> None:
        """Say that we are there, and what vehicles answer."""
        for turn in range(1_000_000):
            if turn % 20 == 0:
                self._number += 1
                await self._nats.publish(flow.PRESENCE_SUBJECT, self._said(events=[]))
            some, self._unanswered = self._unanswered[:PAGE], self._unanswered[PAGE:]
            if some:
                now = clock.now()
                receipts = [["acme", vehicle, command, now.timestamp()] for vehicle, command in some]
                await self._nats.publish(flow.RECEIPTS_SUBJECT, json.dumps({"receipts": receipts}).encode())
                said = [
                    pb.CommandResponse(status=pb.CommandResponse.SUCCEEDED, command_id=command).SerializeToString()
                    for _, command in some
                ]
                kinds = [int(UpKind.COMMAND_RESPONSE)] * len(some)
                batch = [[vehicle for vehicle, _ in some], kinds, [now] * len(some), said]
                content = encode_batch(pa.record_batch(batch, schema=flow.UP_SCHEMA))
                await self._responses.publish("acme", content, f"answers-{turn}")
            await asyncio.sleep(0.05)


def registered(settings: Settings, size: int) -> tuple[Store, list[str]]:
    """A company with so many vehicles, which hold their manifest."""
    store = Store.open(settings.database)
    Companies(store, settings).create("acme")
    CatalogStore(store).import_signals("acme", CATALOG)
    CatalogStore(store).save_manifest("acme", MANIFEST)
    names = [f"car-{number:05}" for number in range(size)]
    Vehicles(store).register_all("acme", [Registration(name) for name in names])
    held = Vehicle(frozenset({MANIFEST.sync_id}), time.time())
    Checkins(store).save([(("acme", name), held) for name in names])
    return store, names


async def commanded(folder: Path, size: int, patience_s: float) -> tuple[Command, Counter[str], dict[str, float]]:
    """A command to so many vehicles; how often each got it, and how long what took, s."""
    settings = load(data=folder)
    took: dict[str, float] = {}
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(EmbeddedServer(folder / "nats"))
        store, names = registered(settings, size)
        stack.callback(store.close)
        journal = await Journal.connect(server.url, server.token, settings)
        stack.push_async_callback(journal.close)
        gateway = Gateway(journal, Responses(journal, settings), names)
        await gateway.listen()
        report = Report("control")
        presence = Presence(journal.nats, store, report)
        holding = Holding(Answers(), Checkins(store))
        courier = Courier(journal, store, settings, presence, holding, report)
        await presence.start()
        stack.push_async_callback(presence.stop)
        await courier.start()
        stack.push_async_callback(courier.stop)
        working = asyncio.create_task(gateway.work())
        stack.push_async_callback(tasks.end, [working])
        async with asyncio.timeout(patience_s):
            while not presence.connected("acme", names[-1]):  # noqa: ASYNC110  # a test
                await asyncio.sleep(0.01)
            commands = Commands(store, settings)
            began = time.perf_counter()
            made = await asyncio.to_thread(
                commands.send_actuator, "acme", ANN, names, AC, True, where="all of them", timeout_ms=600_000, id="c1"
            )
            took["recorded"] = time.perf_counter() - began
            await journal.nats.publish(*nudge("acme", made.id))
            while made.counts != {"succeeded": size}:
                if len(gateway.got) == size:
                    took.setdefault("all got it", time.perf_counter() - began)
                await asyncio.sleep(0.05)
                made = await asyncio.to_thread(commands.records.get, "acme", "c1")
            took["all outcomes"] = time.perf_counter() - began
        return made, gateway.got, took


async def test_two_thousand_vehicles(tmp_path: Path) -> None:
    made, got, _ = await commanded(tmp_path, 2_000, patience_s=120)
    assert made.counts == {"succeeded": 2_000}
    assert set(got.values()) == {1}
