"""Times as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from kaido.errors import InvalidInputError
from kaido.runtime import clock

_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_RELATIVE = re.compile(r"([+-]?)(\d{1,9})\s*(s|min|m|h|d|w)")


def moment(text: str, *, name: str) -> datetime:
    """A time in UTC: ISO 8601 (without a zone it is UTC), ``now``, or relative to now as ``-90s``, ``-2h``, ``-7d``.

    Args:
        text: what was given.
        name: of the parameter, for the error.

    Raises:
        InvalidInputError: it is none of these.
    """
    text = text.strip()
    if text == "now":
        return clock.now()
    try:
        if found := _RELATIVE.fullmatch(text):
            sign, number, unit = found.groups()
            distance = timedelta(**{_UNITS[unit]: int(number)})
            return clock.now() + distance if sign == "+" else clock.now() - distance
        given = datetime.fromisoformat(text.replace(" 00:00", "+00:00"))  # a + that was not escaped in a URL
        return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(
            f"{name} = '{text}' is no time",
            fix="Write it like 2026-01-31T12:00:00Z, 2026-01-31, -2h or now",
        ) from error


def span(start: str | None, end: str | None) -> tuple[datetime | None, datetime | None]:
    """A range of time; the end does not belong to it.

    Raises:
        InvalidInputError: one of them is no time, or the end is not after the start.
    """
    first = moment(start, name="start") if start else None
    last = moment(end, name="end") if end else None
    if first is not None and last is not None and last <= first:
        raise InvalidInputError(
            f"the end {clock.iso(last)} is not after the start {clock.iso(first)}", fix="Swap them, or widen the range"
        )
    return first, last
