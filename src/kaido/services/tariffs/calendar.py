"""Values over the calendar, by season, kind of day and minute: a tariff's windows as a table that is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.errors import InvalidInputError
from kaido.services.tariffs.zone import MINUTE_US, Zone

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Times = NDArray[np.int64]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")
"""The kinds of days; a holiday is neither a weekday nor a weekend."""

HOLIDAY = DAYS.index("holiday")
MINUTES = 1_440
DATES = 12 * 31
"""Places for the days of a year: (month - 1) * 31 + day - 1, so that 29 February needs no care."""

SPLIT_US = 366 * MINUTES * MINUTE_US
"""Intervals further apart are looked up apart: the table of a lookup has a row a minute."""

MOST_SPAN_US = 5 * SPLIT_US
"""How far apart intervals may lie that are asked about at once."""


@dataclass(frozen=True)
class Holidays:
    """Days off: of every year (month, day), and of one.

    Attributes:
        yearly: places in a year, see ``DATES``.
        once: whole days since 1970.
    """

    yearly: frozenset[int] = frozenset()
    once: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.yearly or self.once)


class Calendar:
    """A value for every minute of every day.

    Args:
        zone: whose clock and calendar count.
        holidays: days off.
        season_of: the number of the season, by place in the year (``DATES``).
        table: the values, by season, kind of day (``DAYS``) and minute of the day.
    """

    def __init__(self, zone: Zone, holidays: Holidays, season_of: NDArray[np.intp], table: Floats) -> None:
        self.zone = zone
        self._holidays = holidays
        self._season_of = season_of
        self._table = table

    @classmethod
    def constant(cls, zone: Zone, value: float) -> Calendar:
        """The same value always."""
        return cls(zone, Holidays(), np.zeros(DATES, np.intp), np.full((1, len(DAYS), MINUTES), value))

    def plus(self, other: Calendar) -> Calendar:
        """The sum of two that share zone, holidays and seasons."""
        return Calendar(self.zone, self._holidays, self._season_of, self._table + other._table)

    @property
    def least(self) -> float:
        """The smallest of its values."""
        return float(self._table.min())

    def at(self, times_us: Times) -> Floats:
        """The values at moments (µs since 1970, UTC)."""
        local = self.zone.local(times_us)
        place, kind = self._kind(local.day)
        return self._table[self._season_of[place], kind, local.minute]

    def mean(self, starts_us: Times, seconds: float | Floats) -> Floats:
        """The mean values over intervals; exactly the value where it does not change inside.

        Raises:
            InvalidInputError: they span more than five years.
        """
        starts_us = np.asarray(starts_us, np.int64)
        ends_us = starts_us + np.round(np.asarray(seconds, np.float64) * 1e6).astype(np.int64)
        if len(starts_us) and ends_us.max() - starts_us.min() > MOST_SPAN_US:
            raise InvalidInputError("the intervals span more than five years", fix="Ask about some of them at a time")
        found = np.empty(len(starts_us))
        bucket = (starts_us - starts_us.min()) // SPLIT_US if len(starts_us) else starts_us
        for one in np.unique(bucket):
            rows = bucket == one
            found[rows] = self._mean(starts_us[rows], ends_us[rows])
        return found

    def _mean(self, starts_us: Times, ends_us: Times) -> Floats:
        first = int(starts_us.min()) // MINUTE_US
        values = self.at(np.arange(first, -(-int(ends_us.max()) // MINUTE_US) + 1) * MINUTE_US)
        changes = np.concatenate([[0], np.cumsum(np.diff(values) != 0)])
        begin, last = starts_us // MINUTE_US - first, (ends_us - 1) // MINUTE_US - first
        found = values[begin]
        mixed = changes[begin] != changes[last]
        if mixed.any():
            area = np.concatenate([[0.0], np.cumsum(values)])
            minutes = np.arange(len(area), dtype=np.float64)
            low, high = ((one[mixed] - first * MINUTE_US) / MINUTE_US for one in (starts_us, ends_us))
            found[mixed] = (np.interp(high, minutes, area) - np.interp(low, minutes, area)) / (high - low)
        return found

    def _kind(self, day: Times) -> tuple[Times, Times]:
        """Place in the year and kind of day of whole days since 1970; few of them differ."""
        days, which = np.unique(day, return_inverse=True)
        dates = days.astype("datetime64[D]")
        months = dates.astype("datetime64[M]")
        place = months.astype(np.int64) % 12 * 31 + (dates - months).astype(np.int64)
        kind = (days + 3) % 7
        if self._holidays:
            off = np.isin(place, list(self._holidays.yearly)) | np.isin(days, list(self._holidays.once))
            kind = np.where(off, HOLIDAY, kind)
        return place[which], kind[which]


def place(month: int, day: int) -> int:
    """The place of a day in a year, see ``DATES``."""
    return (month - 1) * 31 + day - 1


def shown_place(at: int) -> str:
    """A place as people write it: 06-01."""
    return f"{at // 31 + 1:02}-{at % 31 + 1:02}"


def whole_days(dates: Iterable[date]) -> frozenset[int]:
    """Dates as whole days since 1970."""
    return frozenset(one.toordinal() - 719_163 for one in dates)
