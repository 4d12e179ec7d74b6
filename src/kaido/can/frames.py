"""CAN frames as columns: the shape in which recordings are read and decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

EXTENDED = 1
REMOTE = 2
ERROR = 4
FD = 8
SENT = 16
"""Bits of ``Frames.flags``: 29-bit identifier, remote frame, error frame, CAN FD, sent by the logger itself."""


@dataclass(frozen=True)
class Frames:
    """N frames, in the order of the recording.

    Attributes:
        time_us: int64, microseconds since the Unix epoch, UTC.
        channel: uint16, an index into ``channels``.
        channels: the names of the buses ("can0").
        can_id: uint32, the identifier alone (11 or 29 bit; the kind is in ``flags``).
        flags: uint8, a sum of EXTENDED, REMOTE, ERROR, FD, SENT.
        length: uint8, data bytes (0 to 8, with FD to 64).
        data: uint8, shape (N, 8) or (N, 64), C-contiguous, zero beyond ``length``.
    """

    time_us: NDArray[np.int64]
    channel: NDArray[np.uint16]
    channels: tuple[str, ...]
    can_id: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    length: NDArray[np.uint8]
    data: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.time_us)

    @classmethod
    def empty(cls) -> Frames:
        """No frames."""
        return cls(
            np.empty(0, np.int64),
            np.empty(0, np.uint16),
            (),
            np.empty(0, np.uint32),
            np.empty(0, np.uint8),
            np.empty(0, np.uint8),
            np.empty((0, 8), np.uint8),
        )

    @classmethod
    def concatenate(cls, parts: Sequence[Frames]) -> Frames:
        """One after the other; channels are matched by name, data widened to the widest."""
        if not parts:
            return cls.empty()
        channels = tuple(dict.fromkeys(name for part in parts for name in part.channels))
        place = {name: index for index, name in enumerate(channels)}
        width = max(part.data.shape[1] for part in parts)
        return cls(
            np.concatenate([part.time_us for part in parts]),
            np.concatenate(
                [np.array([place[n] for n in part.channels] or [0], np.uint16)[part.channel] for part in parts]
            ),
            channels,
            np.concatenate([part.can_id for part in parts]),
            np.concatenate([part.flags for part in parts]),
            np.concatenate([part.length for part in parts]),
            np.concatenate([np.pad(part.data, ((0, 0), (0, width - part.data.shape[1]))) for part in parts]),
        )

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Frames:
        """The frames at ``index``."""
        return Frames(
            self.time_us[index],
            self.channel[index],
            self.channels,
            self.can_id[index],
            self.flags[index],
            self.length[index],
            np.ascontiguousarray(self.data[index]),
        )
