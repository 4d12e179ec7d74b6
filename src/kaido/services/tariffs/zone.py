"""Local time, vectorised: from moments in UTC to the day and minute that a clock on the wall shows."""

from __future__ import annotations

import functools
import zoneinfo
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kaido.errors import InvalidInputError, UnavailableError, nearest_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Times = NDArray[np.int64]

US = 1_000_000
MINUTE_US = 60 * US
_DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END_S = int(datetime(2101, 1, 1, tzinfo=UTC).timestamp())
"""Whoever asks about a time before the one or after the other made a mistake."""
_SECOND = timedelta(seconds=1)
_LOOK = timedelta(hours=6)
"""No zone ever changed its offset twice in so short a time."""

_EPOCH_WEEKDAY = 3
"""1 January 1970 was a Thursday; Monday is 0."""


class Local(NamedTuple):
    """What calendar and clock on the wall show, a value a moment.

    Attributes:
        day: whole days from 1 January 1970.
        minute: of the day, 0 to 1439.
    """

    day: Times
    minute: Times

    @property
    def weekday(self) -> Times:
        """Monday is 0."""
        return (self.day + _EPOCH_WEEKDAY) % 7


class Zone:
    """A time zone by its IANA name, with daylight saving as the zone has it.

    Since it is asked about moments in UTC, nothing is ambiguous: an hour that a clock shows twice is two hours, and a
    day may have 23 or 25 of them.

    Raises:
        InvalidInputError: there is no such zone; of its methods: a moment lies outside of the years 1970 to 2100.
        UnavailableError: this machine knows no zones.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._info = _find(name)

    def __repr__(self) -> str:
        return f"Zone({self.name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Zone) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def local(self, times_us: Times) -> Local:
        """Day and minute of moments (µs since 1970, UTC)."""
        seconds = times_us // US
        local = seconds + self.offsets(seconds)
        return Local(local // _DAY_S, local % _DAY_S // 60)

    def offsets(self, seconds: Times) -> Times:
        """Seconds east of UTC at moments (s since 1970)."""
        if not len(seconds):
            return np.zeros(0, np.int64)
        first, last = (_year(int(one)) for one in (seconds.min(), seconds.max()))
        changes = [change for year in range(first, last + 1) for change in _changes(self.name, year)]
        since = np.array([change[0] for change in changes], np.int64)
        offset = np.array([change[1] for change in changes], np.int64)
        return offset[np.searchsorted(since, seconds, side="right") - 1]

    def moment(self, local: datetime) -> datetime:
        """The moment (UTC) of a time on the wall; the first of one that comes twice."""
        _year((local.replace(tzinfo=UTC) - _EPOCH) // _SECOND)
        return local.replace(tzinfo=self._info).astimezone(UTC)

    def shown(self, moment: datetime) -> datetime:
        """A moment as the wall's clock shows it, with its offset."""
        _year((moment - _EPOCH) // _SECOND)
        return moment.astimezone(self._info)


def _year(seconds: int) -> int:
    if not 0 <= seconds <= _END_S:
        raise InvalidInputError("a time lies outside of the years 1970 to 2100", why="no tariff knows it")
    return (_EPOCH + timedelta(seconds=seconds)).year


def _find(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        known = zoneinfo.available_timezones()
        if not known:
            raise UnavailableError(
                "this machine knows no time zones",
                why="its zone database is missing",
                fix="Install it: pip install tzdata",
            ) from error
        nearest = nearest_names(name, known)
        hint = f"Did you mean {' or '.join(nearest)}?" if nearest else "Give an IANA name: America/Los_Angeles"
        raise InvalidInputError(f"no time zone '{name}'", fix=hint) from error


@functools.lru_cache(maxsize=4_096)
def _changes(name: str, year: int) -> tuple[tuple[int, int], ...]:
    """From which second on which offset holds, in a year (UTC); the first from its beginning."""
    info = zoneinfo.ZoneInfo(name)
    at, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    changes = [(int(at.timestamp()), _offset(info, at))]
    while at < end:
        following = min(at + _LOOK, end)
        if _offset(info, following) != changes[-1][1]:
            moment = _first_with(info, at, following)
            changes.append((int(moment.timestamp()), _offset(info, moment)))
        at = following
    return tuple(changes)


def _first_with(info: zoneinfo.ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second at which the offset is another than ``before``."""
    old = _offset(info, before)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        before, after = (middle, after) if _offset(info, middle) == old else (before, middle)
    return after


def _offset(info: zoneinfo.ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(info).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
