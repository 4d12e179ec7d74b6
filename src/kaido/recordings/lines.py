"""Reading a text recording: whole blocks at once where lines have the usual layout, the others one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from kaido.can.frames import Frames
from kaido.recordings.columns import Lines
from kaido.recordings.errors import DamagedLineError
from kaido.recordings.rows import NO_TIME, Row, checked, frames_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from kaido.recordings.account import Account
    from kaido.recordings.source import Source


NUMBERED = tuple(f"can{number}" for number in range(100))
"""The names of buses of which a recording only has numbers; the first is ``can0``."""


class Fast(NamedTuple):
    """What was read at once.

    Attributes:
        frames: a frame for each line (of a line that was not read: anything).
        read: bool, which lines were.
    """

    frames: Frames
    read: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        read: NDArray[np.bool_],
        time_us: NDArray[np.int64],
        channel: NDArray[Any],
        channels: tuple[str, ...],
        can_id: NDArray[np.int64],
        flags: NDArray[Any],
        length: NDArray[np.int64],
        data: NDArray[np.uint8],
    ) -> Fast:
        """From columns as they were gathered, of any width."""
        return cls(
            Frames(
                time_us,
                np.where(read, channel, 0).astype(np.uint16),
                channels,
                can_id.astype(np.uint32),
                flags.astype(np.uint8),
                length.astype(np.uint8),
                data,
            ),
            read,
        )


class LineFormat(Protocol):
    """One kind of text recording. An object reads one recording: it may learn from the header."""

    def prepare(self, head: bytes, account: Account) -> None:
        """Look at the first bytes before any line is read."""

    def fast(self, lines: Lines) -> Fast | None:
        """Read all lines that have the usual layout, exactly as ``line`` would."""

    def line(self, text: bytes) -> Row | None:
        """Read one line (without its end, not blank); None is a header, a comment or an event that is no frame.

        Raises:
            DamagedLineError: it is neither.
        """

    def marks(self, lines: Lines) -> NDArray[np.intp]:
        """The lines that change how those behind them are read."""

    def settle(self, time_us: NDArray[np.int64], account: Account) -> NDArray[np.int64]:
        """Times as they are stored, from times as they stand in the lines; called in the order of the lines."""


class PlainFormat:
    """What most kinds of text recordings share: no header that matters, times that stand for themselves."""

    def __init__(self) -> None:
        self._last_us = -1

    def prepare(self, head: bytes, account: Account) -> None:
        """Nothing to learn."""

    def fast(self, lines: Lines) -> Fast | None:  # noqa: ARG002  # the protocol's signature
        """Every line is read by itself."""
        return None

    def marks(self, lines: Lines) -> NDArray[np.intp]:  # noqa: ARG002  # the protocol's signature
        """None."""
        return np.empty(0, np.intp)

    def settle(self, time_us: NDArray[np.int64], account: Account) -> NDArray[np.int64]:
        """A frame without a time comes 1 µs behind the one before it; the first is at 1970-01-01T00:00:00Z."""
        missing = time_us == NO_TIME
        if missing.any():
            account.untimed += int(missing.sum())
            rank = np.arange(len(time_us))
            timed = np.maximum.accumulate(np.where(missing, -1, rank))
            before = np.where(timed < 0, self._last_us, time_us[timed])
            time_us = np.where(missing, before + rank - timed, time_us)
        if len(time_us):
            self._last_us = int(time_us[-1])
        return time_us


def read_lines(reader: LineFormat, source: Source, account: Account) -> Iterator[Frames]:
    """The frames of a text recording, a block of lines at a time."""
    reader.prepare(source.head(), account)
    for block in source.blocks(account):
        lines = Lines.of(block)
        marks = [*reader.marks(lines).tolist(), len(lines)]
        begin = 0
        for mark in marks:
            if mark > begin:
                yield from _read(reader, lines.part(begin, mark), account)
            if mark < len(lines):
                yield from _read(reader, lines.part(mark, mark + 1), account, alone=True)
            begin = mark + 1


def _read(reader: LineFormat, lines: Lines, account: Account, *, alone: bool = False) -> Iterator[Frames]:
    fast = None if alone else reader.fast(lines)
    read = fast.read & lines.plain if fast else np.zeros(len(lines), np.bool_)
    rows, ranks = _one_by_one(reader, lines, np.flatnonzero(~read), account)
    account.lines += len(lines)
    parts = [fast.frames if read.all() else fast.frames.take(read)] if fast and read.any() else []
    if rows:
        parts.append(frames_of(rows))
    if not parts:
        return
    frames = parts[0]
    if len(parts) > 1:
        order = np.argsort(np.concatenate([np.flatnonzero(read), np.array(ranks)]), kind="stable")
        frames = Frames.concatenate(parts).take(order)
    account.frames += len(frames)
    times = reader.settle(frames.time_us, account)
    yield frames if times is frames.time_us else _with_times(frames, times)


def _one_by_one(
    reader: LineFormat, lines: Lines, left: NDArray[np.intp], account: Account
) -> tuple[list[Row], list[int]]:
    rows: list[Row] = []
    ranks: list[int] = []
    for index in left.tolist():
        text = lines.line(index)
        try:
            row = reader.line(text) if text.strip() else None
            if row is None:
                account.other += 1
                continue
            rows.append(checked(row))
        except DamagedLineError as error:
            account.damage(account.lines + index + 1, str(error))
            continue
        ranks.append(index)
    return rows, ranks


def _with_times(frames: Frames, time_us: NDArray[np.int64]) -> Frames:
    return Frames(time_us, frames.channel, frames.channels, frames.can_id, frames.flags, frames.length, frames.data)
