"""The frames of one message, ready to be decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kaido.can.decode_fields import Field
    from kaido.can.frames import Frames


class Block:
    """Frames of one message.

    Their times, their lengths (None where none is short), and their payloads as words, shape (words, frames).
    """

    __slots__ = ("_big", "_little", "lengths", "times")

    def __init__(
        self,
        times: NDArray[np.int64],
        lengths: NDArray[np.uint8] | None,
        little: NDArray[np.uint64],
    ) -> None:
        self.times = times
        self.lengths = lengths
        self._little = little
        self._big: dict[int, NDArray[np.uint64]] = {}

    @classmethod
    def of(cls, frames: Frames, order: NDArray[np.intp], longest: int) -> Block:
        """The frames in an order; no signal or selector needs more than ``longest`` bytes."""
        full = not len(order) or int(frames.length.min()) >= longest
        words = frames.data.view("<u8")
        taken = words.ravel()[order][np.newaxis] if words.shape[1] == 1 else np.ascontiguousarray(words[order].T)
        return cls(frames.time_us[order], None if full else frames.length[order], taken)

    def __len__(self) -> int:
        return len(self.times)

    @property
    def words(self) -> int:
        """How many words a payload has."""
        return len(self._little)

    def cut(self, start: int, end: int) -> Block:
        """A run of the frames, without a copy."""
        lengths = None if self.lengths is None else self.lengths[start:end]
        return Block(self.times[start:end], lengths, self._little[:, start:end])

    def take(self, index: NDArray[np.intp]) -> Block:
        """Some of the frames."""
        lengths = None if self.lengths is None else self.lengths[index]
        return Block(self.times[index], lengths, self._little[:, index])

    def raw(self, field: Field) -> NDArray[np.uint64]:
        """The masked bits of a field, an array of its own."""
        word = self.word(field.word, field.big_endian)
        if not field.shift:
            return word & np.uint64(field.mask)
        raw: NDArray[np.uint64] = word >> np.uint64(field.shift)
        if field.left:
            raw |= self.word(field.other, field.big_endian) << np.uint64(field.left)
        if field.masked:
            raw &= np.uint64(field.mask)
        return raw

    def word(self, word: int, big_endian: bool) -> NDArray[np.uint64]:
        """One word of every frame's payload."""
        if not big_endian:
            little: NDArray[np.uint64] = self._little[word]
            return little
        swapped = self._big.get(word)
        if swapped is None:
            swapped = self._big[word] = self._little[word].byteswap()
        return swapped
