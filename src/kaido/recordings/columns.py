"""Text as columns: lines, fields and numbers of a whole block at once, with NumPy.

Positions are int64 indices into the block's bytes, which are padded so that no gather leaves them. Every function
tells which rows it could read; the others are left to the reader of single lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Bytes: TypeAlias = NDArray[np.uint8]
    Places: TypeAlias = NDArray[np.int64]
    Mask: TypeAlias = NDArray[np.bool_]

PADDING = 256
_WIDEST_NUMBER = 24
_MOST_DIGITS = 19
"""Digits that surely fit in int64."""
_TEN = np.uint8(10)
_MOST_HEX = 8
_LONGEST_NAME = 64
_MOST_NAMES = 256
_CLASSIC, _WIDE = 8, 64
"""Data bytes of a classic and of an FD frame."""


def _nibbles() -> NDArray[np.int16]:
    table = np.full(256, -1, np.int16)
    for digit in b"0123456789abcdefABCDEF":
        table[digit] = int(chr(digit), 16)
    return table


NIBBLE = _nibbles()
"""The value of a hexadecimal digit, -1 for every other byte."""

_first, _second = NIBBLE[np.arange(65_536) & 0xFF], NIBBLE[np.arange(65_536) >> 8]
PAIR = np.where((_first < 0) | (_second < 0), np.int16(-1), _first * 16 + _second).astype(np.int16)
"""The value of two hexadecimal digits, read as one little-endian 16-bit word."""


_BASE64 = np.full(256, -1, np.int32)
for _value, _digit in enumerate(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"):
    _BASE64[_digit] = _value


@dataclass(frozen=True)
class Lines:
    """Lines of a block.

    Attributes:
        text: the block, padded.
        start: where each line begins.
        end: where it ends, before its line end.
        plain: whether it has no control characters but tabs. Others would be taken for blanks here, but not there.
    """

    text: Bytes
    start: Places
    end: Places
    plain: Mask

    @classmethod
    def of(cls, block: bytes) -> Lines:
        """The lines of a block that ends in a line feed."""
        text = np.frombuffer(block + bytes(PADDING), np.uint8)
        end = np.flatnonzero(text[: len(block)] == ord("\n"))
        start = np.empty_like(end)
        start[0] = 0
        start[1:] = end[:-1] + 1
        end = end - ((text[np.maximum(end - 1, 0)] == ord("\r")) & (end > start))
        plain = np.ones(len(end), np.bool_)
        odd = (text[: len(block)] < ord(" ")) & (text[: len(block)] != ord("\t"))
        if np.count_nonzero(odd) != len(end):
            at = np.flatnonzero(odd)
            plain = np.searchsorted(at, start) == np.searchsorted(at, end)
        return cls(text, start, end, plain)

    def __len__(self) -> int:
        return len(self.start)

    def part(self, begin: int, stop: int) -> Lines:
        """Some of the lines."""
        part = slice(begin, stop)
        return Lines(self.text, self.start[part], self.end[part], self.plain[part])

    def line(self, index: int) -> bytes:
        """One line."""
        return self.text[self.start[index] : self.end[index]].tobytes()

    def first(self, byte: str) -> Places:
        """Where the byte stands first in each line; the line's end where it does not."""
        at = np.flatnonzero(self.text == ord(byte))
        at = np.append(at, len(self.text))
        return np.minimum(at[np.searchsorted(at, self.start)], self.end)


@dataclass(frozen=True)
class Fields:
    """The fields of each line: those of line i are ``start[first[i]:first[i] + count[i]]``."""

    start: Places
    end: Places
    first: Places
    count: Places

    @classmethod
    def between_blanks(cls, lines: Lines) -> Fields:
        """Fields that are separated by any number of blanks."""
        low = int(lines.start[0])
        text = lines.text[low : int(lines.end[-1]) + 1]
        inked = text > ord(" ")
        edges = np.flatnonzero(inked[1:] != inked[:-1]) + 1
        if inked[0]:
            edges = np.append(0, edges)
        if len(edges) % 2:
            edges = np.append(edges, len(text))
        start, end = edges[0::2] + low, edges[1::2] + low
        first = np.searchsorted(start, lines.start)
        return cls(start, end, first, np.searchsorted(start, lines.end) - first)

    @classmethod
    def between(cls, lines: Lines, separator: str) -> Fields:
        """Fields between separators; they may be empty."""
        low, high = int(lines.start[0]), int(lines.end[-1])
        at = np.flatnonzero(lines.text[low:high] == ord(separator)) + low
        first = np.searchsorted(at, lines.start)
        inner = np.searchsorted(at, lines.end) - first
        count = inner + 1
        offset = np.cumsum(count) - count
        total = int(count.sum())
        start, end = np.empty(total, np.int64), np.empty(total, np.int64)
        is_first, is_last = np.zeros(total, np.bool_), np.zeros(total, np.bool_)
        is_first[offset] = True
        is_last[offset + inner] = True
        start[is_first], end[is_last] = lines.start, lines.end
        mine = at[(at >= low) & (at < high)]
        inside = np.repeat(inner, inner) > 0
        start[~is_first], end[~is_last] = mine[inside] + 1, mine[inside]
        return cls(start, end, offset, count)

    def place(self, number: int | NDArray[np.intp]) -> tuple[Places, Places, Mask]:
        """Start and end of the field with this number in each line, and whether there is one (else field 0)."""
        there = self.count > number
        if not len(self.start):
            return np.zeros_like(self.first), np.zeros_like(self.first), there
        index = np.minimum(self.first + np.where(there, number, 0), len(self.start) - 1)
        return self.start[index], self.end[index], there


