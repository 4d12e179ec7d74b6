"""How well a car measures current: what a data sheet says, and what no number of sessions can tell."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Sensor:
    """Errors of the current that is counted, one standard deviation each.

    Attributes:
        offset_a: what the sensor shows when nothing flows, the same in all sessions of a car.
        drift_a: what is added to it in one session, another in the next.
        gain: share by which all it shows is wrong, the same in all sessions. Nothing in the data can tell it.
        volts: share by which the voltage is wrong; with ``gain`` it is that of energies.
    """

    offset_a: float = 0.15
    drift_a: float = 0.1
    gain: float = 0.003
    volts: float = 0.002

    def energy_sd_wh(self, energy_wh: float, charge_ah: float, hours: float) -> float:
        """How far the energy of one session may be off: the offset over its time, and the share of all of it."""
        offset_wh = math.hypot(self.offset_a, self.drift_a) * hours * energy_wh / charge_ah
        return math.hypot(offset_wh, math.hypot(self.gain, self.volts) * energy_wh)
