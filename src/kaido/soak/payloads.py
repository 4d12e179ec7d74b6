"""What the vehicles of a soak publish: every value follows from company, vehicle and event, so each can be checked.

A vehicle's events are numbered from 0. In one payload of ``POOL`` the bytes are no VehicleData and must end up in
quarantine; every second of the others is a Snappy block.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.sim.load.payload import Payload, event_id, time_bytes, vehicle_data

if TYPE_CHECKING:
    from collections.abc import Sequence

POOL = 32
MALFORMED = 3
"""Which payload of the pool cannot be read."""
STEP_MS = 20
"""Car time between two events of a vehicle: no two samples of a signal have the same time."""
FIRST_EVENT = event_id(0)
_EVENT_BYTES = 5
_MARK = -1.25
"""A value that the protobuf holds where the event's number is to be stamped."""
_TORN = b"\x2a\x7f\x08"
"""A captured signal of 127 bytes, of which one is there."""
_SHORT_LITERAL, _LONG_LITERAL, _LONG_LITERAL_TAG = 60, 65_536, 61 << 2


@dataclass(frozen=True)
class Stamped(Payload):
    """A payload whose first value is the event's number, and whose time is that number in steps from ``start_ms``."""

    value_at: int
    start_ms: int

    def stamp(self, buffer: bytearray, start: int, event: int, time: bytes) -> None:  # noqa: ARG002  # as the load client calls it
        """Make the copy at ``start`` of ``buffer`` this event; ``time``, the clock's, is not used."""
        super().stamp(buffer, start, event, time_bytes(self.start_ms + event * STEP_MS))
        at = start + self.value_at
        buffer[at : at + 8] = struct.pack("<d", event)


def payloads(campaign: str, manifest: str, samples: int, mark: float, start_ms: int) -> list[Stamped]:
    """The pool of one vehicle.

    Args:
        campaign: its sync id.
        manifest: the decoder manifest's sync id.
        samples: values in each payload, of the signals 1 to ``samples``.
        mark: the value of all signals but the first; says whose they are.
        start_ms: the time of event 0.
    """
    values = [(0, 1, _MARK), *((0, signal, mark) for signal in range(2, samples + 1))]
    plain = vehicle_data(campaign, manifest, values, start_ms)
    value_at = plain.data.index(struct.pack("<d", _MARK))
    made = []
    for place in range(POOL):
        whole = Stamped(plain.data, plain.event_at, plain.time_at, value_at, start_ms)
        if place == MALFORMED:
            whole = Stamped(plain.data + _TORN, plain.event_at, plain.time_at, value_at, start_ms)
        elif place % 2:
            whole = _as_snappy(whole)
        made.append(whole)
    return made


def is_malformed(event: int) -> bool:
    """Whether the payload of an event cannot be read."""
    return event % POOL == MALFORMED


def event_of(data: bytes, pool: Sequence[Stamped], payload_at: int = 0) -> int:
    """The number of the event whose payload begins at ``payload_at`` of ``data``.

    Args:
        data: a payload, or the packet that carries it.
        pool: what its vehicle publishes.
        payload_at: where in ``data``.
    """
    size = len(data) - payload_at
    one = next(payload for payload in pool if len(payload.data) == size)
    at = payload_at + one.event_at
    number = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(data[at : at + _EVENT_BYTES]))
    return number - FIRST_EVENT


def _as_snappy(plain: Stamped) -> Stamped:
    """The same as a Snappy block of one literal, in which every byte can still be stamped."""
    size = len(plain.data)
    assert _SHORT_LITERAL < size < _LONG_LITERAL
    length = bytes([size & 0x7F | 0x80, size >> 7]) if size > 0x7F else bytes([size])  # noqa: PLR2004  # a varint
    head = length + bytes([_LONG_LITERAL_TAG]) + (size - 1).to_bytes(2, "little")
    shift = len(head)
    assert plain.time_at is not None
    return Stamped(
        head + plain.data, plain.event_at + shift, plain.time_at + shift, plain.value_at + shift, plain.start_ms
    )
