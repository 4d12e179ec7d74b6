"""Where the energy of a drive goes: a backward-facing model, the speed is given and power follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.services.energy.vehicle import GRAVITY, REFERENCE_C

if TYPE_CHECKING:
    from kaido.services.energy.cycle import Cycle, Floats
    from kaido.services.energy.vehicle import Vehicle


@dataclass(frozen=True)
class Account:
    """Energy of one drive, J. What the cells gave equals the sum of where it went.

    Attributes:
        distance_m, duration_s: of the drive.
        tyres, air: against the road load's two parts.
        kinetic, climbing: more speed and height at the end than at the start; negative if less.
        brakes: turned into heat by friction brakes.
        driveline: lost in motors, inverters and gears under load.
        auxiliary: everything but driving.
        battery: lost inside the battery under load.
        out_j, in_j: out of the battery's terminals, and back into them while braking; in_j is not negative.
        returning_s: seconds in which more came back than was used.
    """

    distance_m: float
    duration_s: float
    tyres: float
    air: float
    kinetic: float
    climbing: float
    brakes: float
    driveline: float
    auxiliary: float
    battery: float
    out_j: float
    in_j: float
    returning_s: float

    @property
    def cells_j(self) -> float:
        """What the cells gave, net."""
        return self.out_j - self.in_j + self.battery

    @property
    def gone_j(self) -> float:
        """Where it went."""
        moved = self.tyres + self.air + self.kinetic + self.climbing
        return moved + self.brakes + self.driveline + self.auxiliary + self.battery


def drive(
    vehicle: Vehicle, cycle: Cycle, *, temperature_c: float = REFERENCE_C, auxiliary_w: float | None = None
) -> Account:
    """The account of a drive.

    Args:
        vehicle: what drives.
        cycle: the speed.
        temperature_c: of the air outside.
        auxiliary_w: instead of what the vehicle takes at that temperature.
    """
    speed, step = cycle.mean_mps, cycle.step_s
    moving = speed > 0
    tyres_w = np.where(moving, vehicle.road_load.tyres_n(speed, temperature_c) * speed, 0.0)
    air_w = vehicle.road_load.air_n(speed, temperature_c) * speed
    inertia_kg = vehicle.mass_kg * (1 + vehicle.rotating)
    kinetic_w = inertia_kg * speed * np.diff(cycle.speed_mps) / step
    climbing_w = np.zeros_like(speed) if cycle.climb_m is None else vehicle.mass_kg * GRAVITY * cycle.climb_m / step
    wheel_w = tyres_w + air_w + kinetic_w + climbing_w

    braking_w = np.maximum(-wheel_w, 0.0)
    recovered_w = vehicle.regeneration.recovered_w(braking_w, speed, vehicle.mass_kg, vehicle.motor_w)
    shaft_w = np.maximum(wheel_w, 0.0) - recovered_w
    driveline_w = vehicle.driveline.lost_w(shaft_w, speed, vehicle.motor_w)
    aux_w = vehicle.auxiliary.power_w(temperature_c) if auxiliary_w is None else auxiliary_w
    terminal_w = shaft_w + driveline_w + aux_w
    battery_w = terminal_w**2 / (vehicle.matched * vehicle.motor_w)

    def energy(power_w: Floats) -> float:
        return float(np.dot(power_w, step))

    return Account(
        distance_m=cycle.distance_m,
        duration_s=cycle.duration_s,
        tyres=energy(tyres_w),
        air=energy(air_w),
        kinetic=energy(kinetic_w),
        climbing=energy(climbing_w),
        brakes=energy(braking_w - recovered_w),
        driveline=energy(driveline_w),
        auxiliary=aux_w * cycle.duration_s,
        battery=energy(battery_w),
        out_j=energy(np.maximum(terminal_w, 0.0)),
        in_j=energy(np.maximum(-terminal_w, 0.0)),
        returning_s=float(step[terminal_w < 0].sum()),
    )
