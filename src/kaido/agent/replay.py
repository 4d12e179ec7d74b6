"""A recording as a source: at its own speed, faster, or as fast as it goes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from kaido.recordings import open_recording

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import datetime
    from pathlib import Path

    from kaido.can.frames import Frames

_CHUNK_FRAMES = 20_000
_STEP_S = 0.05


class ReplaySource:
    """Frames of a recording.

    Args:
        path: the recording, of any kind that ``kaido.recordings`` reads.
        speed: 1 is the recording's own; None is as fast as it goes.
        kind: of the recording; without it the content tells.
        start: the time of the first frame; without it all times are those recorded.

    Raises:
        NotARecordingError: it is not there, or of another kind.
    """

    recorded = True

    def __init__(
        self, path: Path, *, speed: float | None = 1.0, kind: str | None = None, start: datetime | None = None
    ) -> None:
        self.recording = open_recording(path, kind=kind, chunk_frames=_CHUNK_FRAMES, start=start)
        self._speed = speed

    @property
    def damaged(self) -> int:
        """Lines that were no frames."""
        return self.recording.damaged_count

    @property
    def part_read(self) -> float:
        """How far it is, 0 to 1."""
        return min(1.0, self.recording.position_bytes / max(1, self.recording.size_bytes))

    async def __aiter__(self) -> AsyncIterator[Frames]:
        chunks = iter(self.recording)
        loop = asyncio.get_running_loop()
        begin_s, begin_us = loop.time(), None
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            if self._speed is None:
                yield chunk
                continue
            for step in _steps(chunk, int(_STEP_S * self._speed * 1e6)):
                if begin_us is None:
                    begin_s, begin_us = loop.time(), int(step.time_us[0])
                due_s = begin_s + (int(step.time_us[-1]) - begin_us) / 1e6 / self._speed
                await asyncio.sleep(max(0.0, due_s - loop.time()))
                yield step


def _steps(frames: Frames, width_us: int) -> Iterator[Frames]:
    """Cut frames where their time passes a multiple of ``width_us``."""
    times = np.maximum.accumulate(frames.time_us)
    cuts = (np.flatnonzero(np.diff(times // max(1, width_us))) + 1).tolist()
    for start, end in zip([0, *cuts], [*cuts, len(frames)], strict=True):
        if start < end:
            yield frames.take(slice(start, end))
