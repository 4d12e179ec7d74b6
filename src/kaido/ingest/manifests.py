"""From signal ids to signal numbers, for thousands of samples of many manifests at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

import numpy as np

from kaido.twin.names import Names

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    import pyarrow as pa

MISS_SECONDS = 1.0
MAX_SIGNAL_ID = 1 << 22
MAX_MISSES = 10_000


class ManifestSource(Protocol):
    """Where decoder manifests come from."""

    def paths(self, sync_id: str) -> Mapping[int, str] | None:
        """The path of each signal id of a manifest; None where it is not known (yet)."""

    def sync_id_of(self, vehicle: str) -> str | None:
        """The manifest that a vehicle should hold, for data that does not name it."""


class Manifests:
    """The manifests of one company, each read once.

    Args:
        source: asked for a manifest when it first appears, and again after a second while it is unknown.
    """

    def __init__(self, source: ManifestSource) -> None:
        self.signals = Names()
        self._source = source
        self._known: dict[str, int] = {}
        self._missed: dict[str, float] = {}
        self._table = np.full(1, -1, np.int64)  # all manifests behind each other; each ends with a -1
        self._bases = [0]
        self._sizes = [0]

    def numbers(self, sync_ids: pa.Array) -> npt.NDArray[np.int64]:
        """The number of each row's manifest; 0 where it is unknown."""
        encoded = sync_ids.dictionary_encode()
        ours = np.fromiter((self._number(name) for name in encoded.dictionary.to_pylist()), np.int64)
        return ours[encoded.indices.to_numpy()] if len(ours) else np.empty(0, np.int64)

    def numbers_of_vehicles(self, vehicles: pa.DictionaryArray) -> npt.NDArray[np.int64]:
        """The number of the manifest that each row's vehicle should hold; 0 where there is none."""
        ours = np.fromiter(
            (self._number(self._source.sync_id_of(name) or "") for name in vehicles.dictionary.to_pylist()), np.int64
        )
        return ours[vehicles.indices.to_numpy()] if len(ours) else np.empty(0, np.int64)

    def lookup(self, manifests: npt.NDArray[np.int64], ids: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
        """The signal number (into ``signals``) of each id in its manifest; -1 where it has no such id."""
        sizes, bases = np.array(self._sizes), np.array(self._bases)
        found: npt.NDArray[np.int64] = self._table[bases[manifests] + np.minimum(ids, sizes[manifests])]
        return found

    def _number(self, sync_id: str) -> int:
        known = self._known.get(sync_id)
        if known is not None:
            return known
        now = time.monotonic()
        if not sync_id or now - self._missed.get(sync_id, -MISS_SECONDS) < MISS_SECONDS:
            return 0
        paths = self._source.paths(sync_id)
        if paths is None:
            if len(self._missed) >= MAX_MISSES:
                self._missed.clear()
            self._missed[sync_id] = now
            return 0
        self._missed.pop(sync_id, None)
        return self._add(sync_id, paths)

    def _add(self, sync_id: str, paths: Mapping[int, str]) -> int:
        ids = [number for number in paths if number < MAX_SIGNAL_ID]
        size = max(ids, default=-1) + 1
        table = np.full(size + 1, -1, np.int64)
        table[ids] = [self.signals.number(paths[number]) for number in ids]
        self._bases.append(len(self._table))
        self._sizes.append(size)
        self._table = np.concatenate([self._table, table])
        self._known[sync_id] = len(self._bases) - 1
        return self._known[sync_id]
