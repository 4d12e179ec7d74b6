"""What driving takes at a mean speed and a temperature: the physics over scaled dynamometer schedules, tabled once.

A trip's row tells its mean speed, not its second-by-second course. So the course is taken from schedules: slow
driving is a slowed UDDS, with its stops and starts, fast driving a sped-up HWFET, and between them lies a mixture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from kaido.services.energy.cycle import Cycle, Floats, schedule
from kaido.services.energy.physics import Account, drive
from kaido.services.energy.vehicle import GRAVITY, Vehicle

if TYPE_CHECKING:
    from collections.abc import Callable

_TOWN, _HIGHWAY = (0.4, 0.6, 0.8, 1.0, 1.2), (0.85, 1.0, 1.2, 1.4, 1.6, 1.8)
_TEMPERATURES = np.array([-30.0, -15.0, -5.0, 5.0, 20.0, 35.0, 50.0])
_WH = 3_600.0

_PER_M: dict[str, Callable[[Account], float]] = {
    "out": lambda one: one.out_j / _WH / one.distance_m,
    "in": lambda one: one.in_j / _WH / one.distance_m,
    "returning": lambda one: one.returning_s / one.duration_s,
}
_LOST_PER_M: dict[str, Callable[[Account], float]] = {
    "tyres": lambda one: one.tyres / _WH / one.distance_m,
    "air": lambda one: one.air / _WH / one.distance_m,
    "brakes": lambda one: one.brakes / _WH / one.distance_m,
    "driveline": lambda one: one.driveline / _WH / one.distance_m,
}


@dataclass(frozen=True, eq=False)
class Taken:
    """Columns, a row a drive; energies are at the battery's terminals, without anything but driving.

    Attributes:
        out_wh: out of the battery.
        in_wh: back into it; not negative.
        returning: share of the time in which energy comes back: what else is used then comes from there.
        lost_wh: where driving on the level ends: tyres, air, friction brakes, driveline.
    """

    out_wh: Floats
    in_wh: Floats
    returning: Floats
    lost_wh: dict[str, Floats]


class Patterns:
    """What a vehicle model takes, by mean speed while moving and by temperature."""

    def __init__(self, vehicle: Vehicle) -> None:
        self.vehicle = vehicle
        cycles = [*(_moving("UDDS", f) for f in _TOWN), *(_moving("HWFET", f) for f in _HIGHWAY)]
        self.speeds_mps = np.array([cycle.distance_m / cycle.moving_s for cycle in cycles])
        accounts = [
            [drive(vehicle, cycle, temperature_c=c, auxiliary_w=0.0) for c in _TEMPERATURES] for cycle in cycles
        ]
        self._tables = {
            name: np.array([[of(one) for one in row] for row in accounts])
            for name, of in (_PER_M | _LOST_PER_M).items()
        }

    def taken(self, distance_m: Floats, speed_mps: Floats, temperature_c: Floats, climb_m: Floats) -> Taken:
        """What drives take.

        Args:
            distance_m: of each.
            speed_mps: its mean while moving.
            temperature_c: outside.
            climb_m: how much higher it ends than it began. What goes down and up in between is left out: altitudes
                are too noisy to add up, and recovery returns most of it.
        """
        level = self._between(speed_mps, temperature_c)
        climbing_wh = self.vehicle.mass_kg * GRAVITY * climb_m / _WH
        lost = self.vehicle.driveline.gear + self.vehicle.driveline.load
        out_wh, in_wh = distance_m * level.out_wh, distance_m * level.in_wh
        saved_wh = np.minimum(np.maximum(-climbing_wh, 0.0), _MOST_SAVED * out_wh)
        returned_wh = (np.maximum(-climbing_wh, 0.0) - saved_wh) * self.vehicle.regeneration.share * (1 - lost)
        return Taken(
            out_wh=out_wh + np.maximum(climbing_wh, 0.0) / (1 - lost) - saved_wh,
            in_wh=in_wh + returned_wh,
            returning=level.returning,
            lost_wh={name: distance_m * column for name, column in level.lost_wh.items()},
        )

    def _between(self, speed_mps: Floats, temperature_c: Floats) -> Taken:
        """Linear between the nodes of the tables, a metre each; beyond the last ones, as at these."""
        row, right = _place(self.speeds_mps, speed_mps)
        column, warm = _place(_TEMPERATURES, temperature_c)

        def at(name: str) -> Floats:
            table = self._tables[name]
            slow = table[row, column] * (1 - warm) + table[row, column + 1] * warm
            fast = table[row + 1, column] * (1 - warm) + table[row + 1, column + 1] * warm
            found: Floats = slow * (1 - right) + fast * right
            return found

        return Taken(at("out"), at("in"), at("returning"), {name: at(name) for name in _LOST_PER_M})


_MOST_SAVED = 0.7
"""Of what a drive takes on the level: the share that going down can save; more is braked, and recovered in part."""


@lru_cache(maxsize=256)
def patterns(vehicle: Vehicle) -> Patterns:
    """The patterns of a vehicle model, tabled when first asked for (about 10 ms)."""
    return Patterns(vehicle)


@lru_cache(maxsize=32)
def _moving(name: str, factor: float) -> Cycle:
    return schedule(name).faster(factor)


def _place(nodes: Floats, values: Floats) -> tuple[np.ndarray, Floats]:
    """The node below each value, and how far it is to the next one (0 to 1)."""
    below = np.clip(np.searchsorted(nodes, values, side="right") - 1, 0, len(nodes) - 2)
    return below, np.clip((values - nodes[below]) / (nodes[below + 1] - nodes[below]), 0.0, 1.0)
