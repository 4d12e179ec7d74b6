"""Decoded samples on their way through the schemes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kaido.agent import texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kaido.agent.texts import Texts

NEVER = np.iinfo(np.int64).min // 2
"""A clock before all others."""


class Samples(NamedTuple):
    """N samples in the order of their arrival.

    Attributes:
        clock_us: int64, the agent's clock at each: never goes back.
        time_us: int64, the time of the frame, microseconds since the epoch.
        signal: intp, the place of the signal in the manifest.
        value: float64; NaN where ``text`` has the value.
        text: of the signals that are texts; most batches have none.
    """

    clock_us: NDArray[np.int64]
    time_us: NDArray[np.int64]
    signal: NDArray[np.intp]
    value: NDArray[np.float64]
    text: Texts = None

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Samples:
        """The samples at ``index``."""
        text = None if self.text is None else self.text[index]
        return Samples(self.clock_us[index], self.time_us[index], self.signal[index], self.value[index], text)

    @classmethod
    def none(cls) -> Samples:
        """No samples."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.intp), np.empty(0, np.float64))

    @classmethod
    def concatenate(cls, parts: Sequence[Samples]) -> Samples:
        """One after the other."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.none()
        return cls(
            np.concatenate([one.clock_us for one in parts]),
            np.concatenate([one.time_us for one in parts]),
            np.concatenate([one.signal for one in parts]),
            np.concatenate([one.value for one in parts]),
            texts.joined((one.text for one in parts), (len(one.value) for one in parts)),
        )


class Batch:
    """Samples as they arrived together: what all schemes look at, sorted once for all of them.

    Args:
        samples: in the order of their arrival.
        frame: what each came in; samples of one frame stand together. A frame is never cut by the end of a batch.
        signals: how many signals the manifest has.
    """

    def __init__(self, samples: Samples, frame: NDArray[np.intp], signals: int) -> None:
        self.samples = samples
        self._raw_frame = frame
        self._signals = signals
        self._values: dict[int, NDArray[Any]] = {}
        self._frames: dict[int, NDArray[np.intp]] = {}

    def __len__(self) -> int:
        return len(self.samples.clock_us)

    @cached_property
    def frame_end(self) -> NDArray[np.intp]:
        """Of each frame the row behind its last sample."""
        changes = np.flatnonzero(self._raw_frame[1:] != self._raw_frame[:-1]) + 1
        return np.append(changes, len(self))

    @cached_property
    def frame(self) -> NDArray[np.intp]:
        """Of each sample the number of its frame, 0, 1, 2 ..."""
        return np.arange(len(self.frame_end)).repeat(np.diff(self.frame_end, prepend=0))

    @cached_property
    def frame_clock_us(self) -> NDArray[np.int64]:
        """Of each frame the clock."""
        clock: NDArray[np.int64] = self.samples.clock_us[self.frame_end - 1]
        return clock

    def rows_of(self, place: int) -> NDArray[np.intp]:
        """Where the samples of a signal are, rising."""
        return self._order[self._bounds[place] : self._bounds[place + 1]]

    def values_of(self, place: int) -> NDArray[Any]:
        """The values of a signal: float64, or its texts as objects."""
        if place not in self._values:
            self._values[place] = self.values_at(self.rows_of(place))
        return self._values[place]

    def values_at(self, rows: NDArray[np.intp]) -> NDArray[Any]:
        """The values of one signal's samples, which are all numbers or all texts."""
        text = self.samples.text
        return self.samples.value[rows] if text is None or not len(rows) or text[rows[0]] is None else text[rows]

    def frames_of(self, place: int) -> NDArray[np.intp]:
        """The frames of a signal's samples."""
        if place not in self._frames:
            self._frames[place] = self.frame[self.rows_of(place)]
        return self._frames[place]

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        # NumPy sorts 16-bit integers by radix, several times as fast as wider ones.
        narrow = np.uint16 if self._signals <= 1 << 16 else np.int64
        return np.argsort(self.samples.signal.astype(narrow), kind="stable")

    @cached_property
    def _bounds(self) -> list[int]:
        counts = np.bincount(self.samples.signal, minlength=self._signals)
        return [0, *np.cumsum(counts).tolist()]


def thin(
    clock_us: NDArray[np.int64],
    group: NDArray[np.intp],
    minimum_us: NDArray[np.int64],
    last_us: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Which samples come at least ``minimum_us`` after the last one that was taken of the same group.

    Args:
        clock_us: shape (N,), not falling.
        group: shape (N,), the group of each, in 0 … G-1.
        minimum_us: shape (G,).
        last_us: shape (G,), the clock of the last one taken; brought up to date in place.

    Each sample knows the first one of its group that may follow it, so all groups hop through their samples together:
    the number of steps is the largest number of samples that one group takes.
    """
    taken = minimum_us[group] <= 0
    timed = np.flatnonzero(~taken)
    if len(timed):
        order = timed[np.argsort(group[timed], kind="stable")]
        groups, clocks = group[order], clock_us[order]
        # One sorted key for all groups, far enough apart that a hop never lands in the next one's samples.
        base = clocks.min()
        span = int(clocks.max() - base) + 1
        keys = groups * span + (clocks - base)
        hop = np.searchsorted(keys, keys - (clocks - base) + np.minimum(clocks - base + minimum_us[groups], span))
        present, first = np.unique(groups, return_index=True)
        due = np.clip(last_us[present] + minimum_us[present] - base, 0, span)
        place = np.searchsorted(keys, present * span + due)
        end = np.append(first[1:], len(keys))
        while True:
            inside = place < end
            place, end = place[inside], end[inside]
            if not len(place):
                break
            taken[order[place]] = True
            last_us[groups[place]] = clocks[place]
            place = hop[place]
    return taken
