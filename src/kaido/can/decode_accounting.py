"""What became of every frame that a decoder was given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kaido.can.frames import ERROR, EXTENDED, REMOTE

if TYPE_CHECKING:
    from kaido.can.frames import Frames

MOST_UNKNOWN = 10_000
"""How many unknown identifiers are counted one by one; what lies beyond is counted together."""

_STANDARD_IDS = 0x800


class Identifier(NamedTuple):
    """An identifier on a bus."""

    channel: str
    can_id: int
    extended: bool

    def __str__(self) -> str:
        return f"{self.channel} {self.can_id:0{8 if self.extended else 3}X}".strip()


@dataclass
class Accounting:
    """Counts of frames. ``frames`` is always the sum of all the others.

    Attributes:
        decoded: frames with a known identifier, and every signal that they should hold was in them.
        too_short: frames with a known identifier, shorter than a signal needs; the signals that fit were decoded.
        unknown: frames of each identifier that no signal has.
        unknown_more: frames of identifiers beyond the first 10,000 unknown ones.
        remote: remote frames; they hold no data.
        error: error frames.
    """

    frames: int = 0
    decoded: int = 0
    too_short: int = 0
    unknown: dict[Identifier, int] = field(default_factory=dict)
    unknown_more: int = 0
    remote: int = 0
    error: int = 0

    @property
    def unknown_frames(self) -> int:
        """Frames of all unknown identifiers."""
        return sum(self.unknown.values()) + self.unknown_more

    def add(self, other: Accounting) -> None:
        """Add another's counts to these."""
        self.frames += other.frames
        self.decoded += other.decoded
        self.too_short += other.too_short
        self.unknown_more += other.unknown_more
        self.remote += other.remote
        self.error += other.error
        for identifier, count in other.unknown.items():
            self._count_unknown(identifier, count)

    def to_json(self) -> dict[str, Any]:
        """The counts as JSON; unknown identifiers as ``"can0 1A0"``, most frequent first."""
        ordered = sorted(self.unknown.items(), key=lambda item: -item[1])
        return {
            "frames": self.frames,
            "decoded": self.decoded,
            "too_short": self.too_short,
            "unknown": self.unknown_frames,
            "remote": self.remote,
            "error": self.error,
            "unknown_identifiers": {str(identifier): count for identifier, count in ordered},
        }

    def data_frames(self, frames: Frames) -> Frames:
        """Count all frames, and give those that are data frames."""
        self.frames += len(frames)
        if not len(frames) or not np.bitwise_or.reduce(frames.flags) & (ERROR | REMOTE):
            return frames
        errors = np.bitwise_and(frames.flags, ERROR) != 0
        remotes = ~errors & (np.bitwise_and(frames.flags, REMOTE) != 0)
        self.error += int(np.count_nonzero(errors))
        self.remote += int(np.count_nonzero(remotes))
        return frames.take(~(errors | remotes))

    def count_known(self, frames: int, too_short: int) -> None:
        """Count frames with a known identifier, ``too_short`` of them too short."""
        self.decoded += frames - too_short
        self.too_short += too_short

    def count_unknown(self, frames: Frames) -> None:
        """Count frames whose identifier no signal has."""
        extended = np.bitwise_and(frames.flags, EXTENDED)
        standard = (extended == 0) & (frames.can_id < _STANDARD_IDS)
        small = frames.channel[standard].astype(np.int64) * _STANDARD_IDS + frames.can_id[standard]
        counts = np.bincount(small)
        for place in np.flatnonzero(counts).tolist():
            channel, can_id = divmod(place, _STANDARD_IDS)
            self._count_unknown(_identifier(frames, channel, can_id, 0), int(counts[place]))
        rest = ~standard
        keys = (
            frames.channel[rest].astype(np.uint64) << 33 | extended[rest].astype(np.uint64) << 32 | frames.can_id[rest]
        )
        for key, count in zip(*np.unique(keys, return_counts=True), strict=True):
            value = int(key)
            self._count_unknown(_identifier(frames, value >> 33, value & 0xFFFFFFFF, value >> 32 & 1), int(count))

    def _count_unknown(self, identifier: Identifier, count: int) -> None:
        if identifier in self.unknown or len(self.unknown) < MOST_UNKNOWN:
            self.unknown[identifier] = self.unknown.get(identifier, 0) + count
        else:
            self.unknown_more += count


def _identifier(frames: Frames, channel: int, can_id: int, extended: int) -> Identifier:
    name = frames.channels[channel] if channel < len(frames.channels) else str(channel)
    return Identifier(name, can_id, bool(extended))
