"""Which rows of quarantine were replayed: a row that is replayed again has gone its way already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xxhash

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 100_000
"""Rows that are remembered, the newest. A row is replayed twice only where the API was killed in the middle."""


class Replayed:
    """The rows' ids as hashes, oldest first."""

    def __init__(self) -> None:
        self._known: dict[int, None] = {}

    def __contains__(self, row: str) -> bool:
        return _hash(row) in self._known

    def remember(self, rows: Iterable[str]) -> None:
        """These were replayed."""
        self.restore(map(_hash, rows))

    def to_list(self) -> list[int]:
        """What ``restore`` takes."""
        return list(self._known)

    def restore(self, hashes: Iterable[int]) -> None:
        """Take over what was saved."""
        self._known |= dict.fromkeys(hashes)
        for old in list(self._known)[: max(len(self._known) - MOST, 0)]:
            del self._known[old]


def _hash(row: str) -> int:
    return xxhash.xxh3_64_intdigest(row.encode())
