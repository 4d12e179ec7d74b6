"""A recording: frames in chunks of one size, and an account of every line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kaido.can.frames import Frames
from kaido.errors import NotFoundError
from kaido.recordings.account import Account
from kaido.recordings.kinds import KINDS, kind_of
from kaido.recordings.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from kaido.recordings.account import DamagedLine
    from kaido.recordings.kinds import Kind

CHUNK_FRAMES = 200_000
_NEWEST_MADE_UP_US = 10**15 // 2
"""Times before this (November 1985) are those of a clock that did not know the date."""


class Recording:
    """A recording that is read from its beginning by each iteration.

    Chunks hold exactly ``chunk_frames`` frames (the last one fewer), whatever the kind: reading again gives the same.

    Attributes:
        kind: its kind, a key of ``KINDS``.
        size_bytes: the size of the file (compressed, if it is).
        account: what was read so far of this iteration.
    """

    def __init__(self, source: Source, kind: Kind, chunk_frames: int, start: datetime | None) -> None:
        self._source = source
        self._kind = kind
        self._chunk_frames = chunk_frames
        self._start = start
        self.kind = kind.name
        self.size_bytes = source.size_bytes
        self.account = Account()

    @property
    def position_bytes(self) -> int:
        """How far the file was read."""
        return self._source.position_bytes

    @property
    def damaged(self) -> list[DamagedLine]:
        """The first damaged lines."""
        return self.account.damaged

    @property
    def damaged_count(self) -> int:
        """How many lines are damaged."""
        return self.account.damaged_count

    def __iter__(self) -> Iterator[Frames]:
        self.account = account = Account()
        shift_us: int | None = None
        for frames in self._chunks(account):
            if shift_us is None:
                shift_us = self._shift(int(frames.time_us[0]), account)
            yield frames if not shift_us else _shifted(frames, shift_us)
        if account.untimed:
            account.note(f"{account.untimed} frames carry no time; each was set 1 µs behind the one before it")

    def _shift(self, first_us: int, account: Account) -> int:
        if self._start is not None:
            return round(self._start.timestamp() * 1e6) - first_us
        if first_us < _NEWEST_MADE_UP_US:
            account.note("the times are not those of a calendar; --start sets the time of the first frame")
        return 0

    def _chunks(self, account: Account) -> Iterator[Frames]:
        waiting: list[Frames] = []
        count = 0
        for frames in self._kind.read(self._source, account):
            if not len(frames):
                continue
            waiting.append(frames)
            count += len(frames)
            if count >= self._chunk_frames:
                whole = Frames.concatenate(waiting)
                full = count - count % self._chunk_frames
                for begin in range(0, full, self._chunk_frames):
                    yield whole.take(slice(begin, begin + self._chunk_frames))
                waiting, count = [whole.take(slice(full, None))], count - full
        if count:
            yield Frames.concatenate(waiting)


def open_recording(
    path: Path,
    *,
    kind: str | None = None,
    chunk_frames: int = CHUNK_FRAMES,
    start: datetime | None = None,
    name: str = "",
) -> Recording:
    """Open a recording, plain or gzipped.

    Args:
        path: the file.
        kind: a key of ``KINDS``; without it the content tells.
        chunk_frames: frames a chunk.
        start: the time (with its zone) of the first frame; all others move with it.
        name: what errors call the file, if not by its path.

    Raises:
        NotARecordingError: it is not there or not readable, or it is of another kind.
        NotFoundError: there is no such kind.
    """
    if kind is not None and kind not in KINDS:
        raise NotFoundError.of("kind of recording", kind, KINDS, fix=f"Kinds: {', '.join(KINDS)}")
    source = Source(path, name)
    return Recording(source, KINDS[kind] if kind else kind_of(source), chunk_frames, start)


def _shifted(frames: Frames, by_us: int) -> Frames:
    return Frames(
        frames.time_us + np.int64(by_us),
        frames.channel,
        frames.channels,
        frames.can_id,
        frames.flags,
        frames.length,
        frames.data,
    )
