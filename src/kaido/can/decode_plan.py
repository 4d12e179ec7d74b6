"""The signals of a message as constants, so that a few NumPy calls decode all of them at once.

A field of up to 52 bits is not shifted to the right: the exponent of 2^52 above the word's low 52 bits makes a double
of the word, and the double 2^52 + raw * 2^shift of the word under a signal's mask. Taking 2^52 away and multiplying by
factor * 2^-shift is exact where raw * factor is, and rounds as that does. So a value costs three or four passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from kaido.can.decode_fields import BITS_OF_2_52, EXACT_BITS, TWO_52, WORD_BITS, Field, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from kaido.can.decode_block import Block

    Member = tuple[int, Field, Reading]
    """A signal's index, where its bits are, and what they mean."""

_Number = TypeVar("_Number", bound=np.generic)

CACHE_BYTES = 1 << 20
"""What the passes over one slice of frames touch: it stays in the second-level cache."""
_LOW_BITS = (1 << EXACT_BITS) - 1
_SMALLEST_FACTOR = 1e-200
"""Below it, factor * 2^-shift might lose bits."""


@dataclass(frozen=True, slots=True)
class _Together:
    """Signals of one word that are decoded at once, S of them; those with an offset come first.

    Attributes:
        word, big_endian: which word.
        drop: bits that the word loses at its low end first.
        toggle: the exponent of 2^52, and the sign bits of all signed signals.
        mask: uint64 (S, 1), the exponent's bits and the signal's.
        bias: float64 (S, 1), what the exponent and the toggled sign bit add.
        factor: float64 (S, 1), with the shift in it.
        offset: float64 (O, 1), of the first O signals.
    """

    word: int
    big_endian: bool
    drop: int
    toggle: np.uint64
    mask: NDArray[np.uint64]
    bias: NDArray[np.float64]
    factor: NDArray[np.float64]
    offset: NDArray[np.float64]

    def decode(self, block: Block, values: NDArray[np.float64]) -> None:
        """Write the values of all frames, shape (S, frames)."""
        word = block.word(self.word, self.big_endian)
        step = max(1024, CACHE_BYTES // (8 * len(self.mask)))
        for start in range(0, len(word), step):
            stop = start + step
            bits = word[start:stop] >> np.uint64(self.drop) if self.drop else word[start:stop]
            bits = bits & np.uint64(_LOW_BITS)
            bits ^= self.toggle
            out = values[:, start:stop]
            np.bitwise_and(bits, self.mask, out=out.view(np.uint64))
            np.subtract(out, self.bias, out=out)
            np.multiply(out, self.factor, out=out)
            if len(self.offset):
                some = out[: len(self.offset)]
                np.add(some, self.offset, out=some)


class Plan:
    """How some signals that share their frames are decoded.

    Attributes:
        indexes: the signals, in the order of the rows that ``decode`` writes.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        slow = [member for member in members if not _at_once(member)]
        self._together: list[_Together] = []
        self.indexes: list[int] = []
        for chosen in _compatible([member for member in members if _at_once(member)]):
            self._together.append(_together(chosen))
            self.indexes += [index for index, _, _ in chosen]
        self._slow = slow
        self.indexes += [index for index, _, _ in slow]

    def decode(self, block: Block, values: NDArray[np.float64]) -> None:
        """Write the values of all frames of the block, shape (signals, frames). No frame may be too short."""
        done = 0
        for together in self._together:
            count = len(together.mask)
            together.decode(block, values[done : done + count])
            done += count
        for row, (_, field, reading) in enumerate(self._slow, done):
            values[row] = reading.values(block.raw(field))


def _at_once(member: Member) -> bool:
    _, field, reading = member
    return reading.kind == "exact" and not field.left and (abs(reading.factor) > _SMALLEST_FACTOR or not reading.factor)


def _drop(field: Field) -> int:
    """So many bits that the field lies in the 52 above them."""
    if field.shift + field.mask.bit_length() <= EXACT_BITS:
        return 0
    return min(field.shift, WORD_BITS - EXACT_BITS)


def _compatible(members: Sequence[Member]) -> Iterator[list[Member]]:
    """The members in sets of one word, in which toggling all sign bits changes no other signal."""
    sets: dict[tuple[int, bool, int], list[list[Member]]] = {}
    for member in members:
        field = member[1]
        known = sets.setdefault((field.word, field.big_endian, _drop(field)), [])
        fitting = next((some for some in known if _agree([*some, member])), None)
        if fitting is None:
            known.append([member])
        else:
            fitting.append(member)
    for known in sets.values():
        for some in known:
            yield sorted(some, key=lambda member: not member[2].offset)


def _agree(members: Sequence[Member]) -> bool:
    """Overlapping signals have the same sign bit or none of the other's."""
    signs = np.bitwise_or.reduce([_sign(member) for member in members])
    return all(int(signs) & _mask(member) == _sign(member) for member in members)


def _mask(member: Member) -> int:
    return member[1].mask << member[1].shift - _drop(member[1])


def _sign(member: Member) -> int:
    return member[2].flip << member[1].shift - _drop(member[1])


def _together(members: Sequence[Member]) -> _Together:
    first = members[0][1]
    shifts = [field.shift - _drop(field) for _, field, _ in members]
    readings = [reading for _, _, reading in members]
    signs = 0
    for member in members:
        signs |= _sign(member)
    return _Together(
        word=first.word,
        big_endian=first.big_endian,
        drop=_drop(first),
        toggle=np.uint64(BITS_OF_2_52 | signs),
        mask=_column([BITS_OF_2_52 | _mask(member) for member in members], np.uint64),
        bias=_column([TWO_52 + _sign(member) for member in members], np.float64),
        factor=_column([one.factor * 2.0**-shift for one, shift in zip(readings, shifts, strict=True)], np.float64),
        offset=_column([one.offset for one in readings if one.offset], np.float64),
    )


def _column(numbers: Sequence[float], kind: type[_Number]) -> NDArray[_Number]:
    return np.array(numbers, kind).reshape(-1, 1)
