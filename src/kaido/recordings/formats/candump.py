"""candump's log form: ``(1533226488.230547) can0 260#08FFFB0000001884``.

Source: linux-can's can-utils, ``lib.h`` (sprint_canframe) and ``candump.c``: ``#R`` and ``#R8`` are remote frames,
``##<flags>`` CAN FD, a trailing R or T says received or sent, 0x20000000 in eight digits an error.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from kaido.can.frames import ERROR, EXTENDED, FD, REMOTE, SENT
from kaido.recordings import columns
from kaido.recordings.errors import DamagedLineError
from kaido.recordings.lines import Fast, PlainFormat
from kaido.recordings.rows import EXTENDED_MAX, STANDARD_MAX, Row, hex_bytes, hexadecimal, scaled, shown

if TYPE_CHECKING:
    from kaido.recordings.columns import Lines

ERROR_BIT = 0x20000000
_STANDARD_DIGITS = 3
_EXTENDED_DIGITS = 8
_LINE = re.compile(rb"\(([^()]*)\)\s+(\S+)\s+([^\s#]*)#(\S*)(?:\s+([RTrt]))?", re.ASCII)


class Candump(PlainFormat):
    """Reads candump's log form."""

    def fast(self, lines: Lines) -> Fast:
        """Data frames, classic and FD, with the identifier in three or eight digits."""
        text, end = lines.text, lines.end
        closing, hash_ = lines.first(")"), lines.first("#")
        ok = (text[lines.start] == ord("(")) & (text[closing + 1] == ord(" ")) & (hash_ < end)
        time_us, good = columns.decimal(text, lines.start + 1, closing, 6)
        ok &= good
        directed = (text[end - 2] == ord(" ")) & (end > hash_ + 1)
        direction = text[end - 1] | 0x20
        ok &= ~directed | (direction == ord("r")) | (direction == ord("t"))
        end = end - 2 * directed
        standard = text[hash_ - 1 - _STANDARD_DIGITS] == ord(" ")
        blank = hash_ - 1 - np.where(standard, _STANDARD_DIGITS, _EXTENDED_DIGITS)
        ok &= (blank > closing + 2) & (text[blank] == ord(" "))
        blank = np.where(ok, blank, closing)
        can_id, good = columns.hexadecimal(text, blank + 1, np.where(ok, hash_, blank + 1))
        ok &= good & (can_id <= np.where(standard, STANDARD_MAX, EXTENDED_MAX))
        fd = text[hash_ + 1] == ord("#")
        ok &= ~fd | (columns.NIBBLE[text[hash_ + 2]] >= 0)
        at = hash_ + 1 + 2 * fd
        digits = np.where(ok, end - at, 0)
        ok &= (digits % 2 == 0) & (digits >= 0) & (digits <= np.where(fd, 128, 16))
        length = np.where(ok, digits // 2, 0)
        data, good = columns.data(text, at, length, 0)
        ok &= good
        channel, channels, good = columns.names(text, np.where(ok, closing + 2, 0), np.where(ok, blank, 0))
        odd = [index for index, name in enumerate(channels) if " " in name or "\t" in name]
        ok &= good & ~np.isin(channel, odd)
        flags = EXTENDED * ~standard + FD * fd + SENT * (directed & (direction == ord("t")))
        return Fast.of(ok, time_us, channel, channels, can_id, flags, length, data)

    def line(self, text: bytes) -> Row | None:
        """One line."""
        match = _LINE.fullmatch(text.strip())
        if not match:
            raise DamagedLineError(f"'{shown(text)}' is not (time) interface identifier#data")
        time, channel, digits, rest, direction = match.groups()
        can_id = hexadecimal(digits, "identifier")
        flags = identifier_flags(can_id, len(digits)) | (SENT if (direction or b"").upper() == b"T" else 0)
        time_us = scaled(time, 6)
        name = channel.decode("ascii", "replace")
        if rest[:1].upper() == b"R":
            length = hexadecimal(rest[1:2], "length") if rest[1:2].isalnum() else 0
            return Row(time_us, name, can_id & EXTENDED_MAX, flags | REMOTE, length, b"")
        if rest[:1] == b"#":
            hexadecimal(rest[1:2], "CAN FD flag")
            flags, rest = flags | FD, rest[2:]
        rest = rest.partition(b"_")[0].replace(b".", b"")
        data = hex_bytes(rest)
        return Row(time_us, name, can_id & EXTENDED_MAX, flags, len(data), data)


def identifier_flags(can_id: int, digits: int) -> int:
    """What the width of an identifier says: up to three digits 11 bits, more 29 bits; bit 29 marks an error frame.

    Raises:
        DamagedLineError: the width is that of neither.
    """
    if digits <= _STANDARD_DIGITS:
        return 0
    if digits == _EXTENDED_DIGITS:
        return ERROR if can_id & ERROR_BIT else EXTENDED
    if can_id > STANDARD_MAX and digits < _EXTENDED_DIGITS:
        return EXTENDED
    raise DamagedLineError(f"the identifier has {digits} digits, 3 or 8 are possible")
