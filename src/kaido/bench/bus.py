"""A made-up bus: a CAN database and its traffic, of values that move as a car's do.

Messages are little- or big-endian; a third of the signals are signed; lengths, factors and offsets are those that real
databases are full of; some signals cross bytes. Values walk by small steps, and most flags stand still.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kaido.can.frames import Frames
from kaido.catalog import read_can_database

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from kaido.catalog import DecoderManifest

START_US = 1_700_000_000_000_000
FRAME_US = 250
"""Between two frames: 4,000 a second, a busy bus of 500 kbit/s."""
LENGTHS = (1, 2, 4, 8, 8, 12, 16)
FACTORS = (1.0, 1.0, 0.1, 0.01, 0.25, 0.5)
OFFSETS = (0.0, 0.0, 0.0, -40.0, 100.0)
BITS = 64


@dataclass(frozen=True)
class _Signal:
    name: str
    first: int
    """The first bit: for little-endian the least significant one, for big-endian the most, counted as on the wire."""
    length: int
    signed: bool
    factor: float
    offset: float

    def raw(self, walk: NDArray[np.int64]) -> NDArray[np.uint64]:
        """The walk turned back at the ends of what the signal can hold, as bits."""
        full = (1 << self.length) - 1
        turned = np.abs((walk + full // 3) % (2 * full) - full) - ((full + 1) // 2 if self.signed else 0)
        return turned.astype(np.uint64) & np.uint64(full)


@dataclass(frozen=True)
class _Message:
    can_id: int
    big_endian: bool
    signals: tuple[_Signal, ...]

    @property
    def name(self) -> str:
        return f"M{self.can_id:03X}"


class Bus:
    """One bus.

    Args:
        messages: how many identifiers, at most 500.
        signals: a message has about so many, as far as 64 bits hold them.
        seed: of everything that is made up.
    """

    def __init__(self, messages: int = 60, signals: float = 10.0, seed: int = 1) -> None:
        self._chance = np.random.default_rng(seed)
        ids = np.sort(self._chance.choice(np.arange(0x80, 0x700), messages, replace=False)).tolist()
        self._messages = [_Message(can_id, place % 2 == 1, self._signals(signals)) for place, can_id in enumerate(ids)]

    @property
    def signals_per_frame(self) -> float:
        """Mean over the messages, which are equally frequent."""
        return sum(len(message.signals) for message in self._messages) / len(self._messages)

    @cached_property
    def dbc(self) -> str:
        """The database as a DBC file."""
        lines = ['VERSION ""', "", "NS_ :", "", "BS_:", "", "BU_: Car", ""]
        for message in self._messages:
            lines.append(f"BO_ {message.can_id} {message.name}: 8 Car")
            for s in message.signals:
                start = 8 * (s.first // 8) + 7 - s.first % 8 if message.big_endian else s.first
                order, sign = "0" if message.big_endian else "1", "-" if s.signed else "+"
                lines.append(f' SG_ {s.name} : {start}|{s.length}@{order}{sign} ({s.factor},{s.offset}) [0|0] "" Car')
            lines.append("")
        return "\n".join(lines)

    def manifest(self) -> DecoderManifest:
        """The database as Kaido reads it."""
        return read_can_database(self.dbc.encode(), "bench.dbc", namespace="Bench")

    def frames(self, count: int) -> Frames:
        """Traffic: every identifier equally often, in turn."""
        which = np.arange(count) % len(self._messages)
        words = np.empty(count, np.uint64)
        for number, message in enumerate(self._messages):
            at = which == number
            words[at] = self._payloads(message, int(np.count_nonzero(at)))
        jitter = self._chance.integers(0, FRAME_US, count)
        return Frames(
            time_us=START_US + FRAME_US * np.arange(count) + jitter,
            channel=np.zeros(count, np.uint16),
            channels=("can0",),
            can_id=np.array([message.can_id for message in self._messages], np.uint32)[which],
            flags=np.zeros(count, np.uint8),
            length=np.full(count, 8, np.uint8),
            data=words.astype("<u8").view(np.uint8).reshape(-1, 8),
        )

    def _signals(self, mean: float) -> tuple[_Signal, ...]:
        found: list[_Signal] = []
        wanted, first = max(1, int(self._chance.poisson(mean))), 0
        while len(found) < wanted and first < BITS:
            length = min(int(self._chance.choice(LENGTHS)), BITS - first)
            odd_byte = length == 8 and first % 8  # noqa: PLR2004  # asammdf 8.8 reads signed ones as unsigned
            signed = length > 1 and self._chance.random() < 1 / 3 and not odd_byte
            factor, offset = float(self._chance.choice(FACTORS)), float(self._chance.choice(OFFSETS))
            found.append(_Signal(f"S{len(found)}", first, length, signed, factor, offset))
            first += length
        return tuple(found)

    def _payloads(self, message: _Message, count: int) -> NDArray[np.uint64]:
        """Payloads as little-endian words."""
        words = np.zeros(count, np.uint64)
        for signal in message.signals:
            moves = self._chance.random(count) < (0.2 if signal.length > 2 else 0.002)  # noqa: PLR2004  # flags stand still
            steps = np.where(moves, self._chance.integers(-3, 4, count), 0)
            raw = signal.raw(np.cumsum(steps))
            shift = BITS - signal.first - signal.length if message.big_endian else signal.first
            words |= raw << np.uint64(shift)
        return words.byteswap() if message.big_endian else words


def write_candump(frames: Frames, path: Path) -> None:
    """The frames as a log of ``candump -l``."""
    times, ids = frames.time_us.tolist(), frames.can_id.tolist()
    digits = frames.data.tobytes().hex().upper()
    with path.open("w") as file:
        file.writelines(
            f"({time // 1_000_000}.{time % 1_000_000:06}) can0 {can_id:03X}#{digits[16 * n : 16 * n + 16]}\n"
            for n, (time, can_id) in enumerate(zip(times, ids, strict=True))
        )
