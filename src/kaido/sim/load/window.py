"""The publishes of one vehicle that have no PUBACK yet, and the packets they are made from."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

import mqtt5

from kaido.sim.load.payload import time_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kaido.sim.load.payload import Payload

_BEHIND_PACKET_ID = 3
"""The packet id's two bytes and the length of the properties, 0, stand before the payload."""


class _Packet:
    """A PUBLISH to be stamped and copied."""

    __slots__ = ("buffer", "id_at", "payload", "payload_at")

    def __init__(self, topic: str, payload: Payload) -> None:
        packet = mqtt5.PublishPacket(topic, payload.data, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1).write()
        self.payload = payload
        self.buffer = bytearray(packet)
        self.payload_at = len(packet) - len(payload.data)
        self.id_at = self.payload_at - _BEHIND_PACKET_ID


class Window:
    """QoS 1 publishes of some payloads in turn, each an event of its own; at most ``size`` unacknowledged.

    Args:
        topic: where to.
        payloads: what is published in turn.
        size: publishes that may be unacknowledged.
        on_kept: told the packets that were acknowledged, each once.

    Attributes:
        events: how many were made.
        flying: packet id → packet and when it was first sent (``time.perf_counter``).
    """

    def __init__(
        self,
        topic: str,
        payloads: Sequence[Payload],
        size: int,
        on_kept: Callable[[Sequence[bytes]], None] | None = None,
    ) -> None:
        self.events = 0
        self.flying: dict[int, tuple[bytes, float]] = {}
        self._size = size
        self._on_kept = on_kept
        self._packets = [_Packet(topic, payload) for payload in payloads]
        self._free: deque[int] = deque()
        self.limit(size)

    @property
    def room(self) -> int:
        """How many more may fly."""
        return len(self._free)

    def limit(self, receive_maximum: int) -> None:
        """Keep to what a new connection's server takes."""
        size = min(self._size, receive_maximum)
        self._free = deque(one for one in range(1, size + 1) if one not in self.flying)

    def take(self, count: int) -> bytes:
        """``count`` new publishes to send, no more than there is ``room``."""
        now, stamp = time.perf_counter(), time_bytes(time.time_ns() // 1_000_000)
        packets = []
        for event in range(self.events, self.events + count):
            made = self._packets[event % len(self._packets)]
            packet_id = self._free.popleft()
            made.buffer[made.id_at : made.id_at + 2] = packet_id.to_bytes(2, "big")
            made.payload.stamp(made.buffer, made.payload_at, event, stamp)
            packet = bytes(made.buffer)
            self.flying[packet_id] = packet, now
            packets.append(packet)
        self.events += count
        return b"".join(packets)

    def acknowledged(self, packet_ids: Iterable[int]) -> list[float]:
        """These were acknowledged; when those that did fly were sent."""
        flown = [one for packet_id in packet_ids if (one := self._landed(packet_id))]
        if self._on_kept is not None and flown:
            self._on_kept([packet for packet, _ in flown])
        return [sent for _, sent in flown]

    def rejected(self, packet_id: int) -> None:
        """This one was answered, but not taken."""
        self._landed(packet_id)

    def _landed(self, packet_id: int) -> tuple[bytes, float] | None:
        if flown := self.flying.pop(packet_id, None):
            self._free.append(packet_id)
        return flown

    def again(self) -> bytes:
        """All that fly, for another connection: the same bytes."""
        return b"".join(packet for packet, _ in self.flying.values())
