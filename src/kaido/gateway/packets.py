"""Reading MQTT 5 packets strictly: what the codec leaves unchecked, and what makes it panic, is refused here first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mqtt5

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 4, 8, 10, 12, 14
PINGRESP = b"\xd0\x00"
VERSION = 5

MOST_PROPERTIES = 64
MOST_FILTERS = 256
"""What one packet may hold: else one that is full of them would keep the event loop from everybody else for seconds."""

_LONGEST_LENGTH = 4
_QOS_BITS = 0x06


class PacketError(ValueError):
    """What came in cannot be taken."""


class MalformedError(PacketError):
    """Bytes that are no MQTT 5 packet (MQTT 5, section 4.13)."""


class MisplacedError(PacketError):
    """A packet that no client may send to a server that speaks QoS 0 and 1."""


class ExcessiveError(PacketError):
    """More properties or filters than one packet may hold."""


class VersionError(PacketError):
    """A CONNECT of another version of MQTT."""


def end(data: bytes, at: int) -> int:
    """Where the packet that begins at ``at`` ends; at least behind ``data`` if that is not all of it.

    Raises:
        MalformedError: its remaining length (MQTT 5, section 2.1.4) is longer than four bytes.
    """
    value = shift = 0
    for position in range(at + 1, at + 1 + _LONGEST_LENGTH):
        if position >= len(data):
            return position + 1
        value |= (data[position] & 0x7F) << shift
        if data[position] < 0x80:  # noqa: PLR2004  # the highest bit says that more follow
            return position + 1 + value
        shift += 7
    raise MalformedError("a remaining length of more than four bytes")


def read(packet: bytes) -> mqtt5.Packet:
    """The packet that these bytes, all of them, are: one of those that a client may send.

    Raises:
        VersionError: a CONNECT of another version.
        ExcessiveError: more properties or filters than we take.
        MisplacedError: a packet that a client may not send, or of QoS 2's exchange.
        MalformedError: anything else that is wrong.
    """
    check = _CHECKS.get(packet[0] >> 4)
    if check is None:
        if packet[0] >> 4 == 0:
            raise MalformedError("packet type 0")
        raise MisplacedError("no packet for a server")
    try:
        check(_Body(packet))
        parsed, used = mqtt5.read(memoryview(packet))
    except PacketError:
        raise
    except (ValueError, IndexError) as error:
        raise MalformedError(str(error)) from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # the codec's, which derives from nothing better
            raise MalformedError("the codec cannot read it") from None
        raise
    if used != len(packet):
        raise MalformedError("bytes behind its end")
    return parsed


class _Body:
    """A cursor over a packet's body."""

    def __init__(self, packet: bytes) -> None:
        self.first = packet[0]
        self._packet = packet
        self._at = 1
        self.integer()  # the remaining length

    @property
    def ended(self) -> bool:
        return self._at >= len(self._packet)

    def take(self, size: int) -> bytes:
        taken = self._packet[self._at : self._at + size]
        if len(taken) != size:
            raise MalformedError("it ends too early")
        self._at += size
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def binary(self) -> bytes:
        return self.take(int.from_bytes(self.take(2), "big"))

    def string(self) -> bytes:
        """A string: UTF-8 without the character zero (MQTT 5, section 1.5.4)."""
        text = self.binary()
        try:
            text.decode()
        except UnicodeDecodeError:
            raise MalformedError("a string that is not UTF-8") from None
        if 0 in text:
            raise MalformedError("a string that holds a zero")
        return text

    def packet_id(self) -> None:
        if self.take(2) == b"\0\0":
            raise MalformedError("packet identifier zero")

    def integer(self) -> int:
        value = shift = 0
        while shift < 7 * _LONGEST_LENGTH:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:  # noqa: PLR2004  # the highest bit says that more follow
                return value
            shift += 7
        raise MalformedError("an integer of more than four bytes")

    def properties(self) -> None:
        end = self.integer() + self._at
        if end > len(self._packet):
            raise MalformedError("properties beyond its end")
        left = MOST_PROPERTIES
        while self._at < end:
            left -= 1
            if left < 0:
                raise ExcessiveError(f"more than {MOST_PROPERTIES} properties")
            skip = _PROPERTIES.get(self.byte())
            if skip is None:
                raise MalformedError("an unknown property")
            skip(self)
        if self._at != end:
            raise MalformedError("a property beyond the properties' end")


def _pair(body: _Body) -> None:
    body.string()
    body.string()


def _one(body: _Body) -> None:
    body.take(1)


def _two(body: _Body) -> None:
    body.take(2)


def _four(body: _Body) -> None:
    body.take(4)


# How each property (MQTT 5, section 2.2.2.2) is laid out.
_PROPERTIES: dict[int, Callable[[_Body], Any]] = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), _one),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), _two),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), _four),
    **dict.fromkeys((0x03, 0x08, 0x12, 0x15, 0x1A, 0x1C, 0x1F), _Body.string),
    **dict.fromkeys((0x09, 0x16), _Body.binary),
    0x0B: _Body.integer,
    0x26: _pair,
}


def _connect(body: _Body) -> None:
    if body.binary() != b"MQTT":
        raise MalformedError("another protocol")
    if body.byte() != VERSION:
        raise VersionError("another version of MQTT")
    flags = body.byte()
    if flags & 0x01:
        raise MalformedError("a reserved flag")
    body.take(2)
    body.properties()
    body.string()
    if flags & 0x04:
        body.properties()
        body.string()
        body.binary()
    elif flags & 0x38:
        raise MalformedError("flags of a will without a will")
    if flags & 0x80:
        body.string()
    if flags & 0x40:
        body.binary()


def _publish(body: _Body) -> None:
    body.string()
    if body.first & _QOS_BITS:
        body.packet_id()
    elif body.first & 0x08:
        raise MalformedError("a duplicate of QoS 0")
    body.properties()


def _acknowledgement(body: _Body) -> None:
    body.packet_id()
    _reason(body)


def _subscribe(body: _Body) -> None:
    body.packet_id()
    body.properties()
    for _ in range(MOST_FILTERS):
        body.string()
        if body.byte() & 0xC0:
            raise MalformedError("reserved subscription options")
        if body.ended:
            return
    raise ExcessiveError(f"more than {MOST_FILTERS} filters")


def _unsubscribe(body: _Body) -> None:
    body.packet_id()
    body.properties()
    for _ in range(MOST_FILTERS):
        body.string()
        if body.ended:
            return
    raise ExcessiveError(f"more than {MOST_FILTERS} filters")


def _reason(body: _Body) -> None:
    if not body.ended:
        body.byte()
    if not body.ended:
        body.properties()


def _nothing(body: _Body) -> None:
    if not body.ended:
        raise MalformedError("a body where there is none")


_CHECKS: dict[int, Callable[[_Body], None]] = {
    CONNECT: _connect,
    PUBLISH: _publish,
    PUBACK: _acknowledgement,
    SUBSCRIBE: _subscribe,
    UNSUBSCRIBE: _unsubscribe,
    PINGREQ: _nothing,
    DISCONNECT: _reason,
}
