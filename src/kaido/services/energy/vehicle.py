"""What the energy model has to know of a vehicle, with what physics says where nobody said otherwise.

Every default has its source in ``docs/methods/consumption.md``; none was fitted to a certification test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from kaido.services.energy.cycle import Floats

REFERENCE_C = 20.0
"""Road loads are stated for this air (UN GTR 15, ISO 10521)."""
AIR_KG_PER_M3 = 1.189
"""At 20 °C and 100 kPa (UN GTR 15)."""
GRAVITY = 9.80665

_KELVIN = 273.15
_ROLLING_PER_K = 8.6e-3
_ROLLING_C = (-5.0, 35.0)
_TYPICAL_W_PER_KG, _TYPICAL_KG, _HEAVIER_STRONGER = 85.0, 1_850.0, 0.7


@dataclass(frozen=True)
class RoadLoad:
    """The force that slows a car in neutral on a level road: F = a + b v + c v², at 20 °C.

    It comes from coasting down, so tyres, bearings, air and what the turning driveline loses are all in it.

    Attributes:
        a_n: N.
        b_n_per_mps: N/(m/s).
        c_n_per_mps2: N/(m/s)².
    """

    a_n: float
    b_n_per_mps: float
    c_n_per_mps2: float

    @classmethod
    def of_body(cls, mass_kg: float, rolling: float, drag_area_m2: float) -> RoadLoad:
        """From a coefficient of rolling resistance and drag coefficient times frontal area."""
        return cls(rolling * mass_kg * GRAVITY, 0.0, 0.5 * AIR_KG_PER_M3 * drag_area_m2)

    def tyres_n(self, speed_mps: Floats, temperature_c: float = REFERENCE_C) -> Floats:
        """What grows in the cold as tyres do: (a + b v)(1 + K0 (20 °C - T)), K0 = 8.6e-3/K (UN GTR 15)."""
        cold_k = REFERENCE_C - float(np.clip(temperature_c, *_ROLLING_C))
        return (self.a_n + self.b_n_per_mps * speed_mps) * (1 + _ROLLING_PER_K * cold_k)

    def air_n(self, speed_mps: Floats, temperature_c: float = REFERENCE_C) -> Floats:
        """What grows with the density of the air."""
        density = (REFERENCE_C + _KELVIN) / (temperature_c + _KELVIN)
        return self.c_n_per_mps2 * density * speed_mps**2


@dataclass(frozen=True)
class Driveline:
    """Losses between battery terminals and wheels under load. What merely turns is in the road load already.

    Lost = motor power x (idle + turning x min(v / base speed, 1)) + (gear + load) |P| + overload P² / motor power.

    Attributes:
        gear: share of the power that two gear meshes lose.
        idle: share of the motor's power that the inverter and the motor's field take while driving, at standstill.
        turning: share that is added up to ``base_mps``: iron and switching losses under field.
        base_mps: road speed above which the field is weakened and those losses stay.
        load: share of the power lost in the inverter.
        overload: copper losses, as a share of the power at the motor's power.
    """

    gear: float = 0.02
    idle: float = 0.001
    turning: float = 0.0035
    base_mps: float = 15.0
    load: float = 0.006
    overload: float = 0.06

    def lost_w(self, power_w: Floats, speed_mps: Floats, motor_w: float) -> Floats:
        """Watt lost at a power at the wheels (negative: recovered) and a speed."""
        field_share = self.idle + self.turning * np.minimum(speed_mps / self.base_mps, 1.0)
        return motor_w * field_share + (self.gear + self.load) * np.abs(power_w) + self.overload * power_w**2 / motor_w


@dataclass(frozen=True)
class Regeneration:
    """What of the braking the motor does.

    Attributes:
        share: of the braking power, well above standstill.
        none_below_mps, whole_above_mps: between them friction brakes take over to stop.
        most_g: deceleration beyond which friction brakes help.
    """

    share: float = 0.95
    none_below_mps: float = 1.5
    whole_above_mps: float = 4.5
    most_g: float = 0.2

    def recovered_w(self, braking_w: Floats, speed_mps: Floats, mass_kg: float, motor_w: float) -> Floats:
        """Watt at the wheels that go to the motor, of ``braking_w`` (not negative) that brake."""
        blend = np.clip((speed_mps - self.none_below_mps) / (self.whole_above_mps - self.none_below_mps), 0.0, 1.0)
        most_w = np.minimum(self.most_g * GRAVITY * mass_kg * speed_mps, motor_w)
        return np.minimum(self.share * blend * braking_w, most_w)


@dataclass(frozen=True)
class Auxiliary:
    """Power for everything but driving.

    Attributes:
        base_w: computers, pumps, fans, lights.
        heating_w_per_k, heat_below_c: cabin and battery in the cold; a heat pump takes about half.
        cooling_w_per_k, cool_above_c: in the heat.
        most_w: of heating or cooling.
    """

    base_w: float = 250.0
    heating_w_per_k: float = 90.0
    heat_below_c: float = 18.0
    cooling_w_per_k: float = 60.0
    cool_above_c: float = 24.0
    most_w: float = 5_000.0

    def heating_w(self, temperature_c: Floats) -> Floats:
        """Watt at a temperature outside."""
        return np.clip(self.heating_w_per_k * (self.heat_below_c - temperature_c), 0.0, self.most_w)

    def cooling_w(self, temperature_c: Floats) -> Floats:
        """Watt at a temperature outside."""
        return np.clip(self.cooling_w_per_k * (temperature_c - self.cool_above_c), 0.0, self.most_w)

    def power_w(self, temperature_c: float) -> float:
        """All of it."""
        outside = np.array(temperature_c)
        return float(self.base_w + self.heating_w(outside) + self.cooling_w(outside))


@dataclass(frozen=True)
class Charging:
    """From the wall into the battery.

    Attributes:
        charger: efficiency of the charger in the car.
        awake: share of its output that is left beside computers and pumps that are awake meanwhile.
        kept: energy that the cells give back of what went in, apart from the resistance under load.
    """

    charger: float = 0.93
    awake: float = 0.975
    kept: float = 0.985

    @property
    def efficiency(self) -> float:
        """Energy that the cells can give, of energy from the wall."""
        return self.charger * self.awake * self.kept


@dataclass(frozen=True, kw_only=True)
class Vehicle:
    """A vehicle model.

    Attributes:
        name: of the model.
        mass_kg: as it is driven (for a certification: the equivalent test weight).
        road_load: see there.
        motor_w: power of the motors; where not known, ``typical_motor_w``.
        rotating: what wheels and rotor add to the mass when accelerating.
        usable_wh: energy of the new battery between full and empty, at its terminals; None where not known.
        matched: V²/R of the battery as a multiple of the motor's power: it loses P²/(V²/R) inside.
        driveline, regeneration, auxiliary, charging: see there.
        assumed: which of this was assumed because nobody said it.
    """

    name: str
    mass_kg: float
    road_load: RoadLoad
    motor_w: float = 0.0
    rotating: float = 0.03
    usable_wh: float | None = None
    matched: float = 12.0
    driveline: Driveline = field(default_factory=Driveline)
    regeneration: Regeneration = field(default_factory=Regeneration)
    auxiliary: Auxiliary = field(default_factory=Auxiliary)
    charging: Charging = field(default_factory=Charging)
    assumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.mass_kg > 0:
            raise InvalidInputError(f"the vehicle model {self.name}", why=f"its mass is {self.mass_kg} kg")
        if not self.motor_w:
            object.__setattr__(self, "motor_w", typical_motor_w(self.mass_kg))


def typical_motor_w(mass_kg: float) -> float:
    """Power of the motors of electric cars of a weight: 85 W/kg at 1,850 kg, and heavier ones have more for each kg."""
    return float(_TYPICAL_W_PER_KG * mass_kg * (mass_kg / _TYPICAL_KG) ** _HEAVIER_STRONGER)
