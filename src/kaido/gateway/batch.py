"""Payloads of many vehicles, on their way to becoming one record batch and their acknowledgements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kaido.flow import UP_SCHEMA
from kaido.runtime.clock import now_us

if TYPE_CHECKING:
    from kaido.gateway.lanes import Sender

ROW_BYTES = 100
"""What a row costs beyond its payload, here in memory and (less) in the journal, so that empty payloads count too."""


def warm_up() -> None:
    """Let Arrow load what it needs for its first array (pandas, where there is one: a second) before vehicles wait."""
    pa.array([""])


class Batch:
    """Runs of payloads; a run is what one connection brought at once."""

    __slots__ = (
        "_arrivals", "_counts", "_kinds", "_payloads", "_runs", "_vehicles",
        "acknowledges", "begun", "payload_bytes", "rows", "size",
    )  # fmt: skip

    def __init__(self) -> None:
        self._vehicles: list[str] = []
        self._counts: list[int] = []
        self._arrivals: list[int] = []
        self._kinds = bytearray()
        self._payloads: list[bytes] = []
        self._runs: list[tuple[Sender, bytes, int]] = []
        self.begun = 0.0
        self.acknowledges = 0
        self.rows = 0
        self.payload_bytes = 0
        self.size = 0

    def __bool__(self) -> bool:
        return bool(self.rows or self._runs)

    def add(
        self,
        sender: Sender | None,
        vehicle: str,
        kinds: bytes | bytearray,
        payloads: list[bytes],
        acknowledgement: bytes,
        acknowledged: int,
    ) -> int:
        """Take a run; what it adds to the batch's size in bytes."""
        size = 0
        if payloads:
            payload_bytes = sum(map(len, payloads))
            self._vehicles.append(vehicle)
            self._counts.append(len(payloads))
            self._arrivals.append(now_us())
            self._kinds += kinds
            self._payloads += payloads
            self.rows += len(payloads)
            self.payload_bytes += payload_bytes
            size = payload_bytes + ROW_BYTES * len(payloads)
            self.size += size
        if sender is not None and acknowledgement:
            self._runs.append((sender, acknowledgement, acknowledged))
            self.acknowledges += acknowledged
        return size

    def records(self) -> pa.RecordBatch:
        """The payloads in UP_SCHEMA. They are given away: this can be asked once."""
        rows = self.rows
        counts = np.array(self._counts)
        run_of_row = np.repeat(np.arange(len(counts)), counts)
        arrivals = np.array(self._arrivals, np.int64)[run_of_row]
        # Joined at once: pa.array() of many small bytes objects is 30 times slower.
        offsets = np.zeros(rows + 1, np.int32)
        np.cumsum(np.fromiter(map(len, self._payloads), np.int32, rows), out=offsets[1:])
        content = b"".join(self._payloads)
        self._payloads = []
        kind, arrival = UP_SCHEMA.field("kind").type, UP_SCHEMA.field("arrival").type
        return pa.RecordBatch.from_arrays(
            [
                pa.array(self._vehicles, pa.string()).take(pa.array(run_of_row)),
                pa.Array.from_buffers(kind, rows, [None, pa.py_buffer(self._kinds)]),
                pa.Array.from_buffers(arrival, rows, [None, pa.py_buffer(arrivals)]),
                pa.Array.from_buffers(pa.binary(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(content)]),
            ],
            schema=UP_SCHEMA,
        )

    def acknowledge(self) -> None:
        """Tell every sender, each in one write."""
        packets: dict[Sender, list[bytes]] = {}
        counts: dict[Sender, int] = {}
        for sender, acknowledgement, count in self._runs:
            if sender in packets:
                packets[sender].append(acknowledgement)
                counts[sender] += count
            else:
                packets[sender] = [acknowledgement]
                counts[sender] = count
        for sender, pieces in packets.items():
            sender.acknowledge(b"".join(pieces), counts[sender])
