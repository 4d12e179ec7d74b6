"""A field of bits as shifts and masks of 64-bit words, and raw bits as float64.

A payload of 8 * W bytes is read as W words, little-endian for little-endian fields, big-endian for the others. A field
of up to 64 bits lies in one word or crosses into one neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.catalog import bits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kaido.catalog.can_signal import CanSignal, Selector

WORD_BITS = 64
EXACT_BITS = 52
"""Integers of so many bits become doubles by writing them into the mantissa of 2^52 (no conversion pass)."""

BITS_OF_2_52 = 0x4330_0000_0000_0000
TWO_52 = float(1 << EXACT_BITS)


@dataclass(frozen=True, slots=True)
class Field:
    """Where bits are.

    Attributes:
        word: the word that holds the least significant bit.
        shift: that bit's place in the word.
        other: the word that holds the rest; the same word where nothing crosses.
        left: how far up the other word's bits go; 0 where nothing crosses.
        mask: as many ones as there are bits.
        bytes_needed: a frame that is shorter does not hold the field.
    """

    big_endian: bool
    word: int
    shift: int
    other: int
    left: int
    mask: int
    bytes_needed: int

    @classmethod
    def of(cls, place: CanSignal | Selector) -> Field:
        """The field of a signal or a multiplexer."""
        lsb, length = place.start_bit_lsb, place.length
        if place.big_endian:
            word, last = divmod(bits.flip(lsb), WORD_BITS)
            shift, neighbour = WORD_BITS - 1 - last, word - 1
        else:
            word, shift = divmod(lsb, WORD_BITS)
            neighbour = word + 1
        crosses = shift + length > WORD_BITS
        return cls(
            big_endian=place.big_endian,
            word=word,
            shift=shift,
            other=neighbour if crosses else word,
            left=WORD_BITS - shift if crosses else 0,
            mask=(1 << length) - 1,
            bytes_needed=place.bytes_needed,
        )

    @property
    def masked(self) -> bool:
        """Whether the word holds more above the field."""
        return bool(self.left) or self.mask.bit_length() + self.shift < WORD_BITS


@dataclass(frozen=True, slots=True)
class Reading:
    """How raw bits become a value.

    Attributes:
        kind: "exact" for integers of up to 52 bits, else "unsigned", "signed" or "float".
        flip: the sign bit of a signed integer, else 0.
        toggle: turns raw bits into those of the double ``bias`` + value; only for "exact".
        bias: 2^52, and what flipping the sign bit adds.
    """

    kind: str
    length: int
    flip: int
    toggle: int
    bias: float
    factor: float
    offset: float

    @classmethod
    def of(cls, signal: CanSignal) -> Reading:
        """The reading of a signal."""
        flip = 1 << signal.length - 1 if signal.signed and not signal.is_float else 0
        if signal.is_float:
            kind = "float"
        elif signal.length <= EXACT_BITS:
            kind = "exact"
        else:
            kind = "signed" if signal.signed else "unsigned"
        return cls(kind, signal.length, flip, flip | BITS_OF_2_52, TWO_52 + flip, signal.factor, signal.offset)

    def values(self, raw: NDArray[np.uint64]) -> NDArray[np.float64]:
        """The values of masked raw bits, which are overwritten."""
        if self.kind == "exact":
            raw ^= np.uint64(self.toggle)
            values = raw.view(np.float64)
            values -= self.bias
        else:
            values = inexact(raw, self.kind, self.length, self.flip)
        if self.factor != 1:
            values *= self.factor
        if self.offset:
            values += self.offset
        return values


def inexact(raw: NDArray[np.uint64], kind: str, length: int, flip: int) -> NDArray[np.float64]:
    """The numbers of masked raw bits where the mantissa trick does not serve: long integers and floats."""
    if kind == "float":
        narrow = raw.astype({16: np.uint16, 32: np.uint32, 64: np.uint64}[length])
        return narrow.view({16: np.float16, 32: np.float32, 64: np.float64}[length]).astype(np.float64)
    if kind == "signed":
        return ((raw ^ np.uint64(flip)) - np.uint64(flip)).view(np.int64).astype(np.float64)
    return raw.astype(np.float64)
