"""Buses and recordings as sources."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import can
import numpy as np
import pytest

from kaido.agent.bus import BusName, BusSource, parse_bus, to_frames
from kaido.agent.replay import ReplaySource
from kaido.can.frames import EXTENDED, FD, REMOTE, Frames
from kaido.errors import InvalidInputError, NotFoundError, UnavailableError
from kaido.runtime.status import Report

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Collection
    from pathlib import Path


async def gather(source: AsyncIterable[Frames], count: int = 1, ids: Collection[int] = ()) -> Frames:
    """So many frames, with all of these identifiers among them."""
    parts: list[Frames] = []
    async with asyncio.timeout(30):
        async for frames in source:
            parts.append(frames)
            if sum(map(len, parts)) >= count and set(ids) <= {one for part in parts for one in part.can_id.tolist()}:
                break
    return Frames.concatenate(parts)


async def test_frames_of_two_buses_come_with_their_names() -> None:
    report = Report("agent")
    source = BusSource([parse_bus("virtual:a"), parse_bus("body=virtual:b")], report)
    gathering = asyncio.create_task(gather(source, ids=(0x123, 0x18FF00AA, 0x7, 0x8)))
    with can.Bus(interface="virtual", channel="a") as a, can.Bus(interface="virtual", channel="b") as b:
        while not gathering.done():  # nobody hears what comes before its bus is open
            a.send(can.Message(arbitration_id=0x123, data=b"\x01\x02", is_extended_id=False))
            b.send(can.Message(arbitration_id=0x18FF00AA, data=bytes(range(8)), is_extended_id=True))
            a.send(can.Message(arbitration_id=0x7, is_remote_frame=True, is_extended_id=False))
            a.send(can.Message(arbitration_id=0x8, is_fd=True, data=bytes(64), is_extended_id=False))
            await asyncio.wait({gathering}, timeout=0.05)
        got = await gathering
    assert got.channels == ("a", "body")
    seen = {
        (got.channels[channel], int(identifier), int(flags), int(length))
        for channel, identifier, flags, length in zip(got.channel, got.can_id, got.flags, got.length, strict=True)
    }
    assert seen == {
        ("a", 0x123, 0, 2),
        ("body", 0x18FF00AA, EXTENDED, 8),
        ("a", 0x7, REMOTE, 0),
        ("a", 0x8, FD, 64),
    }
    assert abs(int(got.time_us[0]) / 1e6 - time.time()) < 100


def test_a_clock_without_a_date_is_replaced() -> None:
    frames = to_frames([(0, can.Message(timestamp=5.0, arbitration_id=1, data=b"x"))], ("a",))
    assert frames.time_us[0] > 1_600_000_000_000_000


@pytest.mark.parametrize("text", ["can0", "socketcan:", ":can0", "a=b"])
def test_a_bus_that_is_written_wrongly(text: str) -> None:
    with pytest.raises(InvalidInputError, match="INTERFACE:CHANNEL"):
        parse_bus(text)


@pytest.mark.parametrize(("interface", "says"), [("socketcan", "ip link show"), ("sockettin", "Known interfaces")])
async def test_a_bus_that_is_not_there(interface: str, says: str) -> None:
    with pytest.raises(UnavailableError, match=says):
        await gather(BusSource([BusName("x", interface, "nowhere0")], Report("agent")), 1)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "drive.log"
    lines = [f"({1_600_000_000 + n * 0.01:.6f}) can0 100#{n:016X}\n" for n in range(100)]
    path.write_text("".join(lines) + "damaged line\n")
    return path


async def test_a_recording_flat_out(recording: Path) -> None:
    source = ReplaySource(recording, speed=None)
    got = await gather(source, 10**9)
    assert len(got) == 100
    assert got.time_us[0] == 1_600_000_000_000_000
    assert source.part_read == 1.0
    assert source.damaged == 1


async def test_a_recording_at_a_speed_gives_the_same_frames(recording: Path) -> None:
    begin = time.monotonic()
    got = await gather(ReplaySource(recording, speed=5), 10**9)
    assert time.monotonic() - begin >= 0.15
    flat = await gather(ReplaySource(recording, speed=None), 10**9)
    assert np.array_equal(got.time_us, flat.time_us)
    assert np.array_equal(got.data, flat.data)


def test_no_recording(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"none\.log is not there"):
        ReplaySource(tmp_path / "none.log")
