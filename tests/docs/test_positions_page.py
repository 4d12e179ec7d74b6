"""docs/positions.md says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from kaido.api import position_frames, position_state

PAGE = (Path(__file__).parents[2] / "docs" / "positions.md").read_text()


def test_the_columns_are_those_of_the_frames() -> None:
    kinds = {"<u4": "u32", "<i4": "i32", "<f4": "f32", "u1": "u8"}
    columns = {"index": position_frames.INDEX, **position_frames.COLUMNS}
    written = re.findall(r"^\| `(\w+)` \| (\w+) \|", PAGE, re.MULTILINE)
    assert written == [(name, kinds[kind]) for name, kind in columns.items()]
    size = sum(np.dtype(kind).itemsize for kind in columns.values())
    assert f"{position_frames.HEADER.size} + {size} n" in " ".join(PAGE.split())
    assert size == position_frames.ENTRY_BYTES


def test_the_rules_are_those_of_the_state() -> None:
    text = " ".join(PAGE.split())
    assert f"nothing came from it for {position_state.OFFLINE_SECONDS} s" in text
    assert f"above {position_state.MOVING_KMH} km/h and not older than {position_state.MOVING_SECONDS} s" in text
    numbered = {"offline": 0, "parked": 1, "moving": 2, "charging": 3}
    assert ", ".join(f"{number} {name}" for name, number in numbered.items()) in text
    assert list(numbered.values()) == [
        position_state.OFFLINE,
        position_state.PARKED,
        position_state.MOVING,
        position_state.CHARGES,
    ]
