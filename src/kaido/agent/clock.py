"""The clock by which schemes are evaluated: it never goes back, but for a step that is too large to be jitter."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

STEP_BACK_US = 60_000_000
"""Frames of several buses come a little out of order. Further back than this, somebody set a clock."""


class Part(NamedTuple):
    """A run of samples in which the clock does not go back.

    Attributes:
        rows: where they are.
        clock_us: int64, the clock at each.
        ended_us: where the clock went back before them: where it had been.
    """

    rows: slice
    clock_us: NDArray[np.int64]
    ended_us: int | None


class RunningClock:
    """The newest time seen.

    Args:
        follows_frames: the frames' time is all there is (a recording). Otherwise the wall's time rules: frames can
            not push the clock past it, nor pull it back.
    """

    def __init__(self, *, follows_frames: bool) -> None:
        self._follows_frames = follows_frames
        self.us = 0

    def parts(self, times_us: NDArray[np.int64], now_us: int) -> Iterator[Part]:
        """Run the clock over samples. Each part must be used before the next is asked for."""
        if not self._follows_frames:
            times_us = np.minimum(times_us, now_us)
        start, ended_us = 0, None
        while start < len(times_us):
            times = times_us[start:]
            clock = np.maximum(np.maximum.accumulate(times), self.us)
            length = len(times)
            if self._follows_frames and (back := clock - times > STEP_BACK_US).any():
                length = int(back.argmax())
            if length:
                self.us = int(clock[length - 1])
                yield Part(slice(start, start + length), clock[:length], ended_us)
            start += length
            if start < len(times_us):
                ended_us, self.us = self.us, int(times_us[start])

    def advance(self, clock_us: int) -> int | None:
        """Let time pass. Where it went far back, the clock follows: gives where it had been."""
        if clock_us < self.us - STEP_BACK_US:
            ended_us, self.us = self.us, clock_us
            return ended_us
        self.us = max(self.us, clock_us)
        return None
