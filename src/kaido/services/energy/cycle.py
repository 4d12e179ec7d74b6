"""Speed over time: the dynamometer schedules of the United States, and anything else that is driven."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from kaido.errors import InvalidInputError, NotFoundError

Floats = NDArray[np.float64]

MPH_MPS = 0.44704

NAMES: dict[str, str] = {
    "UDDS": "udds",
    "LA4": "udds",
    "CITY": "udds",
    "FTP": "udds",
    "FTP75": "udds",
    "CHARGEDEPLETINGUDDS": "udds",
    "HWFET": "hwfet",
    "HFET": "hwfet",
    "HWFE": "hwfet",
    "HWY": "hwfet",
    "HIGHWAY": "hwfet",
    "CHARGEDEPLETINGHIGHWAY": "hwfet",
    "CHARGEDEPLETINGHWFET": "hwfet",
    "US06": "us06",
    "CHARGEDEPLETINGUS06": "us06",
}
"""What the EPA calls a schedule (letters and digits, in capitals) → its file.

FTP-75 is the UDDS and its first 505 s again, weighted so that a car without a cold start uses what it uses on the UDDS.
"""

LEFT_OUT: dict[str, str] = {
    "SC03": "it is driven with air conditioning at 35 °C under lamps",
    "COLDCO": "it is driven at -7 °C after a cold night",
    "COLDFTP": "it is driven at -7 °C after a cold night",
    "COLDUDDS": "it is driven at -7 °C after a cold night",
}
"""Schedules of the EPA that the model does not drive, and why."""


@dataclass(frozen=True, eq=False)
class Cycle:
    """Nodes in time; between two of them acceleration is constant.

    Attributes:
        name: for people.
        seconds: ascending, at least two.
        speed_mps: at the nodes, never negative.
        climb_m: metres gained in each step between two nodes; level if not given.
    """

    name: str
    seconds: Floats
    speed_mps: Floats
    climb_m: Floats | None = field(default=None)

    def __post_init__(self) -> None:
        steps = len(self.seconds) - 1
        if steps < 1 or len(self.speed_mps) != steps + 1 or (self.climb_m is not None and len(self.climb_m) != steps):
            raise InvalidInputError(f"the cycle {self.name}", why="its columns have no or different lengths")
        given = [self.seconds, self.speed_mps, *([] if self.climb_m is None else [self.climb_m])]
        if not all(np.isfinite(column).all() for column in given):
            raise InvalidInputError(f"the cycle {self.name}", why="it holds numbers that are not finite")
        if (np.diff(self.seconds) <= 0).any() or (self.speed_mps < 0).any():
            raise InvalidInputError(f"the cycle {self.name}", why="time does not ascend, or a speed is negative")

    @cached_property
    def step_s(self) -> Floats:
        """Seconds of each step."""
        return np.diff(self.seconds)

    @cached_property
    def mean_mps(self) -> Floats:
        """Mean speed of each step."""
        return (self.speed_mps[1:] + self.speed_mps[:-1]) / 2

    @property
    def duration_s(self) -> float:
        """Seconds."""
        return float(self.seconds[-1] - self.seconds[0])

    @property
    def distance_m(self) -> float:
        """Metres."""
        return float(np.dot(self.mean_mps, self.step_s))

    @property
    def moving_s(self) -> float:
        """Seconds in which it does not stand."""
        return float(self.step_s[self.mean_mps > 0].sum())

    def faster(self, factor: float) -> Cycle:
        """The same over time with all speeds times ``factor``: distances between stops grow with it."""
        return Cycle(f"{factor:g} x {self.name}", self.seconds, factor * self.speed_mps, self.climb_m)


def schedule(name: str) -> Cycle:
    """The schedule of that name, as the EPA or people write it: ``UDDS``, ``HWFET``, ``Charge Depleting Highway``.

    Raises:
        NotFoundError: there is none.
    """
    file = NAMES.get(_letters(name))
    if file is None:
        raise NotFoundError.of("cycle", name, known(), fix=f"Known are {', '.join(known())}")
    return _read(file)


def left_out(name: str) -> str | None:
    """Why a schedule of the EPA is not driven; None for any other."""
    return LEFT_OUT.get(_letters(name))


def known() -> list[str]:
    """The schedules, by their short names."""
    return sorted({file.upper() for file in NAMES.values()})


def _letters(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper())


@cache
def _read(file: str) -> Cycle:
    """One of ``cycles/``: seconds and miles an hour, as 40 CFR prints them (Appendix I of Part 86, and of Part 600)."""
    text = (resources.files(__package__) / "cycles" / f"{file}.csv").read_text()
    columns = np.loadtxt(text.splitlines(), delimiter=",", skiprows=1)
    return Cycle(file.upper(), columns[:, 0], columns[:, 1] * MPH_MPS)
