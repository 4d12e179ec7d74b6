"""candump's screen output: ``  (145.740000)  can0  260   [8]  08 FF FB 00 00 00 18 84``, also without the time.

Source: linux-can's can-utils, ``candump.c``: -ta absolute, -td difference, -tz since the first frame, -tA with the
date, -x with direction and flags, -a with the bytes as text, -c in colours; CAN FD lengths have two digits.
"""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from kaido.can.frames import ERROR, EXTENDED, FD, REMOTE, SENT
from kaido.recordings import columns
from kaido.recordings.columns import Fields
from kaido.recordings.errors import DamagedLineError
from kaido.recordings.formats.candump import identifier_flags
from kaido.recordings.lines import Fast, PlainFormat
from kaido.recordings.rows import (
    EXTENDED_MAX,
    NO_TIME,
    STANDARD_MAX,
    Row,
    hex_bytes,
    hexadecimal,
    scaled,
    shown,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kaido.recordings.account import Account
    from kaido.recordings.columns import Lines

_LINE = re.compile(
    rb"(?:\(([^()]*)\)\s+)?(\S+)\s+(?:([RT]X)\s+[-B]\s+[-E]\s+)?([0-9A-Fa-f]{1,8})\s+\[(\d{1,2})\]\s*(.*)",
    re.ASCII | re.DOTALL,
)
_PLAIN_TIME = re.compile(rb"\(([\d.]+)\)")
_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FALLING = 0.1
_LONGEST_DIFFERENCE_US = 10**12


class Screen(PlainFormat):
    """Reads candump's screen output. Times that often fall are differences (-td) and are summed up."""

    def __init__(self) -> None:
        super().__init__()
        self._differences = False
        self._sum_us = 0

    def prepare(self, head: bytes, account: Account) -> None:
        """Find out whether the times are differences."""
        times = [scaled(found, 6) for found in _PLAIN_TIME.findall(head) if found.count(b".") == 1]
        falls = sum(after < before for before, after in itertools.pairwise(times))
        self._differences = falls > _FALLING * len(times) and max(times) < _LONGEST_DIFFERENCE_US
        if self._differences:
            account.note("the time stamps are differences (candump -td); they were summed up")

    def fast(self, lines: Lines) -> Fast:
        """Data frames without direction and text columns."""
        text = lines.text
        fields = Fields.between_blanks(lines)
        start, end, ok = fields.place(0)
        timed = text[start] == ord("(")
        ok &= ~timed | (text[end - 1] == ord(")"))
        time_us, good = columns.decimal(text, start + 1, np.where(timed, end - 1, start + 1), 6)
        ok &= good | ~timed
        time_us = np.where(timed, time_us, NO_TIME)
        skip = timed.astype(np.intp)
        start, end, there = fields.place(skip)
        channel, channels, good = columns.names(text, start, end)
        ok &= there & good
        start, end, there = fields.place(skip + 1)
        can_id, good = columns.hexadecimal(text, start, end)
        standard = end - start <= 3  # noqa: PLR2004  # an identifier of 11 bits has at most three digits
        extended = end - start == 8  # noqa: PLR2004  # one of 29 bits has eight
        ok &= there & good & (standard | extended)
        ok &= can_id <= np.where(standard, STANDARD_MAX, EXTENDED_MAX)
        start, end, there = fields.place(skip + 2)
        ok &= there & (text[start] == ord("[")) & (text[end - 1] == ord("]"))
        length, good = columns.small(text, start + 1, np.where(ok, end - 1, start + 2))
        fd = end - start == 4  # noqa: PLR2004  # [08]: two digits
        ok &= good & (length <= np.where(fd, 64, 8)) & (fields.count == skip + 3 + length)
        length = np.where(ok, length, 0)
        at, _, _ = fields.place(skip + 3)
        data, good = columns.data(text, at, length, 1)
        ok &= good
        flags = EXTENDED * extended + FD * fd
        return Fast.of(ok, time_us, channel, channels, can_id, flags, length, data)

    def line(self, text: bytes) -> Row | None:
        """One line."""
        match = _LINE.fullmatch(_COLOUR.sub(b"", text).strip())
        if not match:
            raise DamagedLineError(f"'{shown(text)}' is not [(time)] interface identifier [length] data")
        time, channel, direction, digits, count, rest = match.groups()
        can_id = hexadecimal(digits, "identifier")
        flags = identifier_flags(can_id, len(digits)) | (SENT if direction == b"TX" else 0)
        length = int(count)
        if len(count) > 1:
            flags |= FD
        if rest.startswith(b"remote request"):
            flags, data = flags | REMOTE, b""
        else:
            pairs = rest.partition(b"ERRORFRAME")[0].split()[:length]
            data = hex_bytes(b" ".join(pairs))
            behind = rest[len(b" ".join(pairs)) :].strip()
            if behind and not flags & ERROR and behind[:1] not in (b"'", b"`"):
                raise DamagedLineError(f"'{shown(behind)}' follows the {length} data bytes")
        time_us = NO_TIME if time is None else _time_us(time)
        return Row(time_us, channel.decode("ascii", "replace"), can_id & EXTENDED_MAX, flags, length, data)

    def settle(self, time_us: NDArray[np.int64], account: Account) -> NDArray[np.int64]:
        """Differences are summed up."""
        if self._differences:
            time_us = self._sum_us + np.cumsum(np.where(time_us == NO_TIME, 0, time_us))
            self._sum_us = int(time_us[-1])
        return super().settle(time_us, account)


def _time_us(text: bytes) -> int:
    if b":" not in text:
        return scaled(text, 6)
    try:
        moment = datetime.fromisoformat(text.decode("ascii")).replace(tzinfo=UTC)
    except ValueError:
        raise DamagedLineError(f"'{shown(text)}' is no time stamp") from None
    return (moment - _EPOCH) // timedelta(microseconds=1)
