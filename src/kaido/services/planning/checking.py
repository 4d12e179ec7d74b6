"""What cannot be, before anything is calculated."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.services.planning.model import Car, Wish

_DAY_S = 86_400
_MOST_POINTS = 100
_LEAST_EFFICIENCY = 0.05


def check(wish: Wish) -> None:
    """Check the numbers of a wish.

    Raises:
        InvalidInputError: one of them cannot be.
    """
    _check_car(wish.car)
    _within("the target", wish.target_percent, 0, 100, "%")
    if wish.site.limit_w is not None:
        _within("the house's limit", wish.site.limit_w, 0, 1e9, "W")
    _within("the house's consumption of the month", wish.site.used_kwh, 0, 1e9, "kWh")
    _within("the house's highest power of the month", wish.site.peak_kw, 0, 1e6, "kW")
    if wish.step_s < 60 or _DAY_S % wish.step_s:  # noqa: PLR2004  # a tariff changes at whole minutes
        raise InvalidInputError(f"a step of {wish.step_s} s", why="it divides a day, and lasts a minute or more")
    if wish.start.tzinfo is None or wish.departure.tzinfo is None:
        raise InvalidInputError("a time has no zone", fix="Give start and departure with their zone")


def _check_car(car: Car) -> None:
    _within("the battery's capacity", car.capacity_wh, 1, 1e7, "Wh")
    _within("the state of charge", car.soc_percent, 0, 100, "%")
    _within("the car's highest power", car.max_w, 1, 1e7, "W")
    _within("the car's lowest power", car.min_w, 0, car.max_w, "W")
    _within("the loss while charging", car.standby_w, 0, car.max_w, "W")
    if isinstance(car.efficiency, int | float):
        _within("the efficiency", car.efficiency, _LEAST_EFFICIENCY, 1, "")
    else:
        _check_points("the efficiency", car.efficiency)
        for _, share in car.efficiency:
            _within("an efficiency", share, _LEAST_EFFICIENCY, 1, "")
        if any(a * x >= b * y for (a, x), (b, y) in pairwise(car.efficiency)):
            raise InvalidInputError("more power from the wall has to bring more into the battery")
    if car.taper:
        _check_points("the battery's limit", car.taper)
        for percent, watts in car.taper:
            _within("a state of charge of the battery's limit", percent, 0, 100, "%")
            _within("a limit of the battery", watts, 1, 1e7, "W")


def _check_points(what: str, points: Sequence[tuple[float, float]]) -> None:
    if not 1 <= len(points) <= _MOST_POINTS:
        raise InvalidInputError(f"{what} has {len(points)} points", why=f"it has 1 to {_MOST_POINTS}")
    if any(a >= b for (a, _), (b, _) in pairwise(points)) or points[0][0] <= 0:
        raise InvalidInputError(f"the points of {what} rise from above 0")


def _within(what: str, value: float, least: float, most: float, unit: str) -> None:
    if not (math.isfinite(value) and least <= value <= most):
        raise InvalidInputError(
            f"{what} is {value:g} {unit}".rstrip(), why=f"it lies within {least:g} and {most:g} {unit}"
        )
