"""The vehicles' own record of what was acknowledged to them, on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa

from kaido.soak.payloads import event_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kaido.soak.payloads import Stamped

_RECORD = np.dtype([("vehicle", "<u4"), ("event", "<u4")])


class Ledger:
    """Appends a record of eight bytes for each acknowledged event. A context manager.

    Args:
        file: made anew.
    """

    def __init__(self, file: Path) -> None:
        self.count = 0
        self._path = file
        self._file = file.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def page(self, vehicle: int, pool: Sequence[Stamped]) -> Callable[[Sequence[bytes]], None]:
        """What notes the packets that were acknowledged to a vehicle, given its number and what it publishes."""
        sizes = {len(payload.data) for payload in pool}

        def note(packets: Sequence[bytes]) -> None:
            records = np.empty(len(packets), _RECORD)
            records["vehicle"] = vehicle
            records["event"] = [event_of(packet, pool, _payload_at(packet, sizes)) for packet in packets]
            self._file.write(records.tobytes())
            self.count += len(records)

        return note

    def table(self) -> pa.Table:
        """All records: columns vehicle (its number) and event."""
        self._file.flush()
        records = np.fromfile(self._path, _RECORD)
        return pa.table({name: pa.array(np.ascontiguousarray(records[name])) for name in ("vehicle", "event")})


def _payload_at(packet: bytes, sizes: set[int]) -> int:
    """Where the payload of a QoS 1 PUBLISH without properties begins."""
    at = 1
    while packet[at] & 0x80:
        at += 1
    topic = int.from_bytes(packet[at + 1 : at + 3], "big")
    found = at + 3 + topic + 2 + 1  # behind the packet identifier and the properties' length, 0
    assert len(packet) - found in sizes
    return found
