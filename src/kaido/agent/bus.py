"""Live buses: SocketCAN and whatever else python-can knows."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import can
import numpy as np

from kaido.can.frames import ERROR, EXTENDED, FD, REMOTE, SENT, Frames
from kaido.errors import InvalidInputError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from kaido.runtime.status import Report

_BUS = re.compile(r"(?:(?P<name>[^=:]+)=)?(?P<interface>[a-z0-9_]+):(?P<channel>.+)")
_MOST_FRAMES = 100_000
"""Frames between the reader threads and the loop: some ten seconds of a busy bus."""
_GATHER_S = 0.02
_RECEIVE_S = 0.2
_EPOCH_KNOWN_S = 1e9
"""Times before this (2001) are those of a clock that does not know the date."""


class BusName(NamedTuple):
    """A bus: the name that a manifest's interface ids use, python-can's interface and channel."""

    name: str
    interface: str
    channel: str


def parse_bus(text: str) -> BusName:
    """A bus as the command line writes it: ``socketcan:can0``, or ``powertrain=socketcan:can0``.

    Raises:
        InvalidInputError: it is written in another way.
    """
    match = _BUS.fullmatch(text)
    if match is None:
        raise InvalidInputError(
            f"the bus {text!r} cannot be read", fix="Write it as INTERFACE:CHANNEL, like socketcan:can0"
        )
    return BusName(match["name"] or match["channel"], match["interface"], match["channel"])


class BusSource:
    """Frames of live buses.

    Args:
        buses: what to listen to.
        report: counts frames that were dropped because nobody took them in time.
    """

    recorded = False

    def __init__(self, buses: Sequence[BusName], report: Report) -> None:
        self._names = tuple(bus.name for bus in buses)
        self._buses = buses
        self._report = report
        self._waiting: deque[tuple[int, can.Message]] = deque(maxlen=_MOST_FRAMES)
        self._dropped = 0
        self._failed: UnavailableError | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()

    async def __aiter__(self) -> AsyncIterator[Frames]:
        opened: list[Any] = []
        threads: list[threading.Thread] = []
        try:
            for bus in self._buses:
                opened.append(await asyncio.to_thread(_open, bus))  # noqa: PERF401  # one that fails ends the others
            for channel, bus in enumerate(opened):
                threads.append(threading.Thread(target=self._read, args=(channel, bus), daemon=True))
                threads[-1].start()
            while self._failed is None:
                if self._waiting:
                    yield self._take()
                await asyncio.sleep(_GATHER_S)
            raise self._failed
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(2 * _RECEIVE_S)
            for bus in opened:
                bus.shutdown()

    def _read(self, channel: int, bus: Any) -> None:
        while not self._stop.is_set():
            try:
                message = bus.recv(timeout=_RECEIVE_S)
            except (can.CanError, OSError) as error:
                self._failed = UnavailableError(f"the bus {self._names[channel]} failed", why=str(error))
                return
            if message is not None:
                with self._lock:
                    self._dropped += len(self._waiting) == _MOST_FRAMES
                    self._waiting.append((channel, message))

    def _take(self) -> Frames:
        with self._lock:
            taken, dropped = list(self._waiting), self._dropped
            self._waiting.clear()
            self._dropped = 0
        if dropped:
            self._report.count("frames_dropped_total", dropped)
            self._report.problem("bus", "frames come faster than they are decoded; the oldest are dropped")
        return to_frames(taken, self._names)


def to_frames(messages: Sequence[tuple[int, can.Message]], names: tuple[str, ...]) -> Frames:
    """Messages with the place of their bus in ``names``, as columns."""
    width = 64 if any(len(message.data) > 8 for _, message in messages) else 8  # noqa: PLR2004  # classic CAN
    now_s = time.time()
    data = b"".join(bytes(message.data).ljust(width, b"\0") for _, message in messages)
    times = [m.timestamp if m.timestamp > _EPOCH_KNOWN_S else now_s for _, m in messages]
    return Frames(
        np.round(np.array(times) * 1e6).astype(np.int64),
        np.array([channel for channel, _ in messages], np.uint16),
        names,
        np.array([message.arbitration_id for _, message in messages], np.uint32),
        np.array([_flags(message) for _, message in messages], np.uint8),
        np.array([len(message.data) for _, message in messages], np.uint8),
        np.frombuffer(data, np.uint8).reshape(-1, width).copy(),
    )


def _flags(message: can.Message) -> int:
    return (
        EXTENDED * message.is_extended_id
        | REMOTE * message.is_remote_frame
        | ERROR * message.is_error_frame
        | FD * message.is_fd
        | SENT * (not message.is_rx)
    )


def _open(bus: BusName) -> Any:
    try:
        return can.Bus(interface=bus.interface, channel=bus.channel, fd=bus.interface == "socketcan")
    except (can.CanError, OSError, ImportError, ValueError) as error:
        known = bus.interface in can.interfaces.VALID_INTERFACES
        raise UnavailableError(
            f"the bus {bus.interface}:{bus.channel} cannot be opened",
            why=str(error),
            fix="Is it there and up (`ip link show`)?"
            if known
            else f"Known interfaces: {', '.join(sorted(can.interfaces.VALID_INTERFACES))}",
        ) from error
