"""A stretch of a car's true life: it drives, charges or rests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from kaido.sim.profile import Floats
    from kaido.sim.truth.battery import Flow
    from kaido.sim.truth.cycles import Drive

AWAKE_W = 250.0
CHARGING_W = 180.0
"""What the car itself takes at the charger, before the battery."""
AC_EFFICIENCY = 0.9


@dataclass(frozen=True, eq=False)
class Stretch:
    """From ``start_us`` on, as columns over ``seconds`` (ascending from 0).

    Attributes:
        kind: "trip", "AC", "DC" or "idle".
        flow: at the battery's terminals.
        ambient_c, battery_c: °C of the air and of the battery, throughout.
        auxiliary_w: drawn beside the motor, throughout.
        odometer_m: at the start; ``place`` is latitude and longitude there, degrees.
        ohms: of the battery.
        drive: the motion of a trip.
        generator_w, fuel_lph, engine_rpm: of a hybrid's trip; electrical, litres an hour.
        delivering: of a charge: whether power flows, which interruptions break.
        plugged_s: of an idle: from when on the cable is in, and until when; None: never.
    """

    kind: str
    start_us: int
    seconds: Floats
    flow: Flow
    ambient_c: float
    battery_c: float
    auxiliary_w: float
    odometer_m: float
    place: tuple[float, float]
    ohms: float
    drive: Drive | None = None
    generator_w: Floats | None = None
    fuel_lph: Floats | None = None
    engine_rpm: Floats | None = None
    delivering: Floats | None = None
    plugged_s: tuple[float, float] | None = None

    @property
    def end_us(self) -> int:
        """The moment after it."""
        return self.start_us + round(1e6 * float(self.seconds[-1]))

    def current_at(self, seconds: Floats) -> Floats:
        """The current between the rows, A."""
        return np.interp(seconds, self.seconds, self.flow.current)

    def integral(self, values: Floats) -> float:
        """Of a column over the stretch, in its unit times hours."""
        return float(np.trapezoid(values, self.seconds)) / 3_600
