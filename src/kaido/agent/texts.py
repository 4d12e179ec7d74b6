"""Values that are texts: few among many numbers, and so written one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Texts = NDArray[np.object_] | None
    """Of each of N rows its text, None where it has a number; None where no row has a text."""

    Fields = tuple[NDArray[np.uint8], NDArray[np.int64]]
    """Protobuf fields one after the other, and the offset at which each ends."""

MOST_BYTES = 10_000
"""Of a text in UTF-8: a payload has room for several."""


def which(text: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which rows have a text."""
    return np.array([one is not None for one in text.tolist()], np.bool_)


def can_be_sent(text: str) -> bool:
    """Whether a text is short enough, and one that UTF-8 can write."""
    try:
        return len(text) <= MOST_BYTES and len(text.encode()) <= MOST_BYTES
    except UnicodeEncodeError:
        return False


def joined(parts: Iterable[Texts], lengths: Iterable[int]) -> Texts:
    """Texts of several batches, one after the other."""
    given = list(parts)
    if all(one is None for one in given):
        return None
    return np.concatenate(
        [np.full(length, None) if one is None else one for one, length in zip(given, lengths, strict=True)]
    )


def behind(numbers: Fields, texts: Iterable[bytes]) -> Fields:
    """Fields of numbers, and behind them those of texts."""
    content, ends = numbers
    written = list(texts)
    more = len(content) + np.cumsum([len(one) for one in written], dtype=np.int64)
    return np.concatenate([content, np.frombuffer(b"".join(written), np.uint8)]), np.concatenate([ends, more])
