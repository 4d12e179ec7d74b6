"""The way up: payloads gather into batches, batches go to the journal, and only then are vehicles acknowledged.

A lane is one company's partition of the journal. One batch of it is under way at a time, while the next ones gather:
so the journal has a vehicle's payloads in the order in which they came, whatever had to be tried again, and the vehicle
(which always uses the same lane) gets its PUBACKs in that order too. Four batches under way were no faster.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Protocol

from kaido.errors import UnavailableError
from kaido.flow_names import partition_of
from kaido.gateway.batch import Batch
from kaido.runtime.log import event

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    import pyarrow as pa

    from kaido.gateway.ports import Journal
    from kaido.runtime.settings import Settings
    from kaido.runtime.status import Report

logger = logging.getLogger(__name__)

PUBLISH_SECONDS = 10.0
WORTH_SENDING_BYTES = 100_000
"""A batch of this size costs little more than its payloads; if nothing is under way it need not wait for company."""
RETRY_SECONDS = (0.1, 0.25, 0.5, 1.0)


class Sender(Protocol):
    """Who published, and waits to hear that it is kept."""

    def acknowledge(self, packets: bytes, count: int) -> None:
        """``count`` publishes are on disk; ``packets`` are their PUBACKs."""


class Lane:
    """One company's partition: what gathers, what waits, and what is under way."""

    def __init__(self, lanes: Lanes, company: str, partition: int) -> None:
        self._lanes = lanes
        self._company = company
        self._partition = partition
        self._gathering = Batch()
        self._waiting: deque[Batch] = deque()
        self._under_way: Batch | None = None
        self._timer: asyncio.Handle | None = None
        self._begun_at = 0.0

    @property
    def idle(self) -> bool:
        """Whether everything is on disk and acknowledged."""
        return self.oldest is None

    @property
    def size(self) -> int:
        """Payload bytes that are not on disk yet."""
        under_way = self._under_way.size if self._under_way else 0
        return self._gathering.size + sum(batch.size for batch in self._waiting) + under_way

    @property
    def oldest(self) -> Batch | None:
        """The oldest batch that is not on disk."""
        return self._under_way or (self._waiting[0] if self._waiting else self._gathering or None)

    def add(
        self,
        sender: Sender | None,
        vehicle: str,
        kinds: bytes | bytearray,
        payloads: list[bytes],
        acknowledgement: bytes = b"",
        acknowledged: int = 0,
    ) -> None:
        """Take payloads of one vehicle, in order.

        Args:
            sender: gets ``acknowledgement``, the packets, when these payloads and all before them are on disk.
            vehicle: whose they are.
            kinds: what each payload is (UpKind).
            payloads: as published.
            acknowledgement: the packets to send then.
            acknowledged: how many publishes they acknowledge.
        """
        batch = self._gathering
        if not batch:
            batch.begun = self._lanes.loop.time()
        self._lanes.pend(batch.add(sender, vehicle, kinds, payloads, acknowledgement, acknowledged))
        if batch.size >= self._lanes.batch_bytes:
            self.flush()
        else:
            self._schedule()

    def flush(self) -> None:
        """Close the batch that gathers; it goes when its turn comes."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._gathering:
            self._waiting.append(self._gathering)
            self._gathering = Batch()
        self._next()

    def _next(self) -> None:
        if self._waiting and self._under_way is None:
            self._under_way = self._waiting.popleft()
            self._begun_at = self._lanes.loop.time()
            self._lanes.start(self._keep(self._under_way))

    def _schedule(self) -> None:
        """Send what gathers when its time has come, or it is worth it; while a batch is under way there is no hurry."""
        if self._under_way is not None:
            return
        if self._gathering.size >= WORTH_SENDING_BYTES:
            self.flush()
        elif self._timer is None:
            loop = self._lanes.loop
            wait = self._begun_at + self._lanes.batch_seconds - loop.time()
            # After a quiet moment: at once, with what else this turn of the event loop brings.
            self._timer = loop.call_later(wait, self.flush) if wait > 0 else loop.call_soon(self.flush)

    async def _keep(self, batch: Batch) -> None:
        """Bring a batch to disk, however long that takes; then acknowledge it, and go on with the next."""
        if batch.rows:
            await self._lanes.publish(self._company, self._partition, batch)
        self._under_way = None
        batch.acknowledge()
        self._lanes.pend(-batch.size)
        if self._waiting:
            self._next()
        elif self._gathering:
            self._schedule()


class Lanes:
    """All lanes of a gateway, and the bound on what they hold together.

    Args:
        settings: sizes and times.
        report: counts what was kept.
        press: called when reading has to stop (False) and may go on (True).
    """

    def __init__(self, settings: Settings, report: Report, press: Callable[[bool], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self.batch_bytes = settings.gateway_batch_bytes
        self.batch_seconds = settings.gateway_batch_ms / 1000
        self.journal: Journal | None = None
        self.pending = 0
        self.journaled = 0
        self.journaled_bytes = 0
        self.acknowledged = 0
        self._partitions = settings.partitions
        self._high = settings.gateway_pending_bytes
        self._low = settings.gateway_pending_bytes // 2
        self._pressed = False
        self._press = press
        self._report = report
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._prefix = uuid.uuid4().hex
        self._batches = 0

    def attach(self, journal: Journal, largest: int) -> None:
        """The journal is there; it takes messages of ``largest`` bytes."""
        self.journal = journal
        # A batch closes when it has reached its size; what one connection brings at once comes on top.
        self.batch_bytes = min(self.batch_bytes, largest // 3)

    def waiting(self) -> dict[str, int]:
        """Payload bytes that are not on disk yet, of each company."""
        found: dict[str, int] = defaultdict(int)
        for (company, _), lane in self._lanes.items():
            found[company] += lane.size
        return found

    @property
    def lag(self) -> float:
        """Age of the oldest payload that is not on disk yet, seconds."""
        begun = [lane.oldest.begun for lane in self._lanes.values() if lane.oldest is not None]
        return max(self.loop.time() - min(begun), 0.0) if begun else 0.0

    def lane(self, company: str, vehicle: str) -> Lane:
        """The lane of a vehicle."""
        partition = partition_of(vehicle, self._partitions)
        key = (company, partition)
        if key not in self._lanes:
            self._lanes[key] = Lane(self, company, partition)
        return self._lanes[key]

    def pend(self, size: int) -> None:
        """So many bytes more (or fewer) wait for the journal."""
        self.pending += size
        if self._pressed:
            if self.pending <= self._low:
                self._pressed = False
                self._press(True)
        elif self.pending >= self._high:
            self._pressed = True
            self._press(False)

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Run a batch's way to the journal."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def publish(self, company: str, partition: int, batch: Batch) -> None:
        """Append a batch to the journal, once, however often that has to be tried."""
        self._batches += 1
        message_id = f"{self._prefix}-{self._batches}"
        records = batch.records()
        attempt = 0
        while True:
            try:
                await self._append(company, partition, records, message_id)
            except Exception as error:  # noqa: BLE001  # whatever it is: what is not kept is tried again, not lost
                if attempt == 0:
                    event(logger, logging.WARNING, "the journal does not take a batch", company=company, error=error)
                self._report.count("journal_retries_total")
                self._report.problem(f"journal of {company}", str(error), company)
                await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
                attempt += 1
            else:
                break
        if attempt:
            event(logger, logging.INFO, "the journal takes batches again", company=company)
            self._report.problem(f"journal of {company}", None)
        self.journaled += batch.rows
        self.journaled_bytes += batch.payload_bytes
        self.acknowledged += batch.acknowledges
        self._report.count("company_publishes_total", batch.rows, company=company)
        self._report.count("company_bytes_total", batch.payload_bytes, company=company)

    async def _append(self, company: str, partition: int, records: pa.RecordBatch, message_id: str) -> None:
        if self.journal is None:
            raise UnavailableError("the journal is away")
        await self.journal.publish_up(company, partition, records, message_id=message_id, timeout=PUBLISH_SECONDS)

    async def drain(self, seconds: float) -> bool:
        """Bring everything to disk, or as much as that time allows; whether it was everything."""
        deadline = self.loop.time() + seconds
        for lane in self._lanes.values():
            lane.flush()
        while self._tasks and (left := deadline - self.loop.time()) > 0:
            await asyncio.wait(self._tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        for task in self._tasks:
            task.cancel()
        return all(lane.idle for lane in self._lanes.values())
