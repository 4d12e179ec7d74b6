"""The outbox: what a vehicle has to say and nobody has acknowledged yet, on disk."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.agent.outbox_file import open_file
from kaido.agent.stored import Discarded, Stored
from kaido.errors import UnavailableError
from kaido.runtime import clock, folders

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from kaido.agent.stored import Partition

_ROW_BYTES = 128
"""What a row weighs beside its payload."""


@dataclass(frozen=True)
class Outgoing:
    """A payload to be kept. Priority 0 goes first; one with a partition stays there until that is open."""

    topic: str
    payload: bytes
    priority: int = 0
    partition: str | None = None

    @property
    def size(self) -> int:
        """What it takes of the outbox's bound, bytes."""
        return len(self.payload) + _ROW_BYTES


@dataclass(frozen=True)
class Entry:
    """A kept payload on its way: ``packet_id`` is that of its last sending."""

    id: int
    topic: str
    payload: bytes
    packet_id: int


@dataclass(frozen=True)
class Exchanged:
    """What one exchange did.

    Attributes:
        taken: entries to publish now.
        released: acknowledged rows that left.
        dropped: rows dropped because the outbox is full.
        discarded: stored rows dropped because their partition, or all of them, are.
    """

    taken: list[Entry]
    released: int
    dropped: int
    discarded: Discarded


