"""CAN messages of every sort, as hypothesis makes them, and as our readers should give them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import can
from hypothesis import strategies as st

from kaido.can.frames import ERROR, EXTENDED, FD, REMOTE, SENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kaido.can.frames import Frames

FD_LENGTHS = (1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64)
BEGIN_US = 1_533_226_488_230_547


class Seen(NamedTuple):
    """A frame as a person would write it down."""

    time_us: int
    channel: str
    can_id: int
    flags: int
    length: int
    data: bytes


def seen(frames: Frames) -> list[Seen]:
    """Columns as rows."""
    return [
        Seen(
            int(frames.time_us[i]),
            frames.channels[frames.channel[i]],
            int(frames.can_id[i]),
            int(frames.flags[i]),
            int(frames.length[i]),
            frames.data[i, : frames.length[i]].tobytes(),
        )
        for i in range(len(frames))
    ]


def expected(messages: Iterable[can.Message], *, channels: bool = True, fd: bool = True) -> list[Seen]:
    """What a reader should give for written messages, in a form that may not know channels or CAN FD."""
    found = []
    for message in messages:
        flags = (
            EXTENDED * message.is_extended_id
            + REMOTE * message.is_remote_frame
            + ERROR * message.is_error_frame
            + FD * (message.is_fd if fd else message.dlc > 8)
            + SENT * (not message.is_rx)
        )
        channel = f"can{message.channel}" if channels else "can0"
        data = bytes(message.dlc) if message.is_remote_frame else bytes(message.data)
        time_us = round(message.timestamp * 1e6)
        found.append(Seen(time_us, channel, message.arbitration_id, int(flags), message.dlc, data))
    return found


@st.composite
def messages(
    draw: st.DrawFn, *, fd: bool = True, remote: bool = True, error: bool = True, sent: bool = True, most: int = 30
) -> list[can.Message]:
    """Messages in the order of their times."""
    time_us, made = BEGIN_US, []
    for _ in range(draw(st.integers(1, most))):
        time_us += draw(st.integers(1, 2_000_000))
        extended = draw(st.booleans())
        how: dict[str, Any] = {
            "timestamp": time_us / 1e6,
            "arbitration_id": draw(st.integers(0, 0x1FFFFFFF if extended else 0x7FF)),
            "is_extended_id": extended,
            "channel": draw(st.integers(0, 3)),
            "is_rx": draw(st.booleans()) if sent else True,
        }
        sort = draw(st.sampled_from(["data", "data", *["fd"] * fd, *["remote"] * remote, *["error"] * error]))
        if sort == "remote":
            how.update(is_remote_frame=True, dlc=draw(st.integers(0, 8)))
        elif sort == "error":
            how.update(is_error_frame=True, arbitration_id=0, is_extended_id=False, is_rx=True)
        else:
            length = draw(st.sampled_from(FD_LENGTHS) if sort == "fd" else st.integers(0, 8))
            how.update(data=draw(st.binary(min_size=length, max_size=length)), is_fd=sort == "fd")
        made.append(can.Message(**how))
    return made
