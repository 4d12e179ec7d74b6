"""Protobuf's numbers of variable length, many at once: a row of bytes each, of which only some are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def zigzag(numbers: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Signed numbers so that small ones stay short: 0, -1, 1, -2 become 0, 1, 2, 3."""
    coded: NDArray[np.uint64] = ((numbers << 1) ^ (numbers >> 63)).view(np.uint64)
    return coded


def lengths(numbers: NDArray[np.uint64]) -> tuple[int, NDArray[np.int64]]:
    """The bytes that each number takes as a varint, and the most."""
    found = np.ones(len(numbers), np.int64)
    largest = int(numbers.max(initial=0))
    width = 1
    while largest >= 1 << (7 * width):
        found += numbers >= np.uint64(1 << (7 * width))
        width += 1
    return width, found


def write(
    rows: NDArray[np.uint8],
    used: NDArray[np.bool_],
    at: int,
    numbers: NDArray[np.uint64],
    lengths: NDArray[np.int64],
    width: int,
) -> None:
    """Write numbers as varints into rows of bytes.

    Args:
        rows: uint8, shape (N, W).
        used: which of them count; bytes that a shorter number does not need are none of it.
        at: the first column.
        numbers: shape (N,).
        lengths: the bytes of each; 0 leaves it out.
        width: the columns, at least the largest length.
    """
    for place in range(width):
        low = (numbers >> np.uint64(7 * place)) & np.uint64(0x7F)
        rows[:, at + place] = low | np.where(lengths > place + 1, np.uint64(0x80), np.uint64(0))
        used[:, at + place] = lengths > place
