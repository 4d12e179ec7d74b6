r"""The tab-separated CANHacker log: ``1\t0\t708\tRX\t1493397796\t\t0x00000681\t8\t0xf0 20 0a 01 ff ff ff ff``.

The header names the columns: ParserFlags, Ch, Counter, T/R, Time, Flags, CAN ID, Len, Data (and the parser's own).
Time is in milliseconds of the logger's clock, although it can look like seconds of the Unix epoch: the periods of
cyclic messages tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kaido.can.frames import EXTENDED, REMOTE, SENT
from kaido.recordings import columns
from kaido.recordings.columns import Fields
from kaido.recordings.errors import DamagedLineError
from kaido.recordings.lines import NUMBERED, Fast, PlainFormat
from kaido.recordings.rows import NO_TIME, STANDARD_MAX, Row, hex_bytes, hexadecimal, scaled, shown
from kaido.recordings.source import BOM

if TYPE_CHECKING:
    from kaido.recordings.account import Account
    from kaido.recordings.columns import Lines

_NAMES = (b"ch", b"t/r", b"time", b"flags", b"can id", b"len", b"data")
_PREFIX = b"0x"


def is_header(text: bytes) -> bool:
    """Whether a line names the columns of this kind."""
    cells = _cells(text)
    return all(name in cells for name in (b"time", b"can id", b"len", b"data"))


class CanHacker(PlainFormat):
    """Reads the CANHacker log. Ch 0 is ``can0``."""

    def __init__(self) -> None:
        super().__init__()
        self._place = {name: index + (index > 0) + 1 for index, name in enumerate(_NAMES)}

    def prepare(self, head: bytes, account: Account) -> None:
        """Learn the columns."""
        account.note("the times are milliseconds of the logger's clock")
        for line in head.removeprefix(BOM).splitlines():
            if is_header(line):
                self._place = {name: index for index, name in enumerate(_cells(line))}
                return

    def fast(self, lines: Lines) -> Fast | None:
        """Lines without flags."""
        if any(name not in self._place for name in _NAMES):
            return None
        text = lines.text
        cells = Fields.between(lines, "\t")
        start, end, ok = cells.place(self._place[b"time"])
        time_us, good = columns.decimal(text, start, end, 3)
        ok &= good
        start, end, there = cells.place(self._place[b"flags"])
        ok &= there & (start == end)
        start, end, there = cells.place(self._place[b"t/r"])
        sent = columns.equals(text, start, end, b"TX")
        ok &= there & (sent | columns.equals(text, start, end, b"RX"))
        start, end, there = cells.place(self._place[b"ch"])
        bus, good = columns.small(text, start, end)
        ok &= there & good
        start, end, there = cells.place(self._place[b"can id"])
        can_id, good = columns.hexadecimal(text, start + 2 * _prefixed(text, start), end)
        ok &= there & good & (can_id <= 0x1FFFFFFF)  # noqa: PLR2004  # 29 bits
        start, end, there = cells.place(self._place[b"len"])
        length, good = columns.small(text, start, end)
        ok &= there & good & (length <= 8)  # noqa: PLR2004  # a classic CAN frame
        start, end, there = cells.place(self._place[b"data"])
        at = start + 2 * _prefixed(text, start)
        width = end - at - (text[np.maximum(end - 1, 0)] == ord(" "))
        ok &= there & (width == np.maximum(length * 3 - 1, 0))
        length = np.where(ok, length, 0)
        data, good = columns.data(text, at, length, 1)
        ok &= good
        flags = EXTENDED * (can_id > STANDARD_MAX) + SENT * sent
        return Fast.of(ok, time_us, bus, NUMBERED, can_id, flags, length, data)

    def line(self, text: bytes) -> Row | None:
        """One line."""
        if is_header(text):
            return None
        cells = [cell.strip() for cell in text.split(b"\t")]
        time = self._cell(cells, b"time")
        can_id = hexadecimal(self._cell(cells, b"can id").removeprefix(_PREFIX), "identifier")
        count = self._cell(cells, b"len")
        if not count.isdigit() or len(count) > 2:  # noqa: PLR2004  # at most 64
            raise DamagedLineError(f"'{shown(count)}' is no length")
        marks = self._cell(cells, b"flags", needed=False).upper()
        flags = (
            (EXTENDED if can_id > STANDARD_MAX or b"EXT" in marks else 0)
            | (REMOTE if b"RTR" in marks else 0)
            | (SENT if self._cell(cells, b"t/r", needed=False).upper() == b"TX" else 0)
        )
        channel = self._cell(cells, b"ch", needed=False)
        if not channel.isdigit() and channel:
            raise DamagedLineError(f"'{shown(channel)}' is no channel")
        data = b"" if flags & REMOTE else hex_bytes(self._cell(cells, b"data").removeprefix(_PREFIX))
        return Row(
            scaled(time, 3) if time else NO_TIME,
            f"can{int(channel[:3] or b'0')}",
            can_id,
            flags,
            int(count),
            data,
        )

    def _cell(self, cells: list[bytes], name: bytes, *, needed: bool = True) -> bytes:
        index = self._place.get(name, len(cells))
        if index < len(cells):
            return cells[index]
        if needed:
            raise DamagedLineError(f"{len(cells)} columns: there is none for {name.decode()}")
        return b""


def _cells(header: bytes) -> list[bytes]:
    return [cell.strip().lower() for cell in header.removeprefix(BOM).split(b"\t")]


def _prefixed(text: columns.Bytes, start: columns.Places) -> columns.Mask:
    prefixed: columns.Mask = (text[start] == ord("0")) & (text[start + 1] == ord("x"))
    return prefixed
