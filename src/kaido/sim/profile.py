"""What a car does during one stretch of time, as columns: speed, distance and energy over seconds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moment:
    """Columns at the asked times: speed m/s, acceleration m/s², distance m, energy J, power W."""

    speed: Floats
    acceleration: Floats
    distance: Floats
    energy: Floats
    power: Floats


@dataclass(frozen=True, eq=False)
class Profile:
    """Nodes in time. Between two nodes acceleration and power are constant, so every integral is exact.

    Attributes:
        seconds: ascending, from 0; at least two nodes.
        speed: m/s at the nodes.
        energy: J that went into the battery since the start (negative: out of it).
    """

    seconds: Floats
    speed: Floats
    energy: Floats

    @cached_property
    def distance(self) -> Floats:
        """Metres since the start, at the nodes."""
        steps = np.diff(self.seconds) * (self.speed[1:] + self.speed[:-1]) / 2
        return np.concatenate([[0.0], np.cumsum(steps)])

    @property
    def duration(self) -> float:
        """Seconds."""
        return float(self.seconds[-1])

    @property
    def length(self) -> float:
        """Metres."""
        return float(self.distance[-1])

    def at(self, seconds: Floats) -> Moment:
        """The columns at ``seconds`` after the start; beyond the end the last node's values hold."""
        clipped = np.minimum(np.maximum(seconds, 0.0), self.seconds[-1])
        node = np.minimum(np.searchsorted(self.seconds, clipped, side="right") - 1, len(self.seconds) - 2)
        into = clipped - self.seconds[node]
        step = self.seconds[node + 1] - self.seconds[node]
        acceleration = (self.speed[node + 1] - self.speed[node]) / step
        power = (self.energy[node + 1] - self.energy[node]) / step
        return Moment(
            speed=self.speed[node] + acceleration * into,
            acceleration=acceleration,
            distance=self.distance[node] + (self.speed[node] + acceleration * into / 2) * into,
            energy=self.energy[node] + power * into,
            power=power,
        )

    def then(self, other: Profile) -> Profile:
        """This one and the other after it."""
        return Profile(
            np.concatenate([self.seconds, self.seconds[-1] + other.seconds[1:]]),
            np.concatenate([self.speed, other.speed[1:]]),
            np.concatenate([self.energy, self.energy[-1] + other.energy[1:]]),
        )


def resting(seconds: float) -> Profile:
    """Nothing moves and nothing flows."""
    return Profile(np.array([0.0, max(seconds, 1e-6)]), np.zeros(2), np.zeros(2))
