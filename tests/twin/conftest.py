"""Rows for the twin."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from kaido.flow import SAMPLE_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _samples(rows: Sequence[tuple[str, str, float, float | str | None]]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "vehicle": vehicle,
                "signal": signal,
                "time": datetime.fromtimestamp(time, UTC),
                "value": None if isinstance(value, str) else value,
                "text": value if isinstance(value, str) else None,
                "campaign": None,
                "event": None,
            }
            for vehicle, signal, time, value in rows
        ],
        schema=SAMPLE_SCHEMA,
    )


@pytest.fixture
def samples() -> Callable[[Sequence[tuple[str, str, float, float | str | None]]], pa.Table]:
    """A table of SAMPLE_SCHEMA from (vehicle, signal, seconds, number or text)."""
    return _samples
