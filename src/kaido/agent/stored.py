"""Rows of the outbox that are stored: in a partition, until its upload condition holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True)
class Partition:
    """Where a scheme stores what is to be sent later.

    Attributes:
        key: its name in this vehicle.
        max_bytes: what it holds; beyond it the oldest rows go.
        minimum_s: rows that are younger go only because there is no room for them, and that is told apart.
        definition: what decides when it is uploaded, for whoever evaluates that; it outlives the scheme.
    """

    key: str
    max_bytes: int
    minimum_s: int
    definition: bytes


class Discarded(NamedTuple):
    """Stored rows that went without being sent: as old as they had to become, or younger, forced out by the size."""

    aged: int = 0
    forced: int = 0


@dataclass
class _Held:
    rows: int = 0
    bytes: int = 0


class Stored:
    """The stored rows of one outbox. Works inside the outbox's transactions, and remembers the sizes between them.

    Args:
        database: the outbox's.
        max_bytes: what all partitions hold together.
    """

    def __init__(self, database: sqlite3.Connection, max_bytes: int) -> None:
        self._db = database
        self._max_bytes = max_bytes
        self._partitions: dict[str, Partition] = {}
        self._wanted: frozenset[str] = frozenset()
        self._held: dict[str, _Held] = {}
        self.recount()

    def recount(self) -> None:
        """Learn from the disk what is there: at the start, and after a transaction that did not happen."""
        rows = self._db.execute("SELECT key, max_bytes, minimum_s, definition FROM partitions")
        self._partitions = {row[0]: Partition(*row) for row in rows}
        sums = self._db.execute(
            "SELECT partition, count(*), sum(size) FROM outbox WHERE partition IS NOT NULL GROUP BY partition"
        )
        self._held = {key: _Held(count, size) for key, count, size in sums}

    @property
    def partitions(self) -> dict[str, Partition]:
        """Those that are defined, by key."""
        return dict(self._partitions)

    @property
    def rows(self) -> int:
        """Stored rows in all."""
        return sum(one.rows for one in self._held.values())

    @property
    def size(self) -> int:
        """Their size, bytes."""
        return sum(one.bytes for one in self._held.values())

    def rows_of(self, keys: Iterable[str]) -> int:
        """Stored rows in these partitions."""
        return sum(self._held[key].rows for key in keys if key in self._held)

    def define(self, partitions: Iterable[Partition]) -> None:
        """Hold these, and of others those that are not empty, or were held until now: their last rows may be coming."""
        wanted = {one.key: one for one in partitions}
        for one in wanted.values():
            if self._partitions.get(one.key) != one:
                self._db.execute(
                    "INSERT OR REPLACE INTO partitions (key, max_bytes, minimum_s, definition) VALUES (?, ?, ?, ?)",
                    (one.key, one.max_bytes, one.minimum_s, one.definition),
                )
        kept = {key: one for key, one in self._partitions.items() if key in self._held or key in self._wanted}
        for key in self._partitions.keys() - wanted.keys() - kept.keys():
            self._db.execute("DELETE FROM partitions WHERE key = ?", (key,))
        self._partitions = kept | wanted
        self._wanted = frozenset(wanted)

    def added(self, key: str, size: int) -> None:
        """A row was stored."""
        held = self._held.setdefault(key, _Held())
        held.rows += 1
        held.bytes += size

    def trim(self, now_s: int) -> Discarded:
        """Drop the oldest rows of every partition that is too large, and of all where they are so together."""
        aged = forced = 0
        for key in list(self._held):
            limit = self._partitions[key].max_bytes if key in self._partitions else self._max_bytes
            while (held := self._held.get(key)) and held.bytes > limit:
                old = self._drop("partition = ? ORDER BY id", key, now_s=now_s)
                aged, forced = aged + old, forced + (not old)
        while self.size > self._max_bytes:
            old = self._drop("partition IS NOT NULL ORDER BY id", now_s=now_s)
            aged, forced = aged + old, forced + (not old)
        return Discarded(aged, forced)

    def discard_aged(self, keys: Iterable[str], now_s: int) -> int:
        """Drop rows of these partitions that are older than they had to become; how many."""
        gone = 0
        for key in keys:
            minimum_s = self._partitions[key].minimum_s if key in self._partitions else 0
            rows = self._db.execute(
                "SELECT id, size FROM outbox WHERE partition = ? AND stored_s <= ?", (key, now_s - minimum_s)
            ).fetchall()
            for id_, size in rows:
                self._delete(id_, key, size)
            gone += len(rows)
        return gone

    def take(self, open_keys: Iterable[str], most: int) -> Iterator[tuple[int, int, str, bytes]]:
        """The next rows of open partitions: priority, id, topic, payload."""
        for key in open_keys:
            if key in self._held:
                yield from self._db.execute(
                    "SELECT priority, id, topic, payload FROM outbox WHERE partition = ? ORDER BY priority, id LIMIT ?",
                    (key, most),
                )

    def left(self, id_: int) -> int:
        """A row is being sent, and stored no more: its size; 0 where it was not stored."""
        row = self._db.execute("SELECT partition, size FROM outbox WHERE id = ?", (id_,)).fetchone()
        if row is None or row[0] is None:
            return 0
        self._forget(*row)
        return int(row[1])

    def _drop(self, which: str, *values: str, now_s: int) -> bool:
        """Delete the first of these rows; whether it was as old as it had to become."""
        id_, key, size, stored_s = self._db.execute(
            f"SELECT id, partition, size, stored_s FROM outbox WHERE {which} LIMIT 1",  # noqa: S608  # ours alone
            values,
        ).fetchone()
        self._delete(id_, key, size)
        return key in self._partitions and now_s - stored_s >= self._partitions[key].minimum_s

    def _delete(self, id_: int, key: str, size: int) -> None:
        self._db.execute("DELETE FROM outbox WHERE id = ?", (id_,))
        self._forget(key, size)

    def _forget(self, key: str, size: int) -> None:
        held = self._held[key]
        held.rows -= 1
        held.bytes -= size
        if not held.rows:
            del self._held[key]
