"""python-can's CSV: ``timestamp,arbitration_id,extended,remote,error,dlc,data`` (data in Base64).

Source: python-can 4, ``can.io.csv``. The form knows neither channels nor CAN FD.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

import numpy as np

from kaido.can.frames import ERROR, EXTENDED, FD, REMOTE
from kaido.recordings import columns
from kaido.recordings.columns import Fields
from kaido.recordings.errors import DamagedLineError
from kaido.recordings.lines import Fast, PlainFormat
from kaido.recordings.rows import (
    CLASSIC_MAX,
    EXTENDED_MAX,
    FD_MAX,
    STANDARD_MAX,
    Row,
    hexadecimal,
    scaled,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.recordings.columns import Lines

HEADER = b"timestamp,arbitration_id,extended,remote,error,dlc,data"
_COLUMNS = 7


class PythonCanCsv(PlainFormat):
    """Reads python-can's CSV. All frames are of ``can0``."""

    def fast(self, lines: Lines) -> Fast:
        """Frames with data that belongs to them."""
        text = lines.text
        cells = Fields.between(lines, ",")
        start, end, ok = cells.place(0)
        ok &= cells.count == _COLUMNS
        time_us, good = columns.decimal(text, start, end, 6)
        ok &= good
        start, end, _ = cells.place(1)
        can_id, good = columns.hexadecimal(text, np.minimum(start + 2, end), end)
        ok &= good & (text[start] == ord("0")) & (text[start + 1] == ord("x"))
        flags = np.zeros(len(lines), np.uint8)
        for index, flag in ((2, EXTENDED), (3, REMOTE), (4, ERROR)):
            start, end, _ = cells.place(index)
            ok &= (end - start == 1) & ((text[start] | 1) == ord("1"))
            flags |= (flag * (text[start] & 1)).astype(np.uint8)
        ok &= can_id <= np.where(flags & EXTENDED, EXTENDED_MAX, STANDARD_MAX)
        start, end, _ = cells.place(5)
        length, good = columns.small(text, start, end)
        ok &= good & (length <= FD_MAX) & (flags & (REMOTE | ERROR) == 0)
        flags |= (FD * (length > CLASSIC_MAX)).astype(np.uint8)
        start, end, _ = cells.place(6)
        ok &= end - start == (length + 2) // 3 * 4
        length = np.where(ok, length, 0)
        data, good = columns.base64(text, start, length)
        ok &= good
        channel = np.zeros(len(lines), np.uint16)
        return Fast.of(ok, time_us, channel, ("can0",), can_id, flags, length, data)

    def line(self, text: bytes) -> Row | None:
        """One line."""
        if text.startswith(HEADER):
            return None
        cells = text.split(b",")
        if len(cells) != _COLUMNS:
            raise DamagedLineError(f"{len(cells)} columns in place of {_COLUMNS}")
        try:
            data = base64.b64decode(cells[6], validate=True)
        except binascii.Error:
            raise DamagedLineError(f"'{shown(cells[6])}' is no Base64") from None
        if not cells[5].isdigit() or len(cells[5]) > 2:  # noqa: PLR2004  # at most 64
            raise DamagedLineError(f"'{shown(cells[5])}' is no length")
        length = int(cells[5])
        flags = _flags(cells[2:5]) | (FD if length > CLASSIC_MAX else 0)
        can_id = hexadecimal(cells[1].removeprefix(b"0x"), "identifier")
        return Row(_time_us(cells[0]), "can0", can_id, flags, length, data)


def _flags(cells: Sequence[bytes]) -> int:
    flags = 0
    for cell, flag in zip(cells, (EXTENDED, REMOTE, ERROR), strict=True):
        if cell not in (b"0", b"1"):
            raise DamagedLineError(f"'{shown(cell)}' is neither 0 nor 1")
        flags |= flag if cell == b"1" else 0
    return flags


def _time_us(text: bytes) -> int:
    if b"e" not in text.lower():
        return scaled(text, 6)
    try:
        return round(float(text) * 1e6)  # a time of less than 0.1 ms stands there as 1e-05
    except (ValueError, OverflowError):
        raise DamagedLineError(f"'{shown(text)}' is no time stamp") from None
