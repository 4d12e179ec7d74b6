"""A road from home to a place: a smooth synthetic curve on the globe, known by the metres from home."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from kaido.sim.markets import City
    from kaido.sim.profile import Floats

EARTH_M = 6_371_008.8
_GRID_M = 20.0
_STEEPEST = 0.02


@dataclass(frozen=True, eq=False)
class Road:
    """Columns over ``metres`` from home: degrees, radians clockwise from north, metres above the sea."""

    metres: Floats
    latitude: Floats
    longitude: Floats
    heading: Floats
    altitude: Floats

    def at(self, metres: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Latitude, longitude, heading (outward, radians) and altitude at ``metres`` from home."""
        return (
            np.interp(metres, self.metres, self.latitude),
            np.interp(metres, self.metres, self.longitude),
            np.interp(metres, self.metres, self.heading),
            self.height(metres),
        )

    def height(self, metres: Floats) -> Floats:
        """Metres above the sea."""
        return np.interp(metres, self.metres, self.altitude)

    def slope(self, metres: Floats) -> Floats:
        """Rise per metre driven outward."""
        return self.slope_and_curvature(metres)[0]

    def slope_and_curvature(self, metres: Floats) -> tuple[Floats, Floats]:
        """Rise, and radians turned to the right, per metre driven outward.

        Both are constant between two grid points, so that they integrate to height and heading.
        """
        before = np.searchsorted(self.metres, metres, side="right") - 1
        node = np.minimum(np.maximum(before, 0), len(self.metres) - 2)
        step = self.metres[node + 1] - self.metres[node]
        rise, turn = (column[node + 1] - column[node] for column in (self.altitude, self.heading))
        return rise / step, turn / step


def road(city: City, home: tuple[float, float], length_m: float, rng: np.random.Generator) -> Road:
    """A road of that length from ``home`` (degrees) in about the city's inland direction."""
    count = max(int(length_m / _GRID_M), 1) + 1
    metres = np.linspace(0.0, length_m, count)
    bearing = math.radians(city.inland + rng.uniform(-50, 50))
    heading = bearing + _waves(metres, rng, ((900.0, 0.25), (3_100.0, 0.5), (11_000.0, 0.4)))
    hills = _waves(metres, rng, ((2_300.0, 2.0), (7_900.0, 8.0), (23_000.0, 15.0)))
    steepest = np.max(np.abs(np.diff(hills) / np.diff(metres)), initial=1e-9)
    hills *= min(1.0, _STEEPEST / steepest)

    middle = (heading[1:] + heading[:-1]) / 2
    step = np.diff(metres) / EARTH_M
    latitude = math.radians(home[0]) + np.concatenate([[0.0], np.cumsum(step * np.cos(middle))])
    parallel = np.cos((latitude[1:] + latitude[:-1]) / 2)
    longitude = math.radians(home[1]) + np.concatenate([[0.0], np.cumsum(step * np.sin(middle) / parallel)])
    altitude = city.altitude + hills - hills[0]
    return Road(metres, np.degrees(latitude), np.degrees(longitude), heading, altitude)


def _waves(metres: Floats, rng: np.random.Generator, waves: tuple[tuple[float, float], ...]) -> Floats:
    phases = rng.uniform(0, 2 * math.pi, len(waves))
    total = np.zeros_like(metres)
    for (length, size), phase in zip(waves, phases, strict=True):
        total += size * np.sin(metres * (2 * math.pi / length) + phase)
    return total
