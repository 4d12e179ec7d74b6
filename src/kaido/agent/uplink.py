"""The uplink: everything the vehicle says goes through the outbox, and leaves it when the cloud has it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from kaido.agent.connecting import Connector
from kaido.agent.reasons import FAILURE, NEVER_WANTED
from kaido.errors import KaidoError, UnavailableError
from kaido.runtime import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import mqtt5

    from kaido.agent.config import AgentConfig
    from kaido.agent.link import Link
    from kaido.agent.outbox import Entry, Exchanged, Outbox, Outgoing
    from kaido.agent.reasons import LostReason
    from kaido.agent.stored import Partition
    from kaido.runtime.status import Report

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

_MEMORY_BYTES = 8_000_000
"""Payloads that wait for the disk; beyond it ``put`` waits."""
_RESERVED = 1
"""Places of the window kept for checkins."""
_HIGHEST_PACKET_ID = 65_534
_DISK_RETRY_S = 1.0


class Uplink:
    """Moves payloads from memory to the outbox, from there to the cloud, and out when acknowledged.

    A place in the window is free again only when the acknowledgement is on disk. So after a crash at most a
    window of publishes is in doubt, and those are sent again, in their order, before anything newer.
    """

    def __init__(
        self,
        config: AgentConfig,
        outbox: Outbox,
        report: Report,
        *,
        on_message: Callable[[str, bytes], None],
        on_connected: Callable[[], None],
    ) -> None:
        self._config = config
        self._outbox = outbox
        self._report = report
        self._on_connected = on_connected
        self._connector = Connector(
            config, report, on_message=on_message, on_up=self._up, on_down=self._down, on_room=self._wake_up
        )
        self._link: Link | None = None
        self._link_is_new = False
        self._new: list[Outgoing] = []
        self._new_bytes = 0
        self._offered = self._kept = 0
        self._writing = 0
        self._arrived: list[int] = []
        self._refused: list[int] = []
        self._again: deque[Entry] = deque()
        self._defined: tuple[list[Partition], list[str]] | None = None
        self._open: frozenset[str] = frozenset()
        self._in_flight: dict[int, int] = {}  # packet id -> row of the outbox (or 0: not from there)
        self._next_id = 0
        self._careful = False
        self._wake = asyncio.Event()
        self._moved = asyncio.Condition()

    async def run(self) -> None:
        """Work until cancelled.

        Raises:
            KaidoError: what ends the connector.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._connector.run())
                tasks.create_task(self._pump())
        except* KaidoError as group:
            raise group.exceptions[0] from None

    def save(self) -> None:
        """Bring to disk what is in memory, when ``run`` has ended.

        Raises:
            UnavailableError: it cannot be written.
        """
        self._on_disk(self._new, self._arrived + self._refused, [])
        self._new, self._arrived, self._refused = [], [], []

    @property
    def connected(self) -> bool:
        """Whether there is a link."""
        return self._link is not None

    def offer(self, items: Iterable[Outgoing]) -> None:
        """Hand over a few payloads without waiting: what the clock or a change of schemes brought out."""
        for item in items:
            self._new.append(item)
            self._offered += 1
            self._new_bytes += item.size
            self._wake.set()

    async def put(self, items: Iterable[Outgoing], *, patient: bool) -> None:
        """Hand over payloads.

        Args:
            items: in the order in which they are to be sent (after those of a lower priority number).
            patient: wait while the outbox is more than half full (a recording can), instead of letting the oldest
                be dropped (a live bus cannot wait).
        """
        limit = self._outbox.max_bytes // 2 if patient else 2 * (self._outbox.max_bytes + _MEMORY_BYTES)
        memory = min(_MEMORY_BYTES, limit)
        for item in items:
            self.offer([item])
            if self._new_bytes > memory or self._outbox.bytes + self._new_bytes > limit:
                async with self._moved:
                    await self._moved.wait_for(
                        lambda: self._new_bytes <= memory and self._outbox.bytes + self._new_bytes <= limit
                    )

    def publish_now(self, topic: str, payload: bytes) -> bool:
        """Publish past the outbox, once, now or not at all."""
        if self._link is None or self._link.free <= 0:
            return False
        packet_id = self._packet_id()
        sent = self._link.publish(topic, payload, packet_id, partial(self._acknowledged, packet_id, 0))
        if sent:
            self._in_flight[packet_id] = 0
        return sent

    def define(self, partitions: Iterable[Partition], hopeless: Iterable[str] = ()) -> None:
        """Say which partitions the schemes have (``Outbox.define``), before what is offered from now on."""
        pending = self._defined[0] if self._defined else []
        self._defined = ([*pending, *partitions], list(hopeless))
        self._wake.set()

    def partitions(self) -> dict[str, Partition]:
        """The partitions that are defined, by key (``Outbox.partitions``)."""
        return self._outbox.partitions()

    def open(self, partitions: frozenset[str]) -> None:
        """Say from which partitions may be sent now."""
        if partitions != self._open:
            self._open = partitions
            self._wake.set()

    @property
    def waiting(self) -> int:
        """Payloads that may be sent, and that the cloud has not acknowledged."""
        return len(self._new) + self._writing + self._outbox.count + self._outbox.stored_in(self._open)

    @property
    def stored(self) -> int:
        """Payloads in partitions that are not open."""
        return self._outbox.stored - self._outbox.stored_in(self._open)

    async def kept(self) -> None:
        """Wait until what was handed over so far is on disk."""
        offered = self._offered
        async with self._moved:
            await self._moved.wait_for(lambda: self._kept >= offered)

    async def drained(self) -> None:
        """Wait until the cloud has acknowledged everything."""
        async with self._moved:
            await self._moved.wait_for(lambda: self.waiting == 0)

    # one turn of the pump

    async def _pump(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._turn()
                self._report.problem("outbox", None)
            except UnavailableError as error:
                self._report.problem("outbox", str(error))
                log.event(_LOG, logging.ERROR, "the outbox cannot be written", why=str(error))
                await asyncio.sleep(_DISK_RETRY_S)
                self._wake.set()
            async with self._moved:
                self._moved.notify_all()

    async def _turn(self) -> None:
        link = self._link
        if link is not None:
            if self._link_is_new:
                await self._exchange([])
                await self._find_in_doubt(link)
                self._send_again(link)
                self._on_connected()
            self._send_again(link)
        room = self._room(link) if not self._again else 0
        taken = await self._exchange([self._packet_id() for _ in range(room)])
        for entry in taken:
            self._in_flight[entry.packet_id] = entry.id
            self._report.count("published_total")
            self._send(link, entry, duplicate=False)

    async def _exchange(self, packet_ids: list[int]) -> list[Entry]:
        new, arrived, refused = self._new, self._arrived, self._refused
        self._new, self._arrived, self._refused = [], [], []
        new_bytes, self._new_bytes = self._new_bytes, 0
        self._writing = len(new)
        if not (new or arrived or refused or packet_ids or self._defined):
            return []
        try:
            done = await _in_thread(self._on_disk, new, arrived + refused, packet_ids)
        except UnavailableError:
            self._new, self._arrived, self._refused = (
                new + self._new,
                arrived + self._arrived,
                refused + self._refused,
            )
            self._new_bytes += new_bytes
            raise
        else:
            self._kept += len(new)
        finally:
            self._writing = 0
        self._report.count("acknowledged_total", max(0, done.released - len(refused)))
        if done.dropped:
            self._report.count("dropped_total", done.dropped)
            self._report.problem("dropped", "the outbox was full; the oldest payloads were dropped")
        for reason, count in zip(("aged", "forced"), done.discarded, strict=True):
            if count:
                self._report.count("stored_dropped_total", count, reason=reason)
        self._report.gauge("stored_payloads", self._outbox.stored)
        self._report.gauge("stored_bytes", self._outbox.stored_bytes)
        self._report.gauge("outbox_payloads", self._outbox.count)
        self._report.gauge("outbox_bytes", self._outbox.bytes)
        return done.taken

    def _on_disk(self, new: list[Outgoing], gone: list[int], packet_ids: list[int]) -> Exchanged:
        """All that concerns the outbox in one turn, in a thread: it happens, or it does not."""
        if self._defined is not None:
            defined = self._defined
            if aged := self._outbox.define(*defined):
                self._report.count("stored_dropped_total", aged, reason="aged")
            if self._defined is defined:  # otherwise there is a newer one
                self._defined = None
        return self._outbox.exchange(new, gone, packet_ids, self._open)

    async def _find_in_doubt(self, link: Link) -> None:
        self._link_is_new = False
        entries = await _in_thread(self._outbox.in_doubt)
        if not link.session_present and entries:
            self._in_flight = {}
            ids: list[int] = []
            for entry in entries:
                ids.append(self._packet_id())
                self._in_flight[ids[-1]] = entry.id
            entries = await _in_thread(self._outbox.renumber, entries, ids)
        self._in_flight = {entry.packet_id: entry.id for entry in entries}
        self._again = deque(entries)

    def _send_again(self, link: Link) -> None:
        while self._again and self._room(link) > 0:
            self._report.count("resent_total")
            self._send(link, self._again.popleft(), duplicate=link.session_present)

    def _send(self, link: Link | None, entry: Entry, *, duplicate: bool) -> None:
        if link is None or not link.ready:
            return  # it stays in doubt, and goes out with the next link
        done = partial(self._acknowledged, entry.packet_id, entry.id)
        if not link.publish(entry.topic, entry.payload, entry.packet_id, done, duplicate=duplicate):
            self._refuse(entry.packet_id, entry.id, f"more than the {link.maximum_packet} bytes the cloud takes")

    def _room(self, link: Link | None) -> int:
        if link is None:
            return 0
        if self._careful:
            return min(1, link.free) if link.free == link.window else 0
        return max(0, link.free - _RESERVED) if link.window > _RESERVED else link.free

    # what the link reports

    def _up(self, link: Link) -> None:
        self._link, self._link_is_new = link, True
        self._wake.set()

    def _down(self, link: Link, reason: LostReason) -> None:
        self._link, self._link_is_new = None, False
        suspects = [
            (packet_id, self._in_flight[packet_id]) for packet_id in link.pending if self._in_flight.get(packet_id)
        ]
        if reason.our_fault and suspects:
            # One of them offends the cloud. Send one at a time next; the one that ends the link again is it.
            if len(suspects) == 1:
                self._refuse(*suspects[0], reason.text)
            self._careful = True

    def _acknowledged(self, packet_id: int, row: int, code: mqtt5.PubAckReasonCode, reason: str) -> None:
        if int(code) in NEVER_WANTED:
            self._refuse(packet_id, row, f"{code.name.lower()} {reason}".strip())
        elif int(code) >= FAILURE:
            log.event(_LOG, logging.WARNING, "the cloud could not take a payload", reason=code.name, why=reason)
            if self._link is not None:
                self._link.abort(f"a publish failed: {code.name.lower()}")
        else:
            self._in_flight.pop(packet_id, None)
            self._careful = self._careful and bool(self._again)
            if row:
                self._arrived.append(row)
            self._wake.set()

    def _refuse(self, packet_id: int, row: int, why: str) -> None:
        self._in_flight.pop(packet_id, None)
        if row:
            self._refused.append(row)
            self._report.count("refused_total")
            log.event(_LOG, logging.ERROR, "the cloud refuses a payload for good", why=why)
        self._wake.set()

    def _wake_up(self) -> None:
        self._wake.set()

    def _packet_id(self) -> int:
        while True:
            self._next_id = self._next_id % _HIGHEST_PACKET_ID + 1
            if self._next_id not in self._in_flight:
                return self._next_id


async def _in_thread(call: Callable[..., _T], *arguments: Any) -> _T:
    """Run a call beside the loop and wait for it even when cancelled: a commit happens or it does not."""
    running = asyncio.ensure_future(asyncio.to_thread(call, *arguments))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
