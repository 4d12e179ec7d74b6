"""The agent: frames in, what the cloud asked for out, nothing lost on the way."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
from typing import TYPE_CHECKING, Any

from kaido.agent.asking import Asking
from kaido.agent.collection import Collection
from kaido.agent.commands import Commands
from kaido.agent.documents import Documents, Held
from kaido.agent.hearing import Hearing
from kaido.agent.outbox import Outbox
from kaido.agent.software import Software
from kaido.agent.state import LastKnownState
from kaido.agent.storing import Storing
from kaido.agent.summary import Summary
from kaido.agent.uplink import Uplink
from kaido.errors import ConflictError, UnavailableError
from kaido.flow_names import DownKind, UpKind
from kaido.runtime import clock, folders, log, tasks
from kaido.runtime.status import Report
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kaido.agent.commands import Actuators
    from kaido.agent.config import AgentConfig
    from kaido.agent.diagnostics.reader import EcuReader
    from kaido.agent.source import Source

_LOG = logging.getLogger(__name__)

_TICK_S = 0.1
_WAITING_DOCUMENTS = 32
_CHECKIN_RETRY_S = 1.0
_LINGER_S = 2.0


class Agent:
    """One vehicle's agent.

    Args:
        config: who, where, and all bounds.
        source: the frames.
        report: counters; a new one where several agents must not share.
        actuators: what commands can set; those of ``software`` where it is left out.
        ecus: the ECUs that can be asked; none where it is left out.
        software: the functions, fetches, actuators and values of the program around it.

    Attributes:
        report: counters, gauges and problems.
    """

    def __init__(
        self,
        config: AgentConfig,
        source: Source,
        report: Report | None = None,
        actuators: Actuators | None = None,
        ecus: EcuReader | None = None,
        software: Software | None = None,
    ) -> None:
        software = software or Software()
        self.config = config
        self.report = report or Report("agent")
        self._source = source
        topic = config.prefixes.up(config.vehicle, UpKind.SIGNALS)
        self._collection = Collection(topic, self.report, recorded=source.recorded, most=config.pending_samples)
        self._storing = Storing(software.functions)
        states = config.prefixes.up(config.vehicle, UpKind.LAST_KNOWN_STATE)
        self._state = LastKnownState(states, self.report, config.state, recorded=source.recorded)
        self._asking = Asking(self._collection, self._state, self.report, ecus, software.fetches)
        self._hearing = Hearing(software, self._collection, self._state, self.report)
        self._documents = Documents(config.state, self.report, software.functions, self._asking.actions)
        self._runs = Held()
        self._commands = Commands(
            config,
            software.actuators if actuators is None else actuators,
            lambda: self._documents.held.manifest,
            self.report,
            on_state=self._state.command,
        )
        self._inbox: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(_WAITING_DOCUMENTS)
        self._checkin_due = asyncio.Event()
        self._news_at = float("inf")
        self._uplink: Uplink | None = None

    async def run(self, stop: asyncio.Event) -> Summary:
        """Work until the source ends and all is acknowledged, or until ``stop``. What is collected is kept.

        Raises:
            ConflictError: another agent uses the state folder.
            InvalidInputError: the certificate files are wrong.
            LinkError: no connection, where the configuration says to give up.
            UnavailableError: the source failed, the state folder cannot be written, or no campaign came in time.
        """
        with _only_one(self.config.state):
            bounds = self.config.outbox_bytes, self.config.stored_bytes
            outbox = await asyncio.to_thread(Outbox, self.config.state / "outbox.db", *bounds)
            try:
                await self._run(outbox, stop)
            finally:
                outbox.close()
            return self.summary()

    def summary(self) -> Summary:
        """What happened so far."""
        return Summary.of(
            self.report,
            self._collection.accounting,
            damaged=getattr(self._source, "damaged", 0),
            waiting=self._uplink.waiting if self._uplink else 0,
            stored=self._uplink.stored if self._uplink else 0,
        )

    async def _run(self, outbox: Outbox, stop: asyncio.Event) -> None:
        uplink = self._uplink = Uplink(
            self.config, outbox, self.report, on_message=self._on_message, on_connected=self._on_connected
        )
        await asyncio.to_thread(self._documents.load)
        await asyncio.to_thread(self._state.load)
        self._collect_anew(uplink)
        keeping = asyncio.create_task(uplink.run())
        working = asyncio.create_task(self._work(uplink))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({keeping, working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in (keeping, working):
                if task.done():
                    task.result()
        finally:
            stopping.cancel()
            await _end(working)
            uplink.offer([*self._hearing.heard(), *self._collection.flush(), *self._state.flush()])
            if uplink.connected and not keeping.done():
                with contextlib.suppress(TimeoutError):  # what is not acknowledged by then waits in the outbox
                    await asyncio.wait_for(uplink.drained(), _LINGER_S)
            await _end(keeping)
            await asyncio.to_thread(uplink.save)

    async def _work(self, uplink: Uplink) -> None:
        """Feed the source through; ends when it has ended and the cloud has all of it."""
        beside = [
            asyncio.create_task(work)
            for work in (
                self._take_documents(uplink),
                self._check_in(uplink),
                self._tick(uplink),
                self._commands.run(uplink),
                self._asking.run(uplink),
                self._hearing.run(uplink),
            )
        ]
        feeding = asyncio.create_task(self._feed(uplink))
        try:
            done, _ = await asyncio.wait([feeding, *beside], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (feeding, *beside):
                await _end(task)

    async def _feed(self, uplink: Uplink) -> None:
        patient = self._source.recorded
        if patient:
            await self._campaign(uplink)
        async for frames in self._source:
            now_us = clock.now_us()
            await uplink.put([*self._collection.add(frames, now_us), *self._state.add(frames, now_us)], patient=patient)
            uplink.open(self._storing.uploads.open)
        await uplink.put([*self._collection.flush(), *self._state.flush()], patient=patient)
        await uplink.drained()

    async def _campaign(self, uplink: Uplink) -> None:
        """Wait until there is something to collect, and the cloud had the time to replace what was kept from before."""
        loop = asyncio.get_running_loop()
        while not uplink.connected:  # noqa: ASYNC110  # how long that may take is the connector's to say
            await asyncio.sleep(_TICK_S)
        try:
            async with asyncio.timeout(self.config.campaign_wait_s):
                while not self._collects or loop.time() - self._news_at < self.config.settle_s:  # noqa: ASYNC110  # it is quiet that is waited for
                    await asyncio.sleep(_TICK_S)
        except TimeoutError as error:
            held = self._documents.held.manifest
            raise UnavailableError(
                f"no campaign collects anything from vehicle {self.config.vehicle}",
                why=f"it holds {held.sync_id}, and no campaign" if held else "it got no decoder manifest either",
                fix="Import a CAN database (`kaido catalog import`) and create one (`kaido campaign create`)",
            ) from error

    @property
    def _collects(self) -> bool:
        return bool(self._collection.active or self._state.active)

    # documents and checkins

    def _on_message(self, topic: str, payload: bytes) -> None:
        if self._commands.offer(topic, payload):
            return
        try:
            self._inbox.put_nowait((topic, payload))
        except asyncio.QueueFull:
            self.report.count("documents_total", kind="any", outcome="overrun")  # the next checkin asks again

    def _on_connected(self) -> None:
        self._checkin_due.set()

    async def _take_documents(self, uplink: Uplink) -> None:
        kinds = {self.config.prefixes.down(self.config.vehicle, kind): kind for kind in _DOCUMENTS}
        while True:
            topic, payload = await self._inbox.get()
            self._news_at = asyncio.get_running_loop().time()
            kind = kinds.get(topic)
            if kind is None:
                self.report.count("messages_unknown_total")
            elif await asyncio.to_thread(self._documents.take, kind, payload):
                log.event(_LOG, logging.INFO, "took a document", vehicle=self.config.vehicle, kind=kind.name.lower())
                self._collect_anew(uplink)
                self._checkin_due.set()

    async def _check_in(self, uplink: Uplink) -> None:
        topic = self.config.prefixes.up(self.config.vehicle, UpKind.CHECKIN)
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.config.checkin_interval_s):
                    await self._checkin_due.wait()
            self._checkin_due.clear()
            now_ms = clock.now_ms()
            checkin = pb.Checkin(document_sync_ids=self._runs.sync_ids(now_ms), timestamp_ms_epoch=now_ms)
            if uplink.publish_now(topic, checkin.SerializeToString()):
                self.report.count("checkins_total")
                self._news_at = min(self._news_at, asyncio.get_running_loop().time())
            elif uplink.connected:
                await asyncio.sleep(_CHECKIN_RETRY_S)
                self._checkin_due.set()

    # time

    async def _tick(self, uplink: Uplink) -> None:
        lag_us = int(self.config.live_lag_s * 1e6)
        while True:
            await asyncio.sleep(_TICK_S)
            self._collect_anew(uplink)
            await self._state.expire()
            uplink.offer(self._state.due(clock.now_us()))
            if not self._source.recorded:
                clock_us = clock.now_us() - lag_us
                uplink.offer([*self._collection.advance(clock_us), *self._state.advance(clock_us)])

    def _collect_anew(self, uplink: Uplink) -> None:
        """Schemes start and expire by the clock on the wall, in a replay too."""
        held = self._documents.held
        uplink.offer(self._collection.replace(held.manifest, held.schemes, clock.now_ms()))
        if held is not self._runs:
            self._runs = held
            uplink.define(*self._storing.replace(held, uplink.partitions()))
            self._asking.replace(held)
            self._hearing.replace(held.manifest)
            self._collection.look_with(self._storing.uploads, self._asking.fetches)
        uplink.open(self._storing.uploads.open)
        self._state.replace(held.manifest, held.types, held.templates)


_DOCUMENTS = (DownKind.DECODER_MANIFEST, DownKind.COLLECTION_SCHEMES, DownKind.STATE_TEMPLATES)


async def _end(task: asyncio.Task[Any]) -> None:
    for error in await tasks.end([task]):
        log.event(_LOG, logging.DEBUG, "ended with an error", why=str(error))


@contextlib.contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """Hold the state folder for this agent alone."""
    folders.make(state, mode=folders.PRIVATE)
    handle = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConflictError(
                f"another agent uses the folder {state}", fix="End it, or choose another with --state"
            ) from error
        yield
    finally:
        os.close(handle)
