"""The markets: cities, climate, and what a socket at home gives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import yaml

from kaido.errors import NotFoundError

if TYPE_CHECKING:
    from kaido.sim.profile import Floats

DAY_S = 86_400.0
_YEAR_S = 365.2425 * DAY_S
_WARMEST_DAY = 200 * DAY_S
_WARMEST_HOUR = 15 * 3_600.0


@dataclass(frozen=True)
class City:
    """A city: degrees, metres, the bearing that leads away from the sea, standard time, climate (see the YAML)."""

    name: str
    lat: float
    lon: float
    altitude: float
    inland: float
    utc_offset_h: float
    climate: tuple[float, float, float]

    def ambient(self, seconds: Floats, phase: float = 0.0) -> Floats:
        """The air's temperature, °C, at Unix times: season, time of day, and weather that drifts over days.

        Args:
            seconds: Unix time.
            phase: radians; shifts the weather, so that neighbours differ a little.
        """
        mean, season, daily = self.climate
        local = seconds + self.utc_offset_h * 3_600
        weather = np.sin(seconds * (2 * math.pi / (5.3 * DAY_S)) + phase) + np.sin(
            seconds * (2 * math.pi / (8.9 * DAY_S)) + 2 * phase
        )
        return (
            mean
            + season * np.cos((local - _WARMEST_DAY) * (2 * math.pi / _YEAR_S))
            + daily * np.cos((local - _WARMEST_HOUR) * (2 * math.pi / DAY_S))
            + 2.0 * weather
        )


@dataclass(frozen=True)
class Market:
    """A market by its ISO country code; a wall box at home gives ``home_w`` on ``phases`` of ``volts``."""

    code: str
    home_w: float
    volts: float
    phases: int
    cities: tuple[City, ...]


@cache
def markets() -> dict[str, Market]:
    """All markets by code."""
    text = files("kaido.sim").joinpath("markets.yaml").read_text("utf-8")
    return {
        code: Market(
            code,
            float(entry["home_w"]),
            float(entry["volts"]),
            int(entry["phases"]),
            tuple(City(**(city | {"climate": tuple(city["climate"])})) for city in entry["cities"]),
        )
        for code, entry in yaml.safe_load(text).items()
    }


def market(code: str) -> Market:
    """The market of that code.

    Raises:
        NotFoundError: there is none.
    """
    try:
        return markets()[code]
    except KeyError:
        known = ", ".join(markets())
        raise NotFoundError.of("market", code, markets(), fix=f"The markets are {known}") from None