def decimal(text: Bytes, start: Places, end: Places, places: int) -> tuple[Places, Mask]:
    """Decimal numbers times 10 ** places, rounded half up; fewer than 20 significant digits are read."""
    minus = text[start] == ord("-")
    begin = start + minus
    width = end - begin
    ok = (width > 0) & (width < _WIDEST_NUMBER) & (text[begin] - np.uint8(ord("0")) < _TEN)
    widest = int(width[ok].max(initial=0))
    value = np.zeros(len(start), np.int64)
    behind = np.full(len(start), -1, np.int64)
    digits = np.zeros(len(start), np.int64)
    up = np.zeros(len(start), np.bool_)
    for column in range(widest):
        inside = column < width
        byte = text[begin + column]
        digit = byte - np.uint8(ord("0"))
        is_digit = inside & (digit < _TEN)
        is_point = inside & (byte == ord(".")) & (behind < 0)
        ok &= is_digit | is_point | ~inside
        up |= is_digit & (behind == places) & (digit >= _TEN // 2)
        use = is_digit & (behind < places)
        value = np.where(use, value * 10 + digit, value)
        digits += use
        behind += is_digit & (behind >= 0)
        behind[is_point] = 0
    kept = np.clip(behind, 0, places)
    ok &= digits - kept + places < _MOST_DIGITS
    value = value * 10 ** (places - kept) + up
    return np.where(minus, -value, value), ok


def hexadecimal(text: Bytes, start: Places, end: Places) -> tuple[Places, Mask]:
    """Hexadecimal numbers of one to eight digits."""
    width = end - start
    ok = (width > 0) & (width <= _MOST_HEX)
    value = np.zeros(len(start), np.int64)
    for column in range(int(width[ok].max(initial=0))):
        inside = column < width
        nibble = NIBBLE[text[start + column]]
        ok &= (nibble >= 0) | ~inside
        value = np.where(inside, value * 16 + nibble, value)
    return value, ok


def small(text: Bytes, start: Places, end: Places) -> tuple[Places, Mask]:
    """Decimal numbers of one or two digits."""
    one, two = text[start] - np.uint8(ord("0")), text[start + 1] - np.uint8(ord("0"))
    width = end - start
    ok = (one < _TEN) & ((width == 1) | ((width == len("99")) & (two < _TEN)))
    value = np.where(width == 1, one, one * np.int64(10) + two)
    return value, ok


def data(text: Bytes, at: Places, length: Places, gap: int, separator: bytes = b" ") -> tuple[NDArray[np.uint8], Mask]:
    """Data bytes of two hexadecimal digits each, beginning at ``at``, ``gap`` characters apart.

    What lies in a gap has to begin with white space or ``separator``, so that no longer number is cut in two.

    Returns:
        uint8 of shape (N, 8), or (N, 64) where a frame has more, zero beyond each length; and which rows are right.
    """
    width = _WIDE if int(length.max(initial=0)) > _CLASSIC else _CLASSIC
    words = np.ndarray((len(text) - 1,), "<u2", text, strides=(1,))
    result = np.zeros((len(at), width), np.uint8)
    ok = np.ones(len(at), np.bool_)
    for column in range(min(int(length.max(initial=0)), width)):
        inside = column < length
        place = np.where(inside, at + column * (gap + 2), 0)
        value = PAIR[words[place]]
        ok &= (value >= 0) | ~inside
        if gap:
            behind = text[place + 2]
            ok &= (behind <= ord(" ")) | (behind == separator[0]) | ~inside
        result[:, column] = np.where(inside, value, 0)
    return result, ok


def base64(text: Bytes, at: Places, length: Places) -> tuple[NDArray[np.uint8], Mask]:
    """Data bytes in Base64 with its padding, beginning at ``at``; the result is as that of ``data``."""
    width = _WIDE if int(length.max(initial=0)) > _CLASSIC else _CLASSIC
    result = np.zeros((len(at), width), np.uint8)
    ok = np.ones(len(at), np.bool_)
    for group in range((int(length.max(initial=0)) + 2) // 3):
        left = length - 3 * group  # bytes from this group on: it has one digit more than bytes, then padding
        place = np.where(left > 0, at + 4 * group, 0)
        bits = np.zeros(len(at), np.int32)
        for digit in range(4):
            value = _BASE64[text[place + digit]]
            padding = (digit > left) & (text[place + digit] == ord("="))
            ok &= (value >= 0) & (digit <= left) | padding | (left <= 0)
            bits = (bits << 6) | np.maximum(value, 0)
        for byte in range(min(3, width - 3 * group)):
            result[:, 3 * group + byte] = np.where(left > byte, (bits >> (16 - 8 * byte)) & 0xFF, 0)
    return result, ok


def equals(text: Bytes, start: Places, end: Places, word: bytes) -> Mask:
    """Whether each field is this word (of at most 16 bytes)."""
    ok: Mask = end - start == len(word)
    for index, byte in enumerate(word):
        ok &= text[start + index] == byte
    return ok


def names(text: Bytes, start: Places, end: Places) -> tuple[NDArray[np.uint16], tuple[str, ...], Mask]:
    """Short words as indices into the tuple of the different ones, in the order in which they first appear."""
    index = np.zeros(len(start), np.uint16)
    ok = (end > start) & (end - start <= _LONGEST_NAME)
    left = ok.copy()
    found: list[str] = []
    while len(found) < _MOST_NAMES and left.any():
        row = int(np.argmax(left))
        word = text[start[row] : end[row]].tobytes()
        same = left & equals(text, start, end, word)
        index[same] = len(found)
        found.append(word.decode("ascii", "replace"))
        left &= ~same
    good: Mask = ok & ~left
    return index, tuple(found), good
