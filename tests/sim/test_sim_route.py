from __future__ import annotations

import numpy as np
import pytest

from kaido.sim.markets import City, markets
from kaido.sim.route import EARTH_M, road

CITIES = [city for market in markets().values() for city in market.cities]


def displaced_m(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Great-circle distances between successive points (haversine)."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    half = np.sin(np.diff(phi) / 2) ** 2 + np.cos(phi[1:]) * np.cos(phi[:-1]) * np.sin(np.diff(lam) / 2) ** 2
    return np.asarray(2 * EARTH_M * np.arcsin(np.sqrt(half)))


@pytest.mark.parametrize("city", CITIES, ids=lambda city: city.name)
def test_metres_along_the_road_are_metres_on_the_globe(city: City) -> None:
    way = road(city, (city.lat, city.lon), 30_000, np.random.default_rng(7))
    metres = np.arange(0.0, 30_000, 20)
    latitude, longitude, heading, altitude = way.at(metres)
    assert displaced_m(latitude, longitude) == pytest.approx(np.diff(metres), rel=1e-3)
    north = np.degrees(np.diff(np.radians(latitude))) * np.pi / 180 * EARTH_M
    assert north == pytest.approx(20 * np.cos((heading[1:] + heading[:-1]) / 2), abs=0.1)
    assert np.abs(np.diff(altitude) / 20).max() <= 0.02 + 1e-9


def test_the_height_is_the_integral_of_the_slope() -> None:
    city = CITIES[0]
    way = road(city, (city.lat, city.lon), 12_345, np.random.default_rng(1))
    metres = np.linspace(0, 12_345, 40_001)
    climbed = np.sum(way.slope((metres[1:] + metres[:-1]) / 2) * np.diff(metres))
    assert climbed == pytest.approx(float(way.height(np.array(12_345.0)) - city.altitude), abs=1e-2)
