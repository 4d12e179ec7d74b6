"""The true battery: terminal voltage under load, charge counted, and how it ages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.sim.truth.models import CELL_VOLTS, SOC_NODES

if TYPE_CHECKING:
    from kaido.sim.profile import Floats

_GRID = np.linspace(0.0, 1.0, 201)
_YEAR_S = 365.2425 * 86_400


@dataclass(frozen=True, eq=False)
class Flow:
    """What went through the terminals, as columns: W and A into the battery, V, state of charge as a share of 1."""

    power: Floats
    current: Floats
    volts: Floats
    soc: Floats


@dataclass(frozen=True)
class Battery:
    """One battery at one moment of its life.

    Attributes:
        capacity_ah: charge between 0 and 100 % state of charge.
        ohms: of the whole battery.
    """

    chemistry: str
    cells: int
    capacity_ah: float
    ohms: float

    def at_rest(self, soc: Floats) -> Floats:
        """Open-circuit voltage of the whole battery."""
        return self.cells * np.interp(soc, SOC_NODES, CELL_VOLTS[self.chemistry])

    @property
    def capacity_wh(self) -> float:
        """Energy between 0 and 100 %, at rest: the integral of open-circuit voltage over charge."""
        return self.capacity_ah * float(np.trapezoid(self.at_rest(_GRID), _GRID))

    def heat(self, power: Floats) -> Floats:
        """About what the resistance takes at a power through the terminals, W."""
        return self.ohms * (power / float(self.at_rest(np.array(0.5)))) ** 2

    def carry(self, seconds: Floats, power: Floats, soc: float) -> Flow:
        """Power (W, into the battery) over ``seconds``, from a state of charge.

        V = at rest + R I and P = V I, solved for V; the voltage at rest follows the charge that flows.
        """
        step = np.diff(seconds) / 3_600
        about = soc + _sum(step, power) / self.capacity_wh
        at_rest = self.at_rest(about)
        volts = (at_rest + np.sqrt(np.maximum(at_rest**2 + 4 * self.ohms * power, 0.25 * at_rest**2))) / 2
        current = power / volts
        return Flow(power, current, volts, soc + _sum(step, current) / self.capacity_ah)


def _sum(hours: Floats, values: Floats) -> Floats:
    """The integral of ``values`` at the nodes, straight between them."""
    return np.concatenate([[0.0], np.cumsum(hours * (values[1:] + values[:-1]) / 2)])


@dataclass(frozen=True)
class Ageing:
    """How one battery loses capacity: with the root of time, faster in warmth, and with what it charged.

    Attributes:
        born_s: Unix time.
        per_root_year: share lost in the first year at 20 °C.
        per_thousand_cycles: share lost by 1,000 full charges.
        fast: how much more a DC charge costs than an AC charge.
    """

    born_s: float
    per_root_year: float
    per_thousand_cycles: float
    fast: float
    cycles_per_year: float
    fast_share: float
    mean_c: float

    def health(self, time_s: float) -> float:
        """The share of the capacity when new that is left."""
        years = max(time_s - self.born_s, 0.0) / _YEAR_S
        warm = 2 ** ((self.mean_c - 20) / 12)
        worn = self.cycles_per_year * years * (1 + self.fast * self.fast_share) / 1_000
        return float(1 - self.per_root_year * warm * years**0.5 - self.per_thousand_cycles * worn)
