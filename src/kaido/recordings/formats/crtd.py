"""CRTD of OVMS: ``1632509059.541604 2R11 174 00 00 00 aa 0f 00 00 00``.

Source: docs.openvehicles.com, "CRTD CAN Log Format" 3.1: time, record type (an optional bus from 1, then R or T, then
11 or 29 bit identifier), identifier, bytes. Record types that begin with C are comments, events, status and the like.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from kaido.can.frames import EXTENDED, SENT
from kaido.recordings import columns
from kaido.recordings.columns import Fields
from kaido.recordings.errors import DamagedLineError
from kaido.recordings.lines import NUMBERED, Fast, PlainFormat
from kaido.recordings.rows import EXTENDED_MAX, STANDARD_MAX, Row, hex_bytes, hexadecimal, scaled, shown

if TYPE_CHECKING:
    from kaido.recordings.columns import Lines

_FRAME = re.compile(rb"([\d.]+)\s+(\d{0,2})([RT])(11|29)\s+(\S+)\s*(.*)", re.ASCII)
_COMMENT = re.compile(rb"[\d.]+\s+\d{0,2}C[A-Z]{2}\b.*", re.ASCII)
_MOST_BUSES = 10


class Crtd(PlainFormat):
    """Reads CRTD. Bus 1 (or none) is ``can0``."""

    def fast(self, lines: Lines) -> Fast:
        """Frames with at most one digit of bus."""
        text = lines.text
        fields = Fields.between_blanks(lines)
        start, end, ok = fields.place(0)
        time_us, good = columns.decimal(text, start, end, 6)
        ok &= good & (text[start] != ord("-"))
        start, end, there = fields.place(1)
        numbered = end - start == 4  # noqa: PLR2004  # 2R11
        ok &= there & (numbered | (end - start == 3))  # noqa: PLR2004  # R11
        bus = np.where(numbered, text[start].astype(np.int64) - ord("1"), 0)
        kind = np.where(ok, start + numbered, 0)
        sent, received = text[kind] == ord("T"), text[kind] == ord("R")
        extended = (text[kind + 1] == ord("2")) & (text[kind + 2] == ord("9"))
        standard = (text[kind + 1] == ord("1")) & (text[kind + 2] == ord("1"))
        ok &= (bus >= 0) & (bus < _MOST_BUSES - 1) & (sent | received) & (extended | standard)
        start, end, there = fields.place(2)
        can_id, good = columns.hexadecimal(text, start, end)
        ok &= there & good & (can_id <= np.where(extended, EXTENDED_MAX, STANDARD_MAX))
        length = np.where(ok, fields.count - 3, 0)
        ok &= length <= 8  # noqa: PLR2004  # a classic CAN frame
        length = np.where(ok, length, 0)
        at, _, _ = fields.place(3)
        data, good = columns.data(text, at, length, 1)
        ok &= good
        return Fast.of(ok, time_us, bus, NUMBERED, can_id, EXTENDED * extended + SENT * sent, length, data)

    def line(self, text: bytes) -> Row | None:
        """One line."""
        text = text.strip()
        match = _FRAME.fullmatch(text)
        if not match:
            if _COMMENT.fullmatch(text):
                return None
            raise DamagedLineError(f"'{shown(text)}' is not time, record type, identifier, data")
        time, bus, direction, bits, digits, rest = match.groups()
        data = hex_bytes(rest)
        if len(rest.split()) != len(data):
            raise DamagedLineError(f"'{shown(rest)}' is no data in hexadecimal, two digits a byte")
        flags = (EXTENDED if bits == b"29" else 0) | (SENT if direction == b"T" else 0)
        channel = f"can{max(int(bus or b'1') - 1, 0)}"
        return Row(scaled(time, 6), channel, hexadecimal(digits, "identifier"), flags, len(data), data)
