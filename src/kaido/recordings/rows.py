"""Single frames as rows: what a reader makes of one line, and how rows become columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kaido.can.frames import ERROR, EXTENDED, FD, REMOTE, Frames
from kaido.recordings.errors import DamagedLineError

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_TIME = np.iinfo(np.int64).min
"""The time of a frame that carries none."""

MAX_TIME_US = 2**62
STANDARD_MAX = 0x7FF
EXTENDED_MAX = 0x1FFFFFFF
CLASSIC_MAX = 8
FD_MAX = 64


class Row(NamedTuple):
    """One frame. ``length`` is that of the data, or, of a remote frame, what it asks for."""

    time_us: int
    channel: str
    can_id: int
    flags: int
    length: int
    data: bytes


def frames_of(rows: Sequence[Row]) -> Frames:
    """Rows as columns."""
    if not rows:
        return Frames.empty()
    count = len(rows)
    channels = tuple(dict.fromkeys(row.channel for row in rows))
    place = {name: index for index, name in enumerate(channels)}
    width = FD_MAX if any(len(row.data) > CLASSIC_MAX for row in rows) else CLASSIC_MAX
    padded = b"".join(row.data.ljust(width, b"\0") for row in rows)
    return Frames(
        np.fromiter((row.time_us for row in rows), np.int64, count),
        np.fromiter((place[row.channel] for row in rows), np.uint16, count),
        channels,
        np.fromiter((row.can_id for row in rows), np.uint32, count),
        np.fromiter((row.flags for row in rows), np.uint8, count),
        np.fromiter((row.length for row in rows), np.uint8, count),
        np.frombuffer(padded, np.uint8).reshape(count, width).copy(),
    )


def checked(row: Row) -> Row:
    """The row, if a CAN frame can be so.

    Raises:
        DamagedLineError: identifier, length or time is out of its range.
    """
    limit = EXTENDED_MAX if row.flags & EXTENDED else STANDARD_MAX
    if not 0 <= row.can_id <= limit and not row.flags & ERROR:
        raise DamagedLineError(f"identifier {row.can_id:X} has more than {29 if row.flags & EXTENDED else 11} bits")
    most = FD_MAX if row.flags & FD else CLASSIC_MAX
    if not 0 <= row.length <= most or len(row.data) > most:
        raise DamagedLineError(f"{max(row.length, len(row.data))} data bytes, at most {most} are possible")
    if not row.flags & (REMOTE | ERROR) and len(row.data) != row.length:
        raise DamagedLineError(f"{len(row.data)} of {row.length} data bytes")
    if row.time_us != NO_TIME and abs(row.time_us) > MAX_TIME_US:
        raise DamagedLineError("a time stamp beyond all time")
    return row


def scaled(text: bytes, places: int) -> int:
    """A decimal number times 10 ** places, rounded half up (away from zero).

    Raises:
        DamagedLineError: it is no decimal number.
    """
    digits, minus = (text[1:], True) if text[:1] == b"-" else (text, False)
    whole, _, fraction = digits.partition(b".")
    if not whole.isdigit() or not (fraction or b"0").isdigit():
        raise DamagedLineError(f"'{shown(text)}' is no time stamp")
    value = int(whole + fraction[:places].ljust(places, b"0"))
    value += fraction[places : places + 1] >= b"5"
    return -value if minus else value


def hexadecimal(text: bytes, what: str, base: int = 16) -> int:
    """A number without sign, prefix or underscore.

    Raises:
        DamagedLineError: it is none.
    """
    if not text.isalnum():
        raise DamagedLineError(f"'{shown(text)}' is no {what}")
    try:
        return int(text, base)
    except ValueError:
        raise DamagedLineError(f"'{shown(text)}' is no {what}") from None


def hex_bytes(text: bytes) -> bytes:
    """Data bytes from pairs of hexadecimal digits; spaces between pairs are allowed.

    Raises:
        DamagedLineError: there are other characters, or half a byte.
    """
    try:
        return bytes.fromhex(text.decode("ascii"))
    except (ValueError, UnicodeDecodeError):
        compact = text.replace(b" ", b"")
        if len(compact) % 2 and all(byte in b"0123456789abcdefABCDEF" for byte in compact):
            raise DamagedLineError("the data ends in half a byte") from None
        raise DamagedLineError(f"'{shown(text)}' is no data in hexadecimal") from None


def shown(text: bytes) -> str:
    """Text from a file, short and printable."""
    plain = text[:40].decode("ascii", "replace")
    return "".join(c if c.isprintable() else "." for c in plain) + ("…" if len(text) > len(plain) else "")
