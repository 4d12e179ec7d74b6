"""Signals to CAN frames, many at a time: the inverse of decoding, for a database of integer signals."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import cantools
import numpy as np
import yaml

from kaido.can.frames import EXTENDED, Frames

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cantools.database.can import Message, Signal
    from numpy.typing import NDArray

    from kaido.sim.profile import Floats

DATABASE = "kaido_ev.dbc"
MAPPING = "kaido_ev.mapping.yaml"
NAMESPACE = "KaidoEV"
"""Of the signals that the mapping leaves out."""

CHANNEL = "can0"
_SLOT_US = 200
"""Frames of one moment follow each other on the bus at this distance."""


@dataclass(frozen=True, eq=False)
class Group:
    """The frames that are sent every ``cycle_ms``: M of them (a multiplexed message has one a page), of S signals.

    Attributes:
        paths: of the signals, ordered by frame.
        first: for each frame, the index of its first signal.
        constant: uint64 (M, 1), the bits of the page selectors.
        slot_us: when each is sent, after the moment.
    """

    cycle_ms: int
    paths: tuple[str, ...]
    first: NDArray[np.intp]
    can_id: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    length: NDArray[np.uint8]
    constant: NDArray[np.uint64]
    slot_us: NDArray[np.int64]
    factor: Floats
    offset: Floats
    lowest: Floats
    highest: Floats
    mask: NDArray[np.uint64]
    shift: NDArray[np.uint64]
    big_endian: NDArray[np.bool_]

    def encode(self, signals: Mapping[str, Floats], time_us: NDArray[np.int64]) -> Frames:
        """The group's frames at each of N times; values beyond what a signal can hold are cut off at its ends.

        Args:
            signals: path → N values; every path of the group must be there.
            time_us: N times.
        """
        values = np.stack([signals[path] for path in self.paths])
        raw = np.rint((values - self.offset) / self.factor).clip(self.lowest, self.highest)
        bits = (raw.astype(np.int64).view(np.uint64) & self.mask) << self.shift
        little = np.bitwise_or.reduceat(np.where(self.big_endian, np.uint64(0), bits), self.first)
        big = np.bitwise_or.reduceat(np.where(self.big_endian, bits, np.uint64(0)), self.first)
        words = little | big.byteswap() | self.constant
        count = len(time_us)
        return Frames(
            time_us=(time_us[:, np.newaxis] + self.slot_us).ravel(),
            channel=np.zeros(count * len(self.can_id), np.uint16),
            channels=(CHANNEL,),
            can_id=np.tile(self.can_id, count),
            flags=np.tile(self.flags, count),
            length=np.tile(self.length, count),
            data=np.ascontiguousarray(words.T).astype("<u8").view(np.uint8).reshape(-1, 8),
        )


class Encoder:
    """All groups of a CAN database, by cycle time.

    Args:
        database: a `cantools` database; its messages have cycle times and at most 8 bytes.
        paths: "Message.Signal" → path; a signal without one is named ``KaidoEV.Message.Signal``.
    """

    def __init__(self, database: Any, paths: Mapping[str, str]) -> None:
        pages: dict[int, list[tuple[Message, list[Signal], int]]] = defaultdict(list)
        for message in database.messages:
            for signals, constant in _pages(message):
                pages[message.cycle_time].append((message, signals, constant))
        slot = 0
        self.groups: list[Group] = []
        for cycle_ms, members in sorted(pages.items()):
            self.groups.append(_group(cycle_ms, members, paths, slot))
            slot += len(members)

    def encode(self, signals: Mapping[str, Floats], time_us: NDArray[np.int64]) -> Frames:
        """Every frame whose signals are there, at each of the times, in the order of time."""
        parts = [group.encode(signals, time_us) for group in self.groups if signals.keys() >= {*group.paths}]
        return in_order(parts)


def in_order(parts: Iterable[Frames]) -> Frames:
    """Frames of several groups, sorted by time."""
    frames = Frames.concatenate(list(parts))
    return frames.take(np.argsort(frames.time_us, kind="stable"))


@cache
def generic_ev() -> Encoder:
    """The encoder of our own database."""
    return Encoder(cantools.database.load_string(resource(DATABASE), "dbc"), mapping())


def mapping() -> dict[str, str]:
    """The signals of our database that VSS knows: "Message.Signal" → path."""
    entries: dict[str, str | list[str]] = yaml.safe_load(resource(MAPPING))
    return {source: path for source, path in entries.items() if isinstance(path, str)}


def path_of(source: str, paths: Mapping[str, str]) -> str:
    """The path of a "Message.Signal"."""
    return paths.get(source) or f"{NAMESPACE}.{source}"


def resource(name: str) -> str:
    """A text file of this room."""
    return files("kaido.sim").joinpath(name).read_text("utf-8")


def _pages(message: Message) -> Iterable[tuple[list[Signal], int]]:
    """For each frame that the message takes: its signals, and the bits of its page selector."""
    selectors = [signal for signal in message.signals if signal.is_multiplexer]
    if not selectors:
        return [(message.signals, 0)]
    (selector,) = selectors
    paged = [signal for signal in message.signals if signal is not selector]
    return [
        ([signal for signal in paged if page in (signal.multiplexer_ids or [page])], page << selector.start)
        for page in sorted({page for signal in paged for page in signal.multiplexer_ids or []})
    ]


def _group(
    cycle_ms: int, members: list[tuple[Message, list[Signal], int]], paths: Mapping[str, str], slot: int
) -> Group:
    messages = [message for message, _, _ in members]
    flat = [(message, signal) for message, signals, _ in members for signal in signals]
    counts = [len(signals) for _, signals, _ in members]
    bits = [signal.length for _, signal in flat]
    lowest = [-(1 << length - 1) if s.is_signed else 0 for length, (_, s) in zip(bits, flat, strict=True)]
    return Group(
        cycle_ms=cycle_ms,
        paths=tuple(path_of(f"{message.name}.{signal.name}", paths) for message, signal in flat),
        first=np.cumsum([0, *counts[:-1]], dtype=np.intp),
        can_id=np.array([message.frame_id for message in messages], np.uint32),
        flags=np.array([EXTENDED * message.is_extended_frame for message in messages], np.uint8),
        length=np.array([message.length for message in messages], np.uint8),
        constant=_column([constant for _, _, constant in members], np.uint64),
        slot_us=_SLOT_US * (slot + np.arange(len(members), dtype=np.int64)),
        factor=_column([float(signal.scale) for _, signal in flat], np.float64),
        offset=_column([float(signal.offset) for _, signal in flat], np.float64),
        lowest=_column(lowest, np.float64),
        highest=_column([low + (1 << n) - 1 for low, n in zip(lowest, bits, strict=True)], np.float64),
        mask=_column([(1 << length) - 1 for length in bits], np.uint64),
        shift=_column([_shift(signal) for _, signal in flat], np.uint64),
        big_endian=_column([signal.byte_order == "big_endian" for _, signal in flat], np.bool_),
    )


def _shift(signal: Signal) -> int:
    """Where the least significant bit goes in the 64-bit word, counted from the word's own least significant bit."""
    if signal.byte_order == "little_endian":
        return int(signal.start)
    before = 8 * (signal.start // 8) + 7 - signal.start % 8  # bits before the signal, in the order of transmission
    return int(64 - before - signal.length)


def _column(values: list[Any], dtype: Any) -> NDArray[Any]:
    return np.array(values, dtype)[:, np.newaxis]
