"""A route ahead: stretches with a speed and a height."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.services.energy.cycle import Floats

MOST_STRETCHES = 10_000
_FASTEST_MPS, _LONGEST_M, _STEEPEST = 70.0, 5e6, 0.5


@dataclass(frozen=True, eq=False)
class Route:
    """Columns, a row a stretch.

    Attributes:
        distance_m: its length.
        speed_mps: the mean speed on it.
        climb_m: how much higher it ends than it begins.
    """

    distance_m: Floats
    speed_mps: Floats
    climb_m: Floats

    @classmethod
    def of(cls, stretches: Sequence[tuple[float, float, float]]) -> Route:
        """From (distance m, speed m/s, climb m) of each stretch.

        Raises:
            InvalidInputError: there is none, too many, or one that no road has; it is named by its place in the list.
        """
        if not 0 < len(stretches) <= MOST_STRETCHES:
            raise InvalidInputError("the route", why=f"it has {len(stretches)} stretches, not 1 to {MOST_STRETCHES}")
        for number, (distance_m, speed_mps, climb_m) in enumerate(stretches, 1):
            wrong = (
                f"its distance is {distance_m} m"
                if not 0 < distance_m <= _LONGEST_M
                else f"its speed is {speed_mps} m/s"
                if not 0 < speed_mps <= _FASTEST_MPS
                else f"it climbs {climb_m} m in {distance_m} m"
                if not abs(climb_m) <= _STEEPEST * distance_m
                else ""
            )
            if wrong:
                raise InvalidInputError(f"stretch {number} of the route", why=wrong)
        return cls(*np.array(stretches, np.float64).T)

    @property
    def length_m(self) -> float:
        """Metres."""
        return float(self.distance_m.sum())

    @property
    def duration_s(self) -> Floats:
        """Seconds of each stretch."""
        return self.distance_m / self.speed_mps
