"""Vector ASC: ``   0.012345 1  260             Rx   d 8 08 FF FB 00 00 00 18 84``.

Source: python-can 4, ``can.io.asc``, and recordings of CANoe and CANalyzer. The header gives a date (of no named time
zone: taken as UTC), the base of the numbers, and whether times count from the beginning or from the event before.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from kaido.can.frames import ERROR, EXTENDED, FD, REMOTE, SENT
from kaido.recordings import columns
from kaido.recordings.columns import Fields
from kaido.recordings.errors import DamagedLineError
from kaido.recordings.lines import NUMBERED, Fast, PlainFormat
from kaido.recordings.rows import CLASSIC_MAX, EXTENDED_MAX, STANDARD_MAX, Row, hexadecimal, scaled, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kaido.recordings.columns import Lines

_DATE = re.compile(rb"(?:date|begin\s+triggerblock)\s+(?:\w+\s+)?(.+)", re.IGNORECASE)
_BASE = re.compile(rb"base\s+(hex|dec)(?:\s+timestamps\s+(absolute|relative))?.*", re.IGNORECASE)
_OTHER = re.compile(rb"(//|no\s+internal|internal\s+events|begin\s|end\s|previous\s|start\s).*", re.IGNORECASE)
_EVENT = re.compile(rb"(-?\d+\.\d+)\s+(.*)", re.ASCII)
_ERROR_EVENT = re.compile(rb"(\d+)\s+ErrorFrame\b.*", re.IGNORECASE)
_CLASSIC = re.compile(rb"(\d+)\s+([0-9A-Fa-f]+)(x?)\s+(Rx|Tx|TxRq)\s+([drDR])(?:\s+(\w+)\b\s*(.*))?", re.ASCII)
_LOOKS_CLASSIC = re.compile(rb"\d+\s+\S+\s+(Rx|Tx|TxRq)\b", re.ASCII)
_FD_LINE = re.compile(rb"CANFD\s+(\d+)\s+(Rx|Tx|TxRq)\s+(.*)", re.ASCII | re.IGNORECASE)
_FD_FRAME = re.compile(
    rb"([0-9A-Fa-f]+)(x?)\s+(?:(?!\d+\s)\S+\s+)?([01])\s+([01])\s+([0-9A-Fa-f])\s+(\d+)\b\s*(.*)", re.ASCII
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_GERMAN = {"mär": "mar", "mrz": "mar", "mai": "may", "okt": "oct", "dez": "dec"}
_DATE_FORMS = ("%m %d %I:%M:%S.%f %p %Y", "%m %d %I:%M:%S %p %Y", "%m %d %H:%M:%S.%f %Y", "%m %d %H:%M:%S %Y")
_LENGTH_OF_DLC = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64)
_FD_FLAG = 0x1000
_REMOTE_FLAG = 0x10
_LONGEST_DATE = 64


class Asc(PlainFormat):
    """Reads ASC. Channel 1 is ``can0``."""

    def __init__(self) -> None:
        super().__init__()
        self._base = 16
        self._origin_us = 0
        self._relative = False
        self._event_us = 0

    def marks(self, lines: Lines) -> NDArray[np.intp]:
        """Header lines: those that begin with a letter."""
        return np.flatnonzero((lines.text[lines.start] | 0x20) >= ord("a"))

    def fast(self, lines: Lines) -> Fast | None:
        """Classic data frames with hexadecimal numbers and times from the beginning."""
        if self._relative or self._base != 16:  # noqa: PLR2004  # decimal logs are rare
            return None
        text = lines.text
        fields = Fields.between_blanks(lines)
        start, end, ok = fields.place(0)
        time_us, good = columns.decimal(text, start, end, 6)
        ok &= good & (text[start] != ord("-")) & (text[np.maximum(end - 7, 0)] == ord("."))
        start, end, there = fields.place(1)
        bus, good = columns.small(text, start, end)
        ok &= there & good & (bus > 0)
        start, end, there = fields.place(2)
        extended = (text[end - 1] == ord("x")) & (end - start > 1)
        can_id, good = columns.hexadecimal(text, start, end - extended)
        ok &= there & good & (can_id <= np.where(extended, EXTENDED_MAX, STANDARD_MAX))
        start, end, there = fields.place(3)
        sent = columns.equals(text, start, end, b"Tx")
        ok &= there & (sent | columns.equals(text, start, end, b"Rx"))
        start, end, there = fields.place(4)
        ok &= there & columns.equals(text, start, end, b"d")
        start, end, there = fields.place(5)
        length, good = columns.small(text, start, end)
        ok &= there & good & (length <= CLASSIC_MAX) & (fields.count >= 6 + length)
        length = np.where(ok, length, 0)
        at, _, _ = fields.place(6)
        data, good = columns.data(text, at, length, 1)
        ok &= good
        return Fast.of(
            ok, time_us + self._origin_us, bus - 1, NUMBERED, can_id, EXTENDED * extended + SENT * sent, length, data
        )

    def line(self, text: bytes) -> Row | None:
        """One line."""
        text = text.strip()
        match = _EVENT.fullmatch(text)
        if not match:
            self._header(text)
            return None
        time_us = scaled(match[1], 6)
        if self._relative:
            self._event_us = time_us = self._event_us + time_us
        return self._event(time_us + self._origin_us, match[2])

    def _header(self, text: bytes) -> None:
        if match := _BASE.fullmatch(text):
            self._base = 16 if match[1].lower() == b"hex" else 10
            self._relative = (match[2] or b"").lower() == b"relative"
        elif match := _DATE.fullmatch(text):
            self._origin_us = _date_us(match[1][:_LONGEST_DATE])
            self._event_us = 0
        elif not _OTHER.fullmatch(text):
            raise DamagedLineError(f"'{shown(text)}' is neither an event nor a header")

    def _event(self, time_us: int, text: bytes) -> Row | None:
        if match := _ERROR_EVENT.fullmatch(text):
            return Row(time_us, _channel(match[1]), 0, ERROR, 0, b"")
        if match := _CLASSIC.fullmatch(text):
            return self._classic(time_us, match)
        if match := _FD_LINE.fullmatch(text):
            return self._fd(time_us, match)
        if _LOOKS_CLASSIC.match(text) or text[:5].upper() == b"CANFD":
            raise DamagedLineError(f"'{shown(text)}' is no whole CAN event")
        return None

    def _classic(self, time_us: int, match: re.Match[bytes]) -> Row:
        channel, digits, wide, direction, kind, dlc, rest = match.groups()
        flags = (EXTENDED if wide else 0) | (SENT if direction != b"Rx" else 0)
        can_id = hexadecimal(digits, "identifier", self._base)
        if kind.lower() == b"r":
            length = int(dlc[:1], 16) if dlc and dlc[:1].isdigit() else 0
            return Row(time_us, _channel(channel), can_id, flags | REMOTE, min(length, CLASSIC_MAX), b"")
        if dlc is None:
            raise DamagedLineError("there is no length")
        length = min(hexadecimal(dlc, "length", self._base), CLASSIC_MAX)
        return Row(time_us, _channel(channel), can_id, flags, length, self._data(rest, length))

    def _fd(self, time_us: int, match: re.Match[bytes]) -> Row:
        channel, direction, rest = match.groups()
        flags = SENT if direction != b"Rx" else 0
        if rest[:10].lower() == b"errorframe":
            return Row(time_us, _channel(channel), 0, flags | ERROR | FD, 0, b"")
        frame = _FD_FRAME.fullmatch(rest)
        if not frame:
            raise DamagedLineError(f"'{shown(rest)}' is no CAN FD frame")
        digits, wide, _, _, dlc, count, behind = frame.groups()
        length = int(count[:3])
        can_id = hexadecimal(digits, "identifier", self._base)
        flags |= EXTENDED if wide else 0
        # Behind the data: duration, bits, flags (hexadecimal), checksum and more; some writers leave them out.
        tail = behind.split()[length + 2 : length + 3]
        marks = int(tail[0], 16) if tail and tail[0].isalnum() and _is_hex(tail[0]) else _FD_FLAG
        flags |= FD if marks & _FD_FLAG else 0
        if marks & _REMOTE_FLAG or (not length and dlc != b"0"):
            return Row(time_us, _channel(channel), can_id, flags | REMOTE, _LENGTH_OF_DLC[int(dlc, 16)], b"")
        return Row(time_us, _channel(channel), can_id, flags, length, self._data(behind, length))

    def _data(self, text: bytes, length: int) -> bytes:
        cells = (text or b"").split()[:length]
        values = [hexadecimal(cell, "data byte", self._base) for cell in cells]
        if any(value > 0xFF for value in values):  # noqa: PLR2004  # a byte
            raise DamagedLineError("a data byte above 255")
        return bytes(values)


def _channel(text: bytes) -> str:
    return f"can{max(int(text[:3]) - 1, 0)}"


def _is_hex(text: bytes) -> bool:
    return all(byte in b"0123456789abcdefABCDEF" for byte in text)


def _date_us(text: bytes) -> int:
    words = text.decode("utf-8", "replace").lower().split()
    month = _GERMAN.get(words[0][:3], words[0][:3])
    if month not in _MONTHS:
        raise DamagedLineError(f"'{shown(text)}' is no date")
    plain = " ".join([str(_MONTHS.index(month) + 1), *words[1:]])
    for form in _DATE_FORMS:
        try:
            moment = datetime.strptime(plain, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond
    raise DamagedLineError(f"'{shown(text)}' is no date")
