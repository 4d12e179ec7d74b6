"""How well a car measures current: what a data sheet says, and what no number of sessions can tell."""

from __future__ import annotations

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
