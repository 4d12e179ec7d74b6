"""Journal messages on their way in: batches joined, replays unwrapped, ids for what goes to quarantine."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import xxhash

from kaido.errors import InvalidInputError
from kaido.flow import QUARANTINE_SCHEMA, UP_SCHEMA, UpKind
from kaido.ingest.faults import MALFORMED, Fault
from kaido.journal import decode_batch
from kaido.journal.replays import unwrap

if TYPE_CHECKING:
    import numpy.typing as npt

    from kaido.ingest.replayed import Replayed
    from kaido.journal import JournalMessage

    Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Decided:
    """What a life before this one decided about messages that are read again.

    Attributes:
        up_to: the last sequence whose unreadable payloads are in quarantine.
        quarantined: ids in quarantine.
    """

    up_to: int
    quarantined: frozenset[str]


NOTHING_DECIDED = Decided(0, frozenset())


@dataclass
class Intake:
    """Journal messages as one batch of payloads; those that are no batch are kept for quarantine.

    Args:
        origin: names their stream.
    """

    origin: str
    batches: list[pa.RecordBatch] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    unreadable: list[tuple[JournalMessage, str]] = field(default_factory=list)

    def add(self, message: JournalMessage) -> None:
        """Take the message that comes next."""
        try:
            self.batches.append(decode_batch(message.data))
        except InvalidInputError as error:
            self.unreadable.append((message, str(error)))
        else:
            self.seqs.append(message.seq)

    def rows(self) -> tuple[pa.RecordBatch, Integers]:
        """All payloads (UP_SCHEMA), and the journal sequence of each."""
        if not self.batches:
            return pa.RecordBatch.from_pylist([], schema=UP_SCHEMA), np.empty(0, np.int64)
        lengths = [len(batch) for batch in self.batches]
        return pa.concat_batches(self.batches), np.repeat(np.array(self.seqs, np.int64), lengths)

    def quarantined(
        self, rows: pa.RecordBatch, seqs: Integers, faults: dict[int, Fault]
    ) -> tuple[pa.Table, Integers, Counter[str]]:
        """The rows of quarantine, with the journal sequence of each and the count of each code."""
        at = pa.array(sorted(faults), pa.int64())
        bad = rows.take(at)
        table = pa.table(
            [
                pa.array([self._id_of(seqs, row) for row in at.to_pylist()], pa.string()),
                *(bad["vehicle"], bad["kind"], bad["arrival"]),
                pa.array([str(faults[row]) for row in at.to_pylist()], pa.string()),
                bad["payload"],
            ],
            schema=QUARANTINE_SCHEMA,
        )
        codes = Counter(fault.code for fault in faults.values())
        if self.unreadable:
            lost = [
                {
                    "id": self._id(str(message.seq)),
                    "vehicle": "",
                    "kind": 0,
                    "arrival": message.published_at,
                    "reason": f"{MALFORMED}: a journal message that is no batch ({why})",
                    "payload": message.data,
                }
                for message, why in self.unreadable
            ]
            table = pa.concat_tables([table, pa.Table.from_pylist(lost, schema=QUARANTINE_SCHEMA)])
            codes[MALFORMED] += len(lost)
        numbers = [*seqs[at.to_numpy()].tolist(), *(message.seq for message, _ in self.unreadable)]
        return table, np.array(numbers, np.int64), codes

    def settled(self, seqs: Integers, decided: Decided) -> list[int]:
        """The rows that went to quarantine when they were read for the first time."""
        if not decided.quarantined:
            return []
        before = int(np.searchsorted(seqs, decided.up_to, side="right"))
        return [row for row in range(before) if self._id_of(seqs, row) in decided.quarantined]

    def _id_of(self, seqs: Integers, row: int) -> str:
        return self._id(f"{seqs[row]}.{row - np.searchsorted(seqs, seqs[row])}")

    def _id(self, place: str) -> str:
        return xxhash.xxh3_64_hexdigest(f"{self.origin}/{place}".encode())


def once_more(rows: pa.RecordBatch, known: Replayed) -> tuple[pa.RecordBatch, dict[int, str], dict[int, Fault]]:
    """Put what was wrapped by a replay in its place, unless it was replayed before.

    Returns:
        The rows; the row of quarantine that each unwrapped one came from; faults of those that cannot be unwrapped.
    """
    kinds = rows["kind"].to_numpy().copy()
    at = np.flatnonzero(kinds == UpKind.REPLAY)
    if not len(at):
        return rows, {}, {}
    payloads = rows["payload"].to_pylist()
    found: dict[int, str] = {}
    faults: dict[int, Fault] = {}
    seen: set[str] = set()
    for row in at.tolist():
        try:
            replay = unwrap(payloads[row])
        except InvalidInputError as error:
            faults[row] = Fault(MALFORMED, str(error))
            continue
        if replay.row not in seen and replay.row not in known:
            seen.add(replay.row)
            found[row], kinds[row], payloads[row] = replay.row, replay.kind, replay.payload
    columns = {"kind": pa.array(kinds), "payload": pa.array(payloads, pa.binary())}
    arrays = [columns.get(name, rows[name]) for name in UP_SCHEMA.names]
    return pa.RecordBatch.from_arrays(arrays, schema=UP_SCHEMA), found, faults
