"""Time: UTC everywhere inside."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The time, with its zone (UTC)."""
    return datetime.now(UTC)


def now_us() -> int:
    """Microseconds since the Unix epoch."""
    return time.time_ns() // 1_000


def now_ms() -> int:
    """Milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


def iso(moment: datetime) -> str:
    """A time as ISO 8601 in UTC with ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def age(seconds: float) -> str:
    """How long ago, for people: ``3 s``, ``4 min``, ``2 h``, ``5 d``."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
