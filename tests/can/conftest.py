"""Frames for the tests of decoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

from kaido.can.frames import Frames

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Frame(NamedTuple):
    can_id: int
    data: bytes
    flags: int = 0
    channel: int = 0
    time_us: int = 0


def frames_of(given: Sequence[Frame], channels: tuple[str, ...] = ("can0", "can1")) -> Frames:
    width = 64 if any(len(frame.data) > 8 for frame in given) else 8
    data = b"".join(frame.data.ljust(width, b"\0") for frame in given)
    return Frames(
        np.array([frame.time_us for frame in given], np.int64),
        np.array([frame.channel for frame in given], np.uint16),
        channels,
        np.array([frame.can_id for frame in given], np.uint32),
        np.array([frame.flags for frame in given], np.uint8),
        np.array([len(frame.data) for frame in given], np.uint8),
        np.frombuffer(data, np.uint8).reshape(-1, width).copy(),
    )


@pytest.fixture
def make_frames() -> Callable[..., Frames]:
    """Frames from (id, data, flags, channel, time) tuples."""
    return lambda *given: frames_of([Frame(*one) for one in given])
