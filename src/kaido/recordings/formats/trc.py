"""PEAK TRC, versions 1.0 to 2.1: ``     1      1059.900 DT 1      0300 Rx -  7    00 00 00 00 04 00 00``.

Source: PEAK-System, "PEAK CAN TRC File Format". Times are milliseconds since $STARTTIME (days since 1899-12-30, of no
named time zone: taken as UTC); version 1.0 has the start as a text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from kaido.can.frames import ERROR, EXTENDED, FD, REMOTE, SENT
from kaido.recordings import columns
from kaido.recordings.columns import Fields
from kaido.recordings.errors import DamagedLineError
from kaido.recordings.lines import NUMBERED, Fast, PlainFormat
from kaido.recordings.rows import CLASSIC_MAX, EXTENDED_MAX, Row, hex_bytes, hexadecimal, scaled, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kaido.recordings.columns import Lines

_DAY_ZERO = datetime(1899, 12, 30, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_START = re.compile(rb";\s+Start time:\s+(\d+)\.(\d+)\.(\d{4})\s+(\d+):(\d+):(\d+)(?:\.(\d{1,3}))?.*", re.ASCII)
_LAYOUTS = {"1.0": "NOIlD", "1.1": "NOTIlD", "1.2": "NOBTIlD", "1.3": "NOBTIRlD"}
"""The columns of the versions that do not name them; their names as in $COLUMNS of 2.x (l: length, L: length code)."""
_DATA_TYPES = {b"DT": 0, b"FD": FD, b"FB": FD, b"FE": FD, b"BI": FD, b"RR": REMOTE, b"RX": 0, b"TX": SENT}
_ERROR_TYPES = (b"ER", b"ERROR")
_OTHER_TYPES = (b"ST", b"EC", b"EV", b"WARNG", b"STATUS")
_LENGTH_OF_DLC = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64)
_STANDARD_DIGITS = 4


class Trc(PlainFormat):
    """Reads TRC. Bus 1 (or none) is ``can0``."""

    def __init__(self) -> None:
        super().__init__()
        self._origin_us = 0
        self._numbered_start = False
        self._lay("NOIlD")

    def _lay(self, layout: str) -> None:
        self._layout = layout
        self._place = {name: index for index, name in enumerate(layout)}

    def marks(self, lines: Lines) -> NDArray[np.intp]:
        """Header lines."""
        return np.flatnonzero(lines.text[lines.start] == ord(";"))

    def fast(self, lines: Lines) -> Fast | None:
        """Classic data frames."""
        text, place = lines.text, self._place
        size = place.get("l", place.get("L"))
        if size is None or place.get("D") != len(place) - 1 or "O" not in place or "I" not in place:
            return None
        fields = Fields.between_blanks(lines)
        start, end, ok = fields.place(place["O"])
        time_us, good = columns.decimal(text, start, end, 3)
        ok &= good & (text[start] != ord("-"))
        sent = np.zeros(len(lines), np.bool_)
        if "T" in place:
            start, end, there = fields.place(place["T"])
            sent = columns.equals(text, start, end, b"Tx")
            known = sent | columns.equals(text, start, end, b"Rx") | columns.equals(text, start, end, b"DT")
            ok &= there & known
        if "d" in place:
            start, end, there = fields.place(place["d"])
            sent = columns.equals(text, start, end, b"Tx")
            ok &= there & (sent | columns.equals(text, start, end, b"Rx"))
        bus = np.ones(len(lines), np.int64)
        if "B" in place:
            start, end, there = fields.place(place["B"])
            bus, good = columns.small(text, start, end)
            ok &= there & good & (bus > 0)
        start, end, there = fields.place(place["I"])
        can_id, good = columns.hexadecimal(text, start, end)
        extended = end - start > _STANDARD_DIGITS
        ok &= there & good & (can_id <= np.where(extended, EXTENDED_MAX, 0x7FF))
        start, end, there = fields.place(size)
        length, good = columns.small(text, start, end)
        ok &= there & good & (length <= CLASSIC_MAX) & (fields.count == len(place) - 1 + length)
        length = np.where(ok, length, 0)
        at, _, _ = fields.place(place["D"])
        data, good = columns.data(text, at, length, 1)
        ok &= good
        return Fast.of(
            ok, time_us + self._origin_us, bus - 1, NUMBERED, can_id, EXTENDED * extended + SENT * sent, length, data
        )

    def line(self, text: bytes) -> Row | None:
        """One line."""
        text = text.strip()
        if text[:1] == b";":
            self._header(text)
            return None
        cells = text.split(maxsplit=len(self._layout) - 1)
        kind = self._cell(cells, "T").upper() if "T" in self._place else self._kind_of_1_0(cells)
        if kind in _OTHER_TYPES:
            return None
        time_us = scaled(self._cell(cells, "O"), 3) + self._origin_us
        bus = self._cell(cells, "B") if "B" in self._place else b"1"
        channel = f"can{max(int(bus[:3]) - 1, 0)}" if bus.isdigit() else "can0"
        if kind in _ERROR_TYPES:
            return Row(time_us, channel, 0, ERROR, 0, b"")
        if kind not in _DATA_TYPES:
            raise DamagedLineError(f"'{shown(kind)}' is no type of line")
        flags = _DATA_TYPES[kind]
        if "d" in self._place and self._cell(cells, "d").lower() == b"tx":
            flags |= SENT
        digits = self._cell(cells, "I")
        flags |= EXTENDED if len(digits) > _STANDARD_DIGITS else 0
        can_id = hexadecimal(digits, "identifier")
        length = self._length(cells, flags)
        rest = cells[self._place["D"]] if "D" in self._place and len(cells) > self._place["D"] else b""
        if flags & REMOTE or rest.strip().upper() == b"RTR":
            return Row(time_us, channel, can_id, flags | REMOTE, length, b"")
        return Row(time_us, channel, can_id, flags, length, hex_bytes(b" ".join(rest.split())))

    def _kind_of_1_0(self, cells: list[bytes]) -> bytes:
        if self._cell(cells, "I").upper() == b"FFFFFFFF":
            return b"WARNG"
        return b"ERROR" if cells[-1].upper().startswith(b"ERROR") else b"DT"

    def _length(self, cells: list[bytes], flags: int) -> int:
        coded = "l" not in self._place
        text = self._cell(cells, "L" if coded else "l")
        if not text.isdigit() or len(text) > 2:  # noqa: PLR2004  # at most 64
            raise DamagedLineError(f"'{shown(text)}' is no length")
        length = int(text)
        return _LENGTH_OF_DLC[length] if coded and flags & FD and length < len(_LENGTH_OF_DLC) else length

    def _cell(self, cells: list[bytes], name: str) -> bytes:
        index = self._place.get(name, len(cells))
        if index >= len(cells):
            raise DamagedLineError(f"{len(cells)} columns: one is missing")
        return cells[index]

    def _header(self, text: bytes) -> None:
        name, _, value = text.partition(b"=")
        word = value.strip().decode("ascii", "replace")
        if name == b";$FILEVERSION":
            if word in _LAYOUTS:
                self._lay(_LAYOUTS[word])
        elif name == b";$COLUMNS":
            self._lay(word.replace(",", "").replace(" ", ""))
        elif name == b";$STARTTIME":
            self._numbered_start = True
            self._origin_us = _days_us(word)
        elif (match := _START.fullmatch(text)) and not self._numbered_start:
            self._origin_us = _text_us([int(part or 0) for part in match.groups()], match[7])


def _days_us(text: str) -> int:
    try:
        return (_DAY_ZERO + timedelta(days=float(text)) - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise DamagedLineError(f"'{shown(text.encode())}' is no start time") from None


def _text_us(parts: list[int], fraction: bytes | None) -> int:
    day, month, year, hour, minute, second, _ = parts
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise DamagedLineError("the start time is none") from None
    return (moment - _EPOCH) // timedelta(microseconds=1) + int((fraction or b"").ljust(3, b"0")) * 1000
