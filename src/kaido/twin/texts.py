"""A column of texts as numbers into a list of words, so that comparing a million of them is comparing integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

SPARE_WORDS = 4_096


class TextColumn:
    """One text, or none, for each vehicle.

    Attributes:
        codes: int32, shape (vehicles,): the number of the word, 0 for none.
    """

    def __init__(self, size: int) -> None:
        self.codes: npt.NDArray[np.int32] = np.zeros(size, np.int32)
        self._words: list[str | None] = [None]
        self._codes: dict[str, int] = {}

    def grow(self, size: int) -> None:
        """Make room for ``size`` vehicles."""
        self.codes = np.concatenate([self.codes, np.zeros(size - len(self.codes), np.int32)])

    def assign(self, vehicles: npt.NDArray[np.int64], texts: Sequence[str | None]) -> None:
        """Set texts; of several for one vehicle the last stays."""
        self.codes[vehicles] = np.fromiter((self._code(text) for text in texts), np.int32, len(texts))
        if len(self._words) > 2 * len(self.codes) + SPARE_WORDS:
            self._forget_unused()

    def code(self, text: str) -> int:
        """The number of a word; -1 where no vehicle ever had it."""
        return self._codes.get(text, -1)

    def get(self, vehicle: int) -> str | None:
        """The text of one vehicle."""
        return self._words[int(self.codes[vehicle])]

    def take(self, vehicles: npt.NDArray[np.int64]) -> list[str | None]:
        """The texts of some vehicles."""
        return [self._words[code] for code in self.codes[vehicles].tolist()]

    def array(self, vehicles: npt.NDArray[np.int64]) -> pa.StringArray:
        """The texts of some vehicles as Arrow has them; of many, Python touches distinct words only."""
        if len(vehicles) < len(self._words):
            return pa.array(self.take(vehicles), pa.string())
        return pa.array(self._words, pa.string()).take(pa.array(self.codes[vehicles]))

    def objects(self) -> npt.NDArray[np.object_]:
        """The texts of all vehicles as Python objects."""
        return np.array(self._words, object)[self.codes]

    def _code(self, text: str | None) -> int:
        if text is None:
            return 0
        code = self._codes.setdefault(text, len(self._words))
        if code == len(self._words):
            self._words.append(text)
        return code

    def _forget_unused(self) -> None:
        used, self.codes = (part.astype(np.int32) for part in np.unique(self.codes, return_inverse=True))
        words = [self._words[code] for code in used.tolist()]
        if used[0] != 0:  # 0 has to stay what it means
            words.insert(0, None)
            self.codes += 1
        self._words = words
        self._codes = {word: code for code, word in enumerate(words) if word is not None}
