"""A column a signal: for large batches (from about 100,000 frames).

Frames are brought in order by message once, with a stable radix sort; then each message's signals are decoded together,
a slice of frames at a time, into one array of all values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kaido.can.decode_block import Block
from kaido.can.decode_fields import Field, Reading
from kaido.can.decode_plan import Plan
from kaido.can.decode_rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from kaido.can.decode_accounting import Accounting
    from kaido.can.decode_lookup import Lookup
    from kaido.can.decode_plan import Member
    from kaido.can.frames import Frames
    from kaido.catalog.can_signal import CanSignal, Selector

    Column = tuple[NDArray[np.int64], NDArray[np.float64]]


class _Part(NamedTuple):
    """Frames and the signals that all of them hold."""

    block: Block
    plan: Plan


@dataclass(slots=True)
class _Group:
    """The signals of a message that are in a frame together: those with the same selectors."""

    selectors: tuple[tuple[Field, Selector], ...]
    members: tuple[Member, ...]
    plan: Plan
    bytes_needed: int
    _plans: dict[int, Plan] = field(default_factory=dict)

    def by_need(self) -> Iterator[tuple[int, Plan]]:
        """Bytes that a frame needs to have, and the signals that need just so many."""
        if not self._plans:
            for need in sorted({where.bytes_needed for _, where, _ in self.members}):
                self._plans[need] = Plan([member for member in self.members if member[1].bytes_needed == need])
        yield from self._plans.items()


class Decoded:
    """Decoded samples, signal by signal, those of a signal in the order of the frames."""

    def __init__(self, signals: Sequence[CanSignal], parts: Sequence[_Part]) -> None:
        self._signals = signals
        self._parts = [part for part in parts if len(part.block)]
        self._value = np.empty(sum(len(part.block) * len(part.plan.indexes) for part in self._parts))
        for part, values in self._each():
            part.plan.decode(part.block, values)

    def __len__(self) -> int:
        return len(self._value)

    def columns(self) -> dict[str, Column]:
        """Of each signal that occurs its times (µs) and values, views of arrays that they share."""
        pieces: dict[int, list[Column]] = {}
        for part, values in self._each():
            for index, row in zip(part.plan.indexes, values, strict=True):
                pieces.setdefault(index, []).append((part.block.times, row))
        return {self._signals[index].path: _joined(columns) for index, columns in pieces.items()}

    def rows(self) -> Rows:
        """All samples behind each other."""
        times = np.empty(len(self), np.int64)
        signals = np.empty(len(self), np.int32)
        at = 0
        for part in self._parts:
            shape = len(part.plan.indexes), len(part.block)
            end = at + shape[0] * shape[1]
            times[at:end].reshape(shape)[:] = part.block.times
            signals[at:end].reshape(shape)[:] = np.array(part.plan.indexes, np.int32)[:, np.newaxis]
            at = end
        return Rows(times, signals, self._value)

    def _each(self) -> Iterator[tuple[_Part, NDArray[np.float64]]]:
        at = 0
        for part in self._parts:
            shape = len(part.plan.indexes), len(part.block)
            end = at + shape[0] * shape[1]
            yield part, self._value[at:end].reshape(shape)
            at = end


class ColumnDecoder:
    """Decodes large batches."""

    def __init__(self, signals: Sequence[CanSignal], lookup: Lookup) -> None:
        self._signals = signals
        self._lookup = lookup
        self._messages = [_groups(signals, indexes) for indexes in lookup.messages]
        needs = [one.bytes_needed for signal in signals for one in signal.selectors]
        self._longest = max([*needs, *(signal.bytes_needed for signal in signals)], default=0)

    def decode(self, frames: Frames, accounting: Accounting) -> Decoded:
        """The samples of the frames."""
        frames = accounting.data_frames(frames)
        slots = self._lookup.slots(frames)
        order = np.argsort(slots, kind="stable")
        every_slot = np.arange(len(self._messages) + 1, dtype=slots.dtype)
        ends = np.searchsorted(slots.take(order), every_slot, "right").tolist()
        unknown, known = order[: ends[0]], order[ends[0] :]
        if len(unknown):
            accounting.count_unknown(frames.take(unknown))
        ordered = Block.of(frames, known, self._longest)
        parts: list[_Part] = []
        for groups, start, end in zip(self._messages, ends, ends[1:], strict=False):
            if start == end:
                continue
            block = ordered.cut(start - ends[0], end - ends[0])
            short = np.zeros(len(block), bool) if block.lengths is not None else None
            for group in groups:
                parts += _parts(group, block, short)
            accounting.count_known(end - start, 0 if short is None else int(np.count_nonzero(short)))
        return Decoded(self._signals, parts)


def _groups(signals: Sequence[CanSignal], indexes: Sequence[int]) -> list[_Group]:
    together: dict[tuple[Selector, ...], list[Member]] = {}
    for index in indexes:
        signal = signals[index]
        together.setdefault(signal.selectors, []).append((index, Field.of(signal), Reading.of(signal)))
    return [
        _Group(
            tuple((Field.of(one), one) for one in selectors),
            tuple(members),
            Plan(members),
            max(where.bytes_needed for _, where, _ in members),
        )
        for selectors, members in together.items()
    ]


def _parts(group: _Group, block: Block, short: NDArray[np.bool_] | None) -> Iterator[_Part]:
    """What there is of a group. Frames too short for a signal that they should hold are marked in ``short``."""
    rows = None
    if group.selectors:
        rows = _present(group, block, short)
        if not len(rows):
            return
        block = block.take(rows)
    if block.lengths is None or int(block.lengths.min()) >= group.bytes_needed:
        yield _Part(block, group.plan)
        return
    assert short is not None
    short[slice(None) if rows is None else rows] |= block.lengths < group.bytes_needed
    for need, plan in group.by_need():
        if need <= 8 * block.words:
            yield _Part(block.take(np.flatnonzero(block.lengths >= need)), plan)


def _present(group: _Group, block: Block, short: NDArray[np.bool_] | None) -> NDArray[np.intp]:
    """The places of the frames in which the group's selectors hold."""
    present = np.ones(len(block), bool)
    for where, selector in group.selectors:
        if block.lengths is not None:
            assert short is not None
            fits = block.lengths >= where.bytes_needed
            short |= present & ~fits
            present &= fits
        if where.bytes_needed > 8 * block.words:
            return np.empty(0, np.intp)
        raw = block.raw(where)
        inside = np.zeros(len(raw), bool)
        for first, last in selector.ranges:
            inside |= (raw == first) if first == last else (raw >= first) & (raw <= last)
        present &= inside
    return np.flatnonzero(present)


def _joined(parts: list[Column]) -> Column:
    """One column, by time, of the parts that a signal of several buses has."""
    if len(parts) == 1:
        return parts[0]
    times = np.concatenate([time for time, _ in parts])
    values = np.concatenate([value for _, value in parts])
    order = np.argsort(times, kind="stable")
    return times[order], values[order]
