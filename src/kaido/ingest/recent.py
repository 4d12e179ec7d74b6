"""Which payloads came before: the hashes of each vehicle's last payloads.

A vehicle sends a publish again when it got no acknowledgement, and the journal may hold it already (a gateway died
between the two). At most ``receive maximum`` publishes of a vehicle are without acknowledgement at a time, so a
second copy lies within that many of the vehicle's payloads of the first: a short ring a vehicle finds every one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import xxhash

if TYPE_CHECKING:
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]
    Hashes = npt.NDArray[np.uint64]

_SPREAD = np.uint64(0x9E3779B97F4A7C15)


class Recent:
    """The rings of all vehicles of a company. Vehicles are numbered as in the twin.

    Args:
        depth: payloads remembered for each vehicle, 8 bytes each.
    """

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._rings: Hashes = np.zeros((64, depth), np.uint64)
        self._counts: Integers = np.zeros(64, np.int64)

    def find_new(self, vehicles: Integers, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Which payloads are new: neither remembered nor a second time among these.

        Args:
            vehicles: the vehicle of each payload, in the order of the journal.
            hashes: the hash of each payload.
        """
        if not len(vehicles):
            return np.empty(0, bool)
        self._make_room(int(vehicles.max()) + 1)
        new: npt.NDArray[np.bool_] = ~(self._rings[vehicles] == hashes[:, None]).any(axis=1)
        _, first = np.unique(hashes ^ (vehicles.astype(np.uint64) * _SPREAD), return_index=True)
        repeated = np.ones(len(vehicles), bool)
        repeated[first] = False
        return new & ~repeated

    def remember(self, vehicles: Integers, hashes: Hashes) -> None:
        """Remember payloads, in the order of the journal."""
        if not len(vehicles):
            return
        self._make_room(int(vehicles.max()) + 1)
        order = np.argsort(vehicles, kind="stable")
        vehicles, hashes = vehicles[order], hashes[order]
        found, starts, counts = np.unique(vehicles, return_index=True, return_counts=True)
        rank = np.arange(len(vehicles)) - np.repeat(starts, counts)
        self._rings[vehicles, (self._counts[vehicles] + rank) % self._depth] = hashes  # of two in one place the later
        self._counts[found] += counts

    def to_lists(self, vehicles: int) -> pa.ListArray:
        """The rings of the first ``vehicles`` vehicles, oldest hash first."""
        self._make_room(vehicles)
        counts = self._counts[:vehicles]
        kept = np.minimum(counts, self._depth)
        offsets = np.concatenate([[0], np.cumsum(kept)])
        owner = np.repeat(np.arange(vehicles), kept)
        position = np.arange(offsets[-1]) - np.repeat(offsets[:-1], kept)
        slots = (counts[owner] - kept[owner] + position) % self._depth
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(self._rings[owner, slots]))

    def restore(self, lists: pa.ListArray) -> None:
        """Take over rings that were saved, perhaps of another depth: the newest hashes count."""
        flat = lists.flatten().to_numpy()
        offsets = lists.offsets.to_numpy()
        owner = np.repeat(np.arange(len(lists)), np.diff(offsets))
        self.remember(owner, flat)

    def _make_room(self, vehicles: int) -> None:
        have = len(self._counts)
        if vehicles <= have:
            return
        more = max(vehicles, 2 * have) - have
        self._rings = np.concatenate([self._rings, np.zeros((more, self._depth), np.uint64)])
        self._counts = np.concatenate([self._counts, np.zeros(more, np.int64)])


def hashes(payloads: pa.BinaryArray, kinds: npt.NDArray[np.uint8]) -> Hashes:
    """The hash of each payload and its kind (xxHash 64; never 0, which marks a free place)."""
    offsets = np.frombuffer(payloads.buffers()[1], np.int32)[payloads.offset :][: len(payloads) + 1].tolist()
    data = memoryview(payloads.buffers()[2] or b"")
    digest = xxhash.xxh3_64_intdigest
    found = (
        digest(data[start:end], kind) or 1
        for start, end, kind in zip(offsets[:-1], offsets[1:], kinds.tolist(), strict=True)
    )
    return np.fromiter(found, np.uint64, len(payloads))
