"""How long until something ends."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from kaido.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Iterable

DAY_SECONDS = 86_400


def with_days_left(items: Iterable[dict[str, Any]], end: str) -> list[dict[str, Any]]:
    """The items with ``left_d``, the days until the moment in the field ``end``; None where it has none."""
    now = clock.now()
    return [{**one, "left_d": _left(one[end], now)} for one in items]


def _left(end: str | None, now: datetime) -> float | None:
    return (datetime.fromisoformat(end) - now).total_seconds() / DAY_SECONDS if end else None
