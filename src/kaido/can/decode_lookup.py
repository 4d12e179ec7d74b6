"""From a frame's bus and identifier to its message, for all frames at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kaido.can.frames import EXTENDED
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kaido.can.frames import Frames
    from kaido.catalog.can_signal import CanSignal

    Slots = NDArray[np.unsignedinteger[Any]]

MOST_INTERFACES = 64
UNKNOWN = 0
"""The slot of frames that no signal is in. Messages have the slots from 1."""

_STANDARD_IDS = 0x800
_EXTENDED_BIT = 29
_PAGE_BITS = 11
_PAGES = 1 << (_EXTENDED_BIT + 1 - _PAGE_BITS)


class Lookup:
    """A table from (bus, identifier) to a message's slot.

    A signal of no particular interface is in the messages of every bus. Identifiers are found through two levels of
    pages of 2048, so that 29-bit ones cost one gather more and no search.

    Attributes:
        messages: the indexes of the signals in each message; ``messages[slot - 1]``.
    """

    def __init__(self, signals: Sequence[CanSignal]) -> None:
        self._interfaces = sorted({signal.interface for signal in signals} - {""})
        if len(self._interfaces) > MOST_INTERFACES:
            raise InvalidInputError(
                f"the signals are on {len(self._interfaces)} interfaces",
                why=f"at most {MOST_INTERFACES} can be decoded",
            )
        found: dict[tuple[int, int], list[int]] = {}
        for index, signal in enumerate(signals):
            key = signal.message_id | int(signal.extended) << _EXTENDED_BIT
            for bus in self._buses(signal.interface):
                found.setdefault((bus, key), []).append(index)
        self.messages: list[list[int]] = list(found.values())
        self._slot_type = _smallest_type(len(self.messages))
        self._build(found)

    def slots(self, frames: Frames) -> Slots:
        """The slot of each frame (of data frames only), of the smallest type that holds them all."""
        if not len(frames):
            return np.empty(0, self._slot_type)
        bus = self._bus_of(frames)
        if not np.bitwise_or.reduce(frames.flags) & EXTENDED:
            if bus is None:
                return self._standard[: _STANDARD_IDS + 1].take(frames.can_id, mode="clip")
            return self._standard.take(np.minimum(frames.can_id, _STANDARD_IDS) + bus * (_STANDARD_IDS + 1))
        extended = np.bitwise_and(frames.flags, EXTENDED).astype(np.uint32)
        key = np.bitwise_and(frames.can_id, (1 << _EXTENDED_BIT) - 1) | extended << _EXTENDED_BIT
        high = key >> _PAGE_BITS
        page = self._page.take(high if bus is None else high + bus * _PAGES)
        slots: Slots = self._slot.take(page << _PAGE_BITS | key & (_STANDARD_IDS - 1))
        return slots

    def _buses(self, interface: str) -> range:
        """The bus numbers of an interface: 0 is any bus that no signal names."""
        if not interface:
            return range(len(self._interfaces) + 1)
        number = self._interfaces.index(interface) + 1
        return range(number, number + 1)

    def _bus_of(self, frames: Frames) -> NDArray[np.uint32] | None:
        numbers = {name: number for number, name in enumerate(self._interfaces, start=1)}
        buses = np.array([numbers.get(name, 0) for name in frames.channels] or [0], np.uint32)
        if len(buses) > 1 and (buses != buses[0]).any():
            return buses[frames.channel]
        return None if not buses[0] else np.broadcast_to(buses[0], frames.channel.shape)

    def _build(self, found: dict[tuple[int, int], list[int]]) -> None:
        buses = len(self._interfaces) + 1
        self._standard = np.zeros(buses * (_STANDARD_IDS + 1), self._slot_type)
        self._page = np.zeros(buses * _PAGES, np.uint32)
        slots = [np.zeros(_STANDARD_IDS, self._slot_type)]
        for slot, (bus, key) in enumerate(found, start=1):
            place = bus * _PAGES + (key >> _PAGE_BITS)
            if not self._page[place]:
                self._page[place] = len(slots)
                slots.append(np.zeros(_STANDARD_IDS, self._slot_type))
            slots[self._page[place]][key & (_STANDARD_IDS - 1)] = slot
            if key < _STANDARD_IDS:
                self._standard[bus * (_STANDARD_IDS + 1) + key] = slot
        self._slot = np.concatenate(slots)


def _smallest_type(count: int) -> type[np.unsignedinteger[Any]]:
    """A small type makes the stable sort of slots a radix sort."""
    return next(kind for kind in (np.uint8, np.uint16, np.uint32) if count <= np.iinfo(kind).max)
