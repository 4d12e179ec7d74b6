"""What a car's people do: four weeks of outings, repeated. Where to and when, before energy has a word in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.sim.markets import DAY_S

if TYPE_CHECKING:
    import numpy as np

WEEK_S = 7 * DAY_S
FIRST_MONDAY_S = 4 * DAY_S
"""1970-01-05, a Monday; weeks are counted from it."""

_WEEKS = 4
_HIRED_SHARE = 0.5
_WORK = (
    ("town",),
    ("slow town",),
    ("errand", "highway"),
    ("errand", "fast highway", "errand"),
    ("town", "highway"),
)
_LEISURE = (("brisk town", "errand"), ("errand", "fast highway"), ("slow town", "errand"))
_SHOP = ("errand",)
_RIDES = (
    ("town",),
    ("slow town",),
    ("errand",),
    ("errand", "errand"),
    ("brisk town",),
    ("errand", "highway"),
)


@dataclass(frozen=True)
class Outing:
    """Out to a place and back: departure in seconds since the week's start, index of the place, seconds there."""

    depart_s: float
    place: int
    stay_s: float


@dataclass(frozen=True)
class Routine:
    """Places are the drive cycles on the way there; ``start_h`` is the local hour of Monday at which weeks start.

    At that hour the car always stands at home, charged.
    """

    hired: bool
    start_h: float
    places: tuple[tuple[str, ...], ...]
    weeks: tuple[tuple[Outing, ...], ...]

    def week(self, number: int) -> tuple[Outing, ...]:
        """The outings of the week of that number since 1970."""
        return self.weeks[number % len(self.weeks)]


def routine(rng: np.random.Generator) -> Routine:
    """A private car's weeks (work, shops, a trip at the weekend) or a hired car's (shifts of many rides)."""
    return _hired(rng) if rng.random() < _HIRED_SHARE else _private(rng)


def _private(rng: np.random.Generator) -> Routine:
    start_h = 4.0
    places = (_WORK[rng.integers(len(_WORK))], _SHOP, _LEISURE[rng.integers(len(_LEISURE))])
    work_h = rng.uniform(6.5, 9.0)
    weeks = []
    for _ in range(_WEEKS):
        outings = []
        for day in range(7):
            if day < 5 and rng.random() < 0.9:  # noqa: PLR2004  # Monday to Friday
                outings.append(_outing(rng, day, work_h - start_h, 0, stay_h=(8.0, 9.0)))
            if rng.random() < 0.3:  # noqa: PLR2004
                at_h = 18.5 if day < 5 else 9.0  # noqa: PLR2004
                outings.append(_outing(rng, day, at_h - start_h, 1, stay_h=(0.4, 1.0)))
            if day >= 5 and rng.random() < 0.7:  # noqa: PLR2004
                outings.append(_outing(rng, day, 12.0 - start_h, 2, stay_h=(1.5, 3.5)))
        weeks.append(tuple(outings))
    return Routine(False, start_h, places, tuple(weeks))


def _hired(rng: np.random.Generator) -> Routine:
    start_h = rng.choice([5.5, 13.5, 21.5]) + rng.uniform(-0.5, 0.5)
    picked = rng.permutation(len(_RIDES))[:4]
    places = tuple(_RIDES[index] for index in picked)
    weeks = []
    for _ in range(_WEEKS):
        outings = []
        for day in range(7):
            if rng.random() < 0.1:  # noqa: PLR2004  # a day off
                continue
            hour = 0.5
            while hour < 13.0:  # noqa: PLR2004
                place = int(rng.integers(len(places)))
                outings.append(_outing(rng, day, hour, place, stay_h=(0.05, 0.15)))
                hour += 0.25 + 0.55 * len(places[place])
        weeks.append(tuple(outings))
    return Routine(True, start_h, places, tuple(weeks))


def _outing(rng: np.random.Generator, day: int, hour: float, place: int, *, stay_h: tuple[float, float]) -> Outing:
    depart = day * DAY_S + hour * 3_600 + rng.uniform(0, 900)
    return Outing(depart, place, 3_600 * rng.uniform(*stay_h))
