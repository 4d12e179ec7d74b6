"""MQTT packets out of a stream of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mqtt5

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_LENGTH_BYTES = 4


class PacketReader:
    """Cuts a stream into packets. A packet of many megabytes is looked at once, when it is whole."""

    def __init__(self, max_packet_bytes: int) -> None:
        self._buffer = bytearray()
        self._max = max_packet_bytes

    def feed(self, data: bytes) -> Iterator[mqtt5.Packet]:
        """The packets that are whole with these bytes.

        Raises:
            ValueError: what came is no MQTT, or larger than allowed.
        """
        self._buffer += data
        start = 0
        try:
            while (end := self._end(start)) is not None and end <= len(self._buffer):
                with memoryview(self._buffer) as whole, whole[start:end] as view:
                    packet = _read(view)
                start = end
                yield packet
        finally:
            del self._buffer[:start]

    def _end(self, start: int) -> int | None:
        """Where the packet at ``start`` ends; None while its header is not whole (MQTT 5, section 2.1.4)."""
        length = 0
        for place in range(_MOST_LENGTH_BYTES):
            at = start + 1 + place
            if at >= len(self._buffer):
                return None
            length |= (self._buffer[at] & 0x7F) << (7 * place)
            if self._buffer[at] < 0x80:  # noqa: PLR2004  # the continuation bit
                if length > self._max:
                    raise ValueError(f"a packet of {length} bytes")
                return at + 1 + length
        raise ValueError("a packet whose length cannot be read")


def _read(view: memoryview) -> mqtt5.Packet:
    try:
        packet, used = mqtt5.read(view)
    except IndexError as error:
        raise ValueError("a packet states a length that its content exceeds") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # the codec's; it derives from nothing better
            raise ValueError("the codec cannot read a packet") from None
        raise
    if used != len(view):
        raise ValueError("a packet has bytes after its content")
    return packet
