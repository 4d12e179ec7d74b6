"""One life of a company's twin in memory: batches of the journal become rows of the lake, one behind the other.

While the lake writes one batch, the next is decoded. A snapshot is taken between batches, when everything read is in
the lake: so it is never ahead of it, and the journal may forget what the snapshot holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import nats.errors

from kaido import flow
from kaido.errors import UnavailableError
from kaido.ingest import writing
from kaido.ingest.from_store import StoreManifests
from kaido.ingest.live import Live
from kaido.ingest.manifests import Manifests
from kaido.ingest.portions import portions
from kaido.ingest.prepare import Prepared, Preparer
from kaido.ingest.recent import Recent
from kaido.ingest.replayed import Replayed
from kaido.ingest.usage import FLUSH_SECONDS, Counting
from kaido.journal import encode_batch
from kaido.journal.responses import Responses
from kaido.runtime.log import event
from kaido.runtime.tasks import end
from kaido.twin import service, snapshot
from kaido.twin.attributes import Attributes
from kaido.twin.fleet import FleetQuestions
from kaido.twin.from_store import StoreReader
from kaido.twin.snapshot import Position, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    import pyarrow as pa

    from kaido.ingest.rooms import Rooms
    from kaido.ingest.streams import Stream
    from kaido.journal import JournalMessage

logger = logging.getLogger(__name__)

READ_BYTES = 16_000_000
"""Payload bytes of one commit at most: about a million samples."""
TICK_SECONDS = 0.5
LAG_SECONDS = 2.0
CAUGHT_UP_SECONDS = 0.1
LAG_MESSAGES_GAUGE = "stream_lag_messages"
LAG_SECONDS_GAUGE = "stream_lag_seconds"
REFRESH_SECONDS = 1.0
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
_Result = TypeVar("_Result")


class Session:
    """Works from one recovery to the next.

    Args:
        rooms: what it works with.
        found: the twin as recovered.
        streams: where each of the company's streams stands.
    """

    def __init__(self, rooms: Rooms, found: Snapshot, streams: Sequence[Stream]) -> None:
        self._rooms = rooms
        self._streams = streams
        self._twin = found.twin
        self._attributes = Attributes(found.twin)
        self._recent = Recent(2 * rooms.settings.gateway_receive_maximum)
        self._recent.restore(found.recent)
        manifests = Manifests(StoreManifests(rooms.store, rooms.company))
        self._replayed = Replayed()
        self._replayed.restore(found.replayed)
        self._preparer = Preparer(found.twin, manifests, self._recent, self._replayed)
        self._counting = Counting(rooms.store, rooms.company, rooms.report)
        self._responses = Responses(rooms.journal, rooms.settings)
        self._live = Live(rooms.journal.nats, rooms.company)
        self._queue: asyncio.Queue[tuple[Stream, list[JournalMessage]] | Exception] = asyncio.Queue(1)
        self._ending = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self._saved: dict[str, Position] = dict(found.positions)
        self._save_at = time.monotonic() + rooms.settings.snapshot_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set, then save the twin.

        Raises:
            JournalResetError: the journal is another one; recover and begin again.
            UnavailableError: something is still away when it is time to stop.
        """
        questions = FleetQuestions(self._twin, self._attributes)
        beside: list[Callable[[], Coroutine[Any, Any, None]]] = [self._refresh, self._watch_lag, self._count]
        beside += [partial(self._read, stream) for stream in self._streams]
        tasks = [asyncio.create_task(self._tell_trouble(work)) for work in beside]
        tasks.append(asyncio.create_task(_when(stop, self._ending)))
        await self._live.start()
        answering = await service.serve(
            self._rooms.journal.nats, self._rooms.company, self._twin, questions, self._rooms.part
        )
        try:
            while not stop.is_set():
                await self._work()
                if time.monotonic() >= self._save_at:
                    await self._save()
            await self._save()
        finally:
            self._ending.set()
            await end(tasks)
            if self._writing is not None:  # a thread: nobody may read the lake's position before it is done
                await asyncio.gather(self._writing, return_exceptions=True)
            await self._counting.flush()
            for subscription in (self._live, answering):
                with contextlib.suppress(nats.errors.Error, OSError):
                    await subscription.unsubscribe()

    async def run_until_caught_up(self, stop: asyncio.Event) -> bool:
        """Work until all is done that was in the journal at the beginning; False if it was time to stop before.

        Raises:
            JournalResetError: as ``run``.
            UnavailableError: as ``run``.
        """
        wanted = []
        for stream in self._streams:
            state = await self._rooms.journal.state(self._rooms.company, stream.partition)
            wanted.append((stream, state.last_seq if state.messages else 0))
        enough = asyncio.Event()

        def is_done() -> bool:
            return all(stream.folded_seq >= last for stream, last in wanted)

        async def watch() -> None:
            while not (stop.is_set() or is_done()):  # noqa: ASYNC110  # threads move the positions
                await asyncio.sleep(CAUGHT_UP_SECONDS)
            enough.set()

        watching = asyncio.create_task(watch())
        try:
            await self.run(enough)
        finally:
            await end([watching])
        return is_done()

    async def _work(self) -> None:
        """Take one batch as far as the lake's door, or wait a moment for one."""
        try:
            async with asyncio.timeout(TICK_SECONDS):
                taken = await self._queue.get()
        except TimeoutError:
            if self._writing is not None and self._writing.done():
                await self._written()
            return
        if isinstance(taken, Exception):
            raise taken
        stream, messages = taken
        prepared, newest = await self._patiently("the store", self._decode_and_fold, stream, messages)
        if prepared.samples is not None and newest is not None:
            await self._send(self._live.publish(prepared.samples, newest))
        await self._forward(prepared)
        await self._keep_responses(stream, prepared)
        await self._written()
        self._writing = asyncio.create_task(self._write(stream, prepared))

    def _decode_and_fold(self, stream: Stream, messages: Sequence[JournalMessage]) -> tuple[Prepared, pa.Table | None]:
        prepared = self._preparer.prepare(stream.app_id, messages, stream.decided)
        return prepared, writing.fold(self._twin, prepared)

    async def _write(self, stream: Stream, prepared: Prepared) -> None:
        rooms = self._rooms
        await self._patiently("the lake", writing.write, rooms.lake, stream, prepared, rooms.report)
        stream.folded_seq = prepared.last_seq
        self._counting.add(prepared.used)
        count = rooms.report.count
        count("payloads_total", prepared.payloads, company=rooms.company)
        count("duplicates_total", prepared.duplicates, company=rooms.company)
        if prepared.samples is not None:
            count("values_total", len(prepared.samples), company=rooms.company)
        for code, number in prepared.faults.items():
            count("quarantined_total", number, company=rooms.company, reason=code)
        lag = round(prepared.age_s, 3)
        rooms.report.gauge(LAG_SECONDS_GAUGE, lag, company=rooms.company, partition=str(stream.partition))

    async def _written(self) -> None:
        """Wait until the lake has what is on its way."""
        if self._writing is not None:
            await self._writing
            self._writing = None

    async def _patiently(self, part: str, work: Callable[..., _Result], *arguments: Any) -> _Result:
        """Do something in a thread, again and again while what it needs is away; nothing is lost meanwhile."""
        key = f"{part} of {self._rooms.name}"
        attempt = 0
        while True:
            try:
                result = await asyncio.to_thread(work, *arguments)
            except UnavailableError as error:
                self._rooms.problem(key, f"{error}. Vehicles' data waits in the journal")
                if attempt == 0:
                    event(logger, logging.ERROR, "cannot go on; trying again", what=key, error=error)
                if self._ending.is_set():
                    raise
                with contextlib.suppress(TimeoutError):
                    pause = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
                    await asyncio.wait_for(self._ending.wait(), pause)
                attempt += 1
            else:
                if attempt:
                    event(logger, logging.INFO, "goes on", what=key)
                self._rooms.problem(key, None)
                return result

    async def _forward(self, prepared: Prepared) -> None:
        """Hand checkins to control."""
        subject = flow.checkins_subject(self._rooms.company)
        for part in _pieces(prepared.checkins, self._rooms.journal.nats.max_payload):
            while not self._ending.is_set():
                if await self._send(self._rooms.journal.nats.publish(subject, part)):
                    break
                await asyncio.sleep(RETRY_SECONDS[0])

    async def _keep_responses(self, stream: Stream, prepared: Prepared) -> None:
        """Hand command responses to control by way of the disk; nothing goes on before they are there.

        Raises:
            UnavailableError: it is time to stop, and they are not; they are read from the journal again.
        """
        key = f"responses of {self._rooms.name}"
        for number, part in enumerate(_pieces(prepared.responses, self._rooms.journal.nats.max_payload)):
            message_id = f"{stream.app_id}-{prepared.last_seq}-{number}"
            for attempt in itertools.count():
                try:
                    await self._responses.publish(self._rooms.company, part, message_id)
                    break
                except UnavailableError as error:
                    self._rooms.problem(key, f"{error}. What is behind them waits in the journal")
                    if self._ending.is_set():
                        raise
                    await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
            self._rooms.problem(key, None)

    async def _send(self, sending: Any) -> bool:
        try:
            await sending
        except (nats.errors.Error, OSError) as error:
            event(logger, logging.DEBUG, "NATS does not take it", error=error)
            return False
        return True

    async def _save(self) -> None:
        """Snapshot the twin when all that was read is in the lake; then the journal may forget it."""
        await self._written()
        rooms = self._rooms
        self._save_at = time.monotonic() + rooms.settings.snapshot_seconds
        positions = {stream.name: Position(stream.app_id, stream.folded_seq) for stream in self._streams}
        if positions == self._saved:
            return
        key = f"the snapshot of the twin of {rooms.name}"
        try:
            await asyncio.to_thread(self._save_to_disk, positions)
            for stream in self._streams:
                if stream.folded_seq:
                    await rooms.journal.purge_up_to(rooms.company, stream.partition, stream.folded_seq)
        except (OSError, UnavailableError) as error:
            rooms.problem(key, f"it cannot be saved: {error}. The journal keeps what is behind it")
            return
        self._saved = positions
        rooms.problem(key, None)

    def _save_to_disk(self, positions: dict[str, Position]) -> None:
        recent = self._recent.to_lists(len(self._twin.vehicles))
        content = snapshot.encode(Snapshot(self._twin, positions, recent, self._replayed.to_list()))
        snapshot.save(snapshot.path(self._rooms.settings, self._rooms.company, self._rooms.part), content)

    async def _read(self, stream: Stream) -> None:
        lists = self._rooms.journal.consume(
            self._rooms.company,
            stream.partition,
            start_seq=stream.folded_seq + 1,
            batch_bytes=min(self._rooms.settings.ingest_batch_bytes, READ_BYTES),
            gather_seconds=self._rooms.settings.ingest_batch_ms / 1000,
            created=stream.created,
        )
        async with contextlib.aclosing(lists):
            async for messages in lists:
                for portion in await asyncio.to_thread(list, portions(messages)):
                    await self._queue.put((stream, portion))

    async def _tell_trouble(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """What ends beside the work on batches with an error ends that as well."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001  # whoever takes from the queue raises it
            await self._queue.put(error)

    async def _refresh(self) -> None:
        """Keep the vehicles' attributes as the store has them."""
        reader = StoreReader(self._rooms.store, self._rooms.company, self._attributes, self._rooms.part)
        while True:
            with contextlib.suppress(UnavailableError):  # whoever needs the store says that it is away
                await asyncio.to_thread(reader.refresh)
            await asyncio.sleep(REFRESH_SECONDS)

    async def _count(self) -> None:
        """Tell control what vehicles send for each campaign."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self._counting.flush()

    async def _watch_lag(self) -> None:
        rooms = self._rooms
        while True:
            for stream in self._streams:
                labels = {"company": rooms.company, "partition": str(stream.partition)}
                with contextlib.suppress(UnavailableError):
                    state = await rooms.journal.state(rooms.company, stream.partition)
                    behind = max(state.last_seq - stream.folded_seq, 0)
                    rooms.report.gauge(LAG_MESSAGES_GAUGE, behind, **labels)
                    rooms.report.gauge("journal_bytes", state.bytes, **labels)
                    if behind == 0:
                        rooms.report.gauge(LAG_SECONDS_GAUGE, 0.0, **labels)
            await asyncio.sleep(LAG_SECONDS)


async def _when(one: asyncio.Event, other: asyncio.Event) -> None:
    await one.wait()
    other.set()


def _pieces(rows: pa.RecordBatch, most: int) -> list[bytes]:
    """Rows as messages that NATS takes."""
    if not len(rows):
        return []
    content = encode_batch(rows)
    if len(content) <= most or len(rows) == 1:
        return [content]
    half = len(rows) // 2
    return _pieces(rows.slice(0, half), most) + _pieces(rows.slice(half), most)
