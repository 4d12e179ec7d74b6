"""SavvyCAN's own CSV, as GVRET writes it: ``Time Stamp,ID,Extended,Dir,Bus,LEN,D1,…,D8``.

Source: SavvyCAN ``framefileio.cpp`` and recordings of several loggers: without Dir in the first version, DLC in place
of LEN, true or 1, one or two digits a byte, a comma behind the last byte or none. Times are microseconds since
anything; they are negative where a logger overflowed, and some lines have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kaido.can.frames import EXTENDED, FD, SENT
from kaido.recordings import columns
from kaido.recordings.columns import Fields
from kaido.recordings.errors import DamagedLineError
from kaido.recordings.lines import NUMBERED, Fast, PlainFormat
from kaido.recordings.rows import CLASSIC_MAX, NO_TIME, STANDARD_MAX, Row, hexadecimal, scaled, shown
from kaido.recordings.source import BOM

if TYPE_CHECKING:
    from kaido.recordings.account import Account
    from kaido.recordings.columns import Lines

_HEADER = (b"id", b"extended")
_TRUE, _FALSE = (b"true", b"1"), (b"false", b"0", b"")


def is_header(text: bytes) -> bool:
    """Whether a line names the columns of this kind."""
    cells = _cells(text)
    return all(name in cells for name in _HEADER) and b"d1" in cells


class Gvret(PlainFormat):
    """Reads GVRET CSV. Bus 0 is ``can0``."""

    def __init__(self) -> None:
        super().__init__()
        self._columns(b"Time Stamp,ID,Extended,Dir,Bus,LEN,D1")

    def prepare(self, head: bytes, account: Account) -> None:
        """Learn the columns."""
        for line in head.removeprefix(BOM).splitlines():
            if is_header(line):
                self._columns(line)
                if self._time is None:
                    account.note("the recording has no column of time stamps")
                return

    def _columns(self, header: bytes) -> None:
        place = {name: index for index, name in enumerate(_cells(header))}
        self._time, self._dir, self._bus = place.get(b"time stamp"), place.get(b"dir"), place.get(b"bus")
        self._len = place.get(b"len", place.get(b"dlc"))
        self._id, self._extended, self._d1 = place[b"id"], place[b"extended"], place[b"d1"]

    def fast(self, lines: Lines) -> Fast | None:
        """Lines with two digits a byte and a time stamp."""
        if self._time is None or self._len is None:
            return None
        text = lines.text
        cells = Fields.between(lines, ",")
        start, end, ok = cells.place(self._time)
        time_us, good = columns.decimal(text, start, end, 0)
        ok &= good
        start, end, there = cells.place(self._id)
        can_id, good = columns.hexadecimal(text, start, end)
        ok &= there & good & (can_id <= 0x1FFFFFFF)  # noqa: PLR2004  # 29 bits
        start, end, there = cells.place(self._extended)
        first = text[start] | 0x20
        extended = (first == ord("t")) | (text[start] == ord("1"))
        ok &= there & _is_bool(text, start, end)
        extended |= can_id > STANDARD_MAX
        sent = np.zeros(len(lines), np.bool_)
        if self._dir is not None:
            start, end, there = cells.place(self._dir)
            sent = columns.equals(text, start, end, b"Tx")
            ok &= there & (sent | columns.equals(text, start, end, b"Rx"))
        bus = np.zeros(len(lines), np.int64)
        if self._bus is not None:
            start, end, there = cells.place(self._bus)
            bus, good = columns.small(text, start, end)
            ok &= there & good
        start, end, there = cells.place(self._len)
        length, good = columns.small(text, start, end)
        ok &= there & good & (length <= 64) & (cells.count >= self._d1 + length)  # noqa: PLR2004  # CAN FD
        length = np.where(ok, length, 0)
        at, _, _ = cells.place(self._d1)
        data, good = columns.data(text, at, length, 1, b",")
        ok &= good
        flags = EXTENDED * extended + SENT * sent + FD * (length > CLASSIC_MAX)
        return Fast.of(ok, time_us, bus, NUMBERED, can_id, flags, length, data)

    def line(self, text: bytes) -> Row | None:
        """One line."""
        if is_header(text):
            return None
        cells = [cell.strip() for cell in text.split(b",")]
        if len(cells) < self._d1:
            raise DamagedLineError(f"{len(cells)} columns, at least {self._d1} are needed")
        extended = cells[self._extended].lower()
        if extended not in _TRUE + _FALSE:
            raise DamagedLineError(f"'{shown(extended)}' is neither true nor false (Extended)")
        can_id = hexadecimal(cells[self._id].removeprefix(b"0x"), "identifier")
        bytes_ = cells[self._d1 :]
        length = _number(cells[self._len], "length") if self._len is not None else len(b" ".join(bytes_).split())
        pairs = [cell for cell in bytes_[:length] if cell]
        if any(len(pair) > 2 for pair in pairs):  # noqa: PLR2004  # digits of a byte
            raise DamagedLineError("a data byte of more than two digits")
        data = bytes(hexadecimal(pair, "data byte") for pair in pairs)
        time = cells[self._time] if self._time is not None else b""
        bus = cells[self._bus] if self._bus is not None else b"0"
        sent = self._dir is not None and cells[self._dir].lower() == b"tx"
        flags = (
            (EXTENDED if extended in _TRUE or can_id > STANDARD_MAX else 0)
            | (SENT if sent else 0)
            | (FD if length > CLASSIC_MAX else 0)
        )
        return Row(
            scaled(time, 0) if time else NO_TIME,
            f"can{_number(bus or b'0', 'bus')}",
            can_id,
            flags,
            length,
            data,
        )


def _cells(header: bytes) -> list[bytes]:
    return [cell.strip().lower() for cell in header.removeprefix(BOM).split(b",")]


def _number(text: bytes, what: str) -> int:
    if not text.isdigit() or len(text) > 2:  # noqa: PLR2004  # no bus or length has more digits
        raise DamagedLineError(f"'{shown(text)}' is no {what}")
    return int(text)


def _is_bool(text: columns.Bytes, start: columns.Places, end: columns.Places) -> columns.Mask:
    known = np.zeros(len(start), np.bool_)
    for word in (b"false", b"true", b"FALSE", b"TRUE", b"0", b"1"):
        known |= columns.equals(text, start, end, word)
    return known
