"""What came before is known, as long as it is among a vehicle's last payloads."""

from __future__ import annotations

from collections import deque

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.ingest.recent import Recent, hashes

DEPTH = 4
PAYLOADS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 12)), max_size=12)


def feed(recent: Recent, batch: list[tuple[int, int]]) -> list[bool]:
    vehicles = np.array([vehicle for vehicle, _ in batch], np.int64)
    numbers = np.array([number for _, number in batch], np.uint64)
    new = recent.find_new(vehicles, numbers)
    recent.remember(vehicles[new], numbers[new])
    return [bool(one) for one in new]


@settings(deadline=None)
@given(st.lists(PAYLOADS, max_size=8), st.booleans())
def test_it_is_a_short_memory_for_each_vehicle(batches: list[list[tuple[int, int]]], saved: bool) -> None:
    recent = Recent(DEPTH)
    model: dict[int, deque[int]] = {}
    for batch in batches:
        before = {vehicle: set(kept) for vehicle, kept in model.items()}
        expected = []
        within: set[tuple[int, int]] = set()
        for vehicle, number in batch:
            new = number not in before.get(vehicle, set()) and (vehicle, number) not in within
            within.add((vehicle, number))
            expected.append(new)
            if new:
                model.setdefault(vehicle, deque(maxlen=DEPTH)).append(number)
        assert feed(recent, batch) == expected
        if saved:
            lists = recent.to_lists(5)
            recent = Recent(DEPTH)
            recent.restore(lists)
    assert recent.to_lists(4).to_pylist() == [list(model.get(vehicle, ())) for vehicle in range(4)]


def test_a_shallower_memory_keeps_the_newest() -> None:
    deep = Recent(8)
    feed(deep, [(0, number) for number in range(1, 8)])
    shallow = Recent(3)
    shallow.restore(deep.to_lists(1))
    assert shallow.to_lists(1).to_pylist() == [[5, 6, 7]]


def test_hashes_tell_contents_and_kinds_apart() -> None:
    payloads = pa.array([b"a", b"b", b"a", b"a", b""], pa.binary())
    found = hashes(payloads, np.array([2, 2, 3, 2, 2], np.uint8))
    assert found[0] == found[3]
    assert len(set(found.tolist())) == 4
    assert (hashes(payloads.slice(1, 2), np.array([2, 3], np.uint8)) == found[1:3]).all()
