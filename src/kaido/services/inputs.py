"""What the transformations begin with: which stretches of which vehicles, and what was known at their start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from kaido.services.signals import CODES, ROLES, WORDS

if TYPE_CHECKING:
    from pathlib import Path

FOREVER_US = 9_223_372_036_854_775_807
SLOTS = 2_100
"""Pieces of the longest charge curve: a week of five minutes."""

WINDOW_SCHEMA = pa.schema(
    [
        pa.field("car", pa.int32(), nullable=False),
        pa.field("vehicle", pa.string(), nullable=False),
        pa.field("low", pa.int64(), nullable=False),
        pa.field("high", pa.int64(), nullable=False),
        pa.field("bounded", pa.int32(), nullable=False),
    ]
)
"""A stretch of a vehicle's time, microseconds, ``high`` not in it; ``bounded`` (1) where what follows is derived
already and stays. ``car`` is the stretch's number."""
CARRIED_SCHEMA = pa.schema(
    [
        pa.field("car", pa.int32(), nullable=False),
        pa.field("role", pa.int32(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
    ]
)
"""The value of a role when a stretch begins."""


@dataclass(frozen=True)
class Inputs:
    """One run of the transformations.

    Attributes:
        files: Parquet files of samples in which the stretches lie.
        windows: the stretches (WINDOW_SCHEMA).
        carried: what was known at their starts (CARRIED_SCHEMA).
    """

    files: list[Path]
    windows: pa.Table
    carried: pa.Table


def constants() -> dict[str, pa.Table]:
    """The tables that are always the same, by name."""
    roles = pa.table(
        {
            "path": pa.array([role.path for role in ROLES]),
            "role": pa.array([CODES[role.name] for role in ROLES], pa.int32()),
            "factor": pa.array([role.factor for role in ROLES], pa.float64()),
            "low": pa.array([role.low for role in ROLES], pa.float64()),
            "high": pa.array([role.high for role in ROLES], pa.float64()),
            "sentinel": pa.array([role.sentinel for role in ROLES], pa.float64()),
        }
    )
    states = [(CODES[role.name], role.above) for role in ROLES if role.above is not None]
    states.append((CODES["gear"], 0.0))
    spelled = [(CODES[name], word, value) for name, words in WORDS.items() for word, value in words.items()]
    return {
        "roles": roles,
        "states": pa.table(
            {"role": pa.array([one[0] for one in states], pa.int32()), "above": pa.array([one[1] for one in states])}
        ),
        "words": pa.table(
            {
                "role": pa.array([one[0] for one in spelled], pa.int32()),
                "word": pa.array([one[1] for one in spelled]),
                "value": pa.array([one[2] for one in spelled]),
            }
        ),
        "numbers": pa.table({"n": pa.array(range(SLOTS), pa.int64())}),
    }
