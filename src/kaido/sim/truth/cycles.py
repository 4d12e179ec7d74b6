"""Drives over time, made of short stretches between two stops, and shared by all cars that drive them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from kaido.sim.markets import City, market
from kaido.sim.route import road

if TYPE_CHECKING:
    from kaido.sim.profile import Floats

GRAVITY = 9.80665
STANDS_S = 8.0
"""Between switching on and rolling, and between stopping and switching off."""

# For each place: about how many minutes there, the lowest and highest speed in km/h, seconds at a light.
PLACES: dict[str, tuple[float, float, float, float]] = {
    "shop": (7, 28, 50, 35),
    "town": (18, 30, 60, 40),
    "suburb": (24, 45, 80, 30),
    "road": (32, 60, 100, 20),
    "highway": (45, 95, 122, 12),
    "far": (95, 100, 128, 10),
}


@dataclass(frozen=True, eq=False)
class Drive:
    """A way there or back as columns, one row a second from its start; it begins and ends standing.

    Attributes:
        seconds: 0, 1, 2…
        speed: m/s; between two rows it changes evenly.
        acceleration: m/s², of the second that begins.
        metres: driven since the start.
        climb: metres of height gained for each metre driven, here.
        latitude, longitude: degrees.
        altitude: metres above the sea.
    """

    seconds: Floats
    speed: Floats
    acceleration: Floats
    metres: Floats
    climb: Floats
    latitude: Floats
    longitude: Floats
    altitude: Floats

    @property
    def duration(self) -> float:
        """Seconds."""
        return float(self.seconds[-1])


@lru_cache(maxsize=1024)
def drive(market_code: str, city_name: str, place: str, variant: int, *, back: bool) -> Drive:
    """The way to a place of a city, or back: the same for every car.

    Args:
        market_code: "US", "JP"…
        city_name: one of the market's.
        place: one of ``PLACES``.
        variant: there are several of a kind; any number.
        back: the same road the other way, in other traffic.
    """
    city = next(city for city in market(market_code).cities if city.name == city_name)
    there = np.random.default_rng([zlib.crc32(f"{city_name}/{place}".encode()), variant])
    length = _length(place, there)
    way = road(city, (city.lat, city.lon), length, there)
    traffic = np.random.default_rng([zlib.crc32(f"{city_name}/{place}/{back}".encode()), variant])
    speed = _speed(place, length, traffic)
    metres = np.concatenate([[0.0], np.cumsum((speed[1:] + speed[:-1]) / 2)])
    from_home = length - metres if back else metres
    latitude, longitude, _, altitude = way.at(from_home)
    return Drive(
        seconds=np.arange(len(speed), dtype=np.float64),
        speed=speed,
        acceleration=np.append(np.diff(speed), 0.0),
        metres=metres,
        climb=np.where(back, -1.0, 1.0) * way.slope(from_home),
        latitude=latitude,
        longitude=longitude,
        altitude=altitude,
    )


def home(city: City) -> tuple[float, float, float]:
    """Latitude, longitude (degrees) and altitude (m) from where all drives of a city start."""
    return city.lat, city.lon, city.altitude


def _length(place: str, rng: np.random.Generator) -> float:
    minutes, low, high, _ = PLACES[place]
    return float(rng.uniform(0.7, 1.2) * minutes * 60 * 0.8 * (low + high) / 2 / 3.6)


def _speed(place: str, length: float, rng: np.random.Generator) -> Floats:
    """Speed each second over exactly ``length`` metres: from light to light, as far as it goes."""
    _, low, high, light = PLACES[place]
    times, speeds = [0.0, STANDS_S], [0.0, 0.0]
    driven = 0.0
    while driven < length:
        top = rng.uniform(low, high) / 3.6
        up, down = top / rng.uniform(0.8, 2.2), top / rng.uniform(0.9, 2.0)
        cruise = rng.uniform(12, 70) if low < 90 else rng.uniform(150, 700)  # noqa: PLR2004  # km/h: no lights
        steps = [up]
        levels = [top]
        while cruise > 0:  # speed is never quite the same
            part = min(cruise, rng.uniform(4, 14))
            steps.append(part)
            levels.append(top * rng.uniform(0.94, 1.04))
            cruise -= part
        steps += [down, rng.uniform(1, light)]
        levels += [0.0, 0.0]
        times.extend((times[-1] + np.cumsum(steps)).tolist())
        speeds.extend(levels)
        driven += float(
            np.sum(np.diff([0.0, *levels]) * 0) + np.dot(steps, (np.array([0.0, *levels[:-1]]) + levels)) / 2
        )
    whole = np.ceil(times[-1] + STANDS_S)
    grid = np.interp(np.arange(whole + 1), times, speeds)
    return grid * (length / float(np.sum((grid[1:] + grid[:-1]) / 2)))
