"""From windows to calendars: every minute of every day in one of them, and in no two."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kaido.errors import InvalidInputError
from kaido.services.tariffs.calendar import (
    DATES,
    DAYS,
    HOLIDAY,
    MINUTES,
    Calendar,
    Holidays,
    shown_place,
    whole_days,
)
from kaido.services.tariffs.document import read_days, read_holiday, read_hours, read_season

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from kaido.services.tariffs.document import When
    from kaido.services.tariffs.zone import Zone

_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ALL_YEAR = "all year"


class Year(NamedTuple):
    """What the windows of a tariff share.

    Attributes:
        seasons: their names; a place in this list is a season's number.
        season_of: the number of the season, by place in the year (``DATES``).
    """

    zone: Zone
    holidays: Holidays
    seasons: tuple[str, ...]
    season_of: NDArray[np.intp]


def year(zone: Zone, seasons: Mapping[str, str], holidays: Sequence[str]) -> Year:
    """Seasons and holidays, checked.

    Raises:
        InvalidInputError: two seasons have the same day, or a day is in none.
    """
    days = [read_holiday(one) for one in holidays]
    off = Holidays(
        frozenset(day for day in days if isinstance(day, int)),
        whole_days(day for day in days if not isinstance(day, int)),
    )
    if not seasons:
        return Year(zone, off, (_ALL_YEAR,), np.zeros(DATES, np.intp))
    names = tuple(seasons)
    season_of = np.full(DATES, -1, np.intp)
    for number, name in enumerate(names):
        first, last = read_season(seasons[name])
        places = np.arange(DATES)
        inside = (first <= places) & (places <= last) if first <= last else (first <= places) | (places <= last)
        taken = np.flatnonzero(inside & (season_of >= 0) & _REAL)
        if len(taken):
            other = names[season_of[taken[0]]]
            raise InvalidInputError(
                f"the seasons '{other}' and '{name}' overlap", why=f"{shown_place(taken[0])} is in both"
            )
        season_of[inside] = number
    holes = np.flatnonzero((season_of < 0) & _REAL)
    if len(holes):
        raise InvalidInputError(
            f"{shown_place(holes[0])} is in no season",
            fix="Let the seasons cover the year; both their days belong to them",
        )
    return Year(zone, off, names, season_of)


def calendar(what: str, of: Year, windows: Sequence[tuple[When, float]], otherwise: float | None) -> Calendar:
    """The calendar that windows and their values make.

    Args:
        what: they are about, for errors.
        of: seasons and holidays.
        windows: each with its value.
        otherwise: the value where no window is; without it there must be one everywhere.

    Raises:
        InvalidInputError: two windows overlap, there is a hole, or a season is unknown.
    """
    owner = np.full((len(of.seasons), len(DAYS), MINUTES), -1, np.intp)
    for number, (window, _) in enumerate(windows):
        seasons = _seasons(what, of, window)
        days = [day for day in read_days(window.days) if day != HOLIDAY or of.holidays]
        for first, last in (one for hours in window.hours for one in read_hours(hours)):
            place = np.ix_(np.array(seasons), np.array(days, np.intp), np.arange(first, last))
            taken = owner[place]
            if (taken >= 0).any():
                at = tuple(np.argwhere(taken >= 0)[0])
                other = windows[taken[at]][0]
                raise InvalidInputError(
                    f"two windows of {what} overlap: {_called(other)} and {_called(window)}",
                    why=f"both hold {_shown(of, seasons[at[0]], days[at[1]], first + int(at[2]))}",
                )
            owner[place] = number
    if not of.holidays:
        owner[:, HOLIDAY] = owner[:, 0]
    holes = np.argwhere(owner < 0)
    if len(holes) and otherwise is None:
        raise InvalidInputError(
            f"the windows of {what} leave a hole",
            why=f"none holds {_shown(of, *holes[0])}",
            fix="Widen a window, or say what holds `otherwise`",
        )
    values = np.array([value for _, value in windows] + [0.0 if otherwise is None else otherwise])
    return Calendar(of.zone, of.holidays, of.season_of, values[owner])


def _seasons(what: str, of: Year, window: When) -> list[int]:
    if window.season is None:
        return list(range(len(of.seasons)))
    if window.season not in of.seasons:
        known = ", ".join(of.seasons) if of.seasons != (_ALL_YEAR,) else "none"
        raise InvalidInputError(
            f"a window of {what} is of the season '{window.season}', which is not there", why=f"there are: {known}"
        )
    return [of.seasons.index(window.season)]


def _called(window: When) -> str:
    return window.name or f"{', '.join(window.hours)} {window.days}"


def _shown(of: Year, season: int, day: int, minute: int) -> str:
    when = f" in {of.seasons[season]}" if of.seasons != (_ALL_YEAR,) else ""
    return f"{DAYS[day]} {minute // 60:02}:{minute % 60:02}{when}"


_REAL = np.array([day < length for length in _LENGTHS for day in range(31)])
"""Which places are days: there is no 30 February."""