class Outbox:
    """Payloads that leave only when they were acknowledged, bounded in bytes, in one SQLite file.

    Not for several threads at once; each call is a few milliseconds of disk, so call it beside the event loop.

    Args:
        path: the file.
        max_bytes: the bound of what may be sent.
        max_stored_bytes: the bound of what is stored in partitions.

    Raises:
        UnavailableError: the file cannot be opened or written.
    """

    def __init__(self, path: Path, max_bytes: int, max_stored_bytes: int = 256_000_000) -> None:
        folders.make(path.parent)
        self._path = path
        self._max_bytes = max_bytes
        self._db = open_file(path)
        self._count, self._bytes = self._db.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM outbox WHERE partition IS NULL"
        ).fetchone()
        (self._order,) = self._db.execute("SELECT coalesce(max(sent), 0) FROM outbox WHERE sent IS NOT NULL").fetchone()
        self._stored = Stored(self._db, max_stored_bytes)

    @property
    def count(self) -> int:
        """Rows that may be sent: waiting and in doubt."""
        return int(self._count)

    @property
    def bytes(self) -> int:
        """Their size, bytes."""
        return int(self._bytes)

    @property
    def max_bytes(self) -> int:
        """The bound of ``bytes``."""
        return self._max_bytes

    @property
    def stored(self) -> int:
        """Rows that wait in partitions."""
        return self._stored.rows

    @property
    def stored_bytes(self) -> int:
        """Their size, bytes."""
        return self._stored.size

    def stored_in(self, partitions: Collection[str]) -> int:
        """Rows that wait in these partitions."""
        return self._stored.rows_of(partitions)

    def partitions(self) -> dict[str, Partition]:
        """The partitions that are defined, by key: those of the schemes, and older ones that are not empty."""
        return self._stored.partitions

    def define(self, partitions: Iterable[Partition], hopeless: Iterable[str] = ()) -> int:
        """Say which partitions the schemes have. Others stay until they are empty.

        Args:
            partitions: those of the schemes.
            hopeless: older ones that nobody can tell when to upload: what is as old as it had to become goes now.

        Returns:
            How many rows went.
        """
        with self._transaction():
            aged = self._stored.discard_aged(hopeless, int(clock.now().timestamp()))
            self._stored.define(partitions)
        return aged

    def exchange(
        self,
        new: Sequence[Outgoing],
        acknowledged: Iterable[int],
        packet_ids: Sequence[int],
        open_partitions: Collection[str] = (),
    ) -> Exchanged:
        """In one transaction that is on disk when this returns: keep, forget, drop, and take the next to send.

        Args:
            new: payloads to keep.
            acknowledged: ids of entries that arrived (or were refused for good).
            packet_ids: at most so many entries are taken, each marked as sent under its packet id.
            open_partitions: those whose rows may be taken.
        """
        with self._transaction():
            released = self._release(acknowledged)
            now_s = int(clock.now().timestamp())
            self._insert(new, now_s)
            dropped = self._drop_oldest()
            discarded = self._stored.trim(now_s)
            taken = self._take(packet_ids, open_partitions)
        return Exchanged(taken, released, dropped, discarded)

    def in_doubt(self) -> list[Entry]:
        """What was sent and not acknowledged, in the order of sending."""
        rows = self._db.execute("SELECT id, topic, payload, packet_id FROM outbox WHERE sent IS NOT NULL ORDER BY sent")
        return [Entry(*row) for row in rows]

    def renumber(self, entries: Sequence[Entry], packet_ids: Sequence[int]) -> list[Entry]:
        """Give entries in doubt new packet ids: the cloud has forgotten the session of the old ones."""
        again = [
            Entry(entry.id, entry.topic, entry.payload, packet_id)
            for entry, packet_id in zip(entries, packet_ids, strict=True)
        ]
        with self._db:
            self._db.executemany(
                "UPDATE outbox SET packet_id = ? WHERE id = ?", [(entry.packet_id, entry.id) for entry in again]
            )
        return again

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it, on disk when this ends, or nothing."""
        count, size, order = self._count, self._bytes, self._order
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            self._count, self._bytes, self._order = count, size, order
            with contextlib.suppress(sqlite3.Error):
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                self._stored.recount()
            if isinstance(error, sqlite3.Error):
                raise UnavailableError(f"the outbox {self._path} cannot be written", why=str(error)) from error
            raise

    def _insert(self, new: Sequence[Outgoing], now_s: int) -> None:
        known = self._stored.partitions
        for item in new:
            partition = item.partition if item.partition in known else None  # nobody would open it: it goes now
            self._db.execute(
                "INSERT INTO outbox (priority, size, topic, payload, partition, stored_s) VALUES (?, ?, ?, ?, ?, ?)",
                (item.priority, item.size, item.topic, item.payload, partition, now_s),
            )
            if partition is None:
                self._count += 1
                self._bytes += item.size
            else:
                self._stored.added(partition, item.size)

    def _release(self, ids: Iterable[int]) -> int:
        released = 0
        for id_ in ids:
            gone = self._db.execute("DELETE FROM outbox WHERE id = ? RETURNING size", (id_,)).fetchone()
            if gone:
                released += 1
                self._count -= 1
                self._bytes -= gone[0]
        return released

    def _drop_oldest(self) -> int:
        dropped = 0
        while self._bytes > self._max_bytes:
            (oldest,) = self._db.execute("SELECT id FROM outbox WHERE partition IS NULL ORDER BY id LIMIT 1").fetchone()
            dropped += self._release([oldest])
        return dropped

    def _take(self, packet_ids: Sequence[int], open_partitions: Collection[str]) -> list[Entry]:
        most = len(packet_ids)
        if not most or not (self._count or self._stored.rows_of(open_partitions)):
            return []
        rows = self._db.execute(
            "SELECT priority, id, topic, payload FROM outbox WHERE sent IS NULL AND partition IS NULL "
            "ORDER BY priority, id LIMIT ?",
            (most,),
        ).fetchall()
        rows = sorted([*rows, *self._stored.take(open_partitions, most)])[:most]
        taken = [
            Entry(id_, topic, payload, packet_id)
            for (_, id_, topic, payload), packet_id in zip(rows, packet_ids, strict=False)
        ]
        for place, entry in enumerate(taken, 1):
            if size := self._stored.left(entry.id):
                self._count += 1
                self._bytes += size
            self._db.execute(
                "UPDATE outbox SET sent = ?, packet_id = ?, partition = NULL WHERE id = ?",
                (self._order + place, entry.packet_id, entry.id),
            )
        self._order += len(taken)
        return taken
