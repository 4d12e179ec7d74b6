"""Times in a campaign, as people write them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_UNITS_MS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "": 1_000}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|)\s*")


def _milliseconds(value: Any) -> Any:
    """``500ms``, ``1 s``, ``2 min``, ``1h``, or seconds as a number."""
    match = _DURATION.fullmatch(str(value)) if isinstance(value, str | int | float) else None
    if match is None or isinstance(value, bool):
        raise ValueError("write a time as 500ms, 1s, 2min or 1h")
    milliseconds = float(match[1]) * _UNITS_MS[match[2]]
    if milliseconds != int(milliseconds):
        raise ValueError("not a whole number of milliseconds")
    return int(milliseconds)


def shown(milliseconds: int) -> str:
    """With the largest unit that fits: ``2min``."""
    unit = next(name for name in ("h", "min", "s", "ms") if milliseconds % _UNITS_MS[name] == 0)
    return f"{milliseconds // _UNITS_MS[unit]}{unit}"


Duration = Annotated[int, BeforeValidator(_milliseconds), PlainSerializer(shown)]
"""Milliseconds; written with a unit."""
