"""From the physical state of a car to the signals on its buses, in the units of the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.sim.segment import COMFORT_C, Kind

if TYPE_CHECKING:
    from kaido.sim.markets import Market
    from kaido.sim.models import VehicleModel
    from kaido.sim.profile import Floats
    from kaido.sim.segment import State

AC_EFFICIENCY = 0.9
MODULES = 12

_J_PER_KWH = 3.6e6
_MOTOR_EFFICIENCY = 0.9
_TYPICAL_J_PER_M = 560.0
_MOST_TORQUE_NM = 420.0
_BATTERY = "Vehicle.Powertrain.TractionBattery"
_CHARGING = f"{_BATTERY}.Charging"
_WHEELS = [f"Vehicle.Chassis.Axle.Row{row}.Wheel.{side}" for row in (1, 2) for side in ("Left", "Right")]
_DOORS = [f"Vehicle.Cabin.Door.Row{row}.{side}Side" for row in (1, 2) for side in ("Driver", "Passenger")]
LOCKS = tuple(f"{what}.IsLocked" for what in (*_DOORS, "Vehicle.Body.Trunk.Rear"))
_LOCK, _OFF, _ON = 1.0, 2.0, 4.0
"""Of ``Vehicle.LowVoltageSystemState``, as the CAN database numbers them."""


@dataclass(frozen=True, eq=False)
class Build:
    """What distinguishes one car of a model from the next.

    Attributes:
        capacity_j: usable energy of the battery today; ``health`` is its share of that when new.
        module_spread: V, of each module's voltage against the mean.
        wheel_pressure: kPa at 20 °C.
    """

    model: VehicleModel
    market: Market
    motor_w: float
    capacity_j: float
    health: float
    module_spread: Floats
    wheel_pressure: Floats


def signals(build: Build, state: State, ambient_c: Floats) -> dict[str, Floats]:
    """VSS path → values of the state's columns."""
    return (
        _motion(build, state)
        | _place(state)
        | _battery(build, state)
        | _charging(build, state)
        | _climate(build, state, ambient_c)
        | _body(state)
    )


def _motion(build: Build, state: State) -> dict[str, Floats]:
    kmh = 3.6 * state.speed
    driving = state.kind == Kind.DRIVE
    rotor = state.speed / build.model.wheel_radius_m * build.model.gear_ratio
    mechanical = state.traction_w * np.where(state.traction_w > 0, _MOTOR_EFFICIENCY, 1 / _MOTOR_EFFICIENCY)
    torque = np.clip(mechanical / np.maximum(rotor, 1.0), -_MOST_TORQUE_NM, _MOST_TORQUE_NM)
    brake = np.clip((-state.acceleration - 0.8) * 20, 0, 100)
    return {
        "Vehicle.Speed": kmh,
        "Vehicle.IsMoving": (state.speed > 0) * 1.0,
        "Vehicle.LowVoltageSystemState": np.select([driving, state.kind == Kind.PARK], [_ON, _LOCK], _OFF),
        "Vehicle.LowVoltageBattery.CurrentVoltage": np.where(state.kind == Kind.PARK, 12.6, 14.3),
        "Vehicle.Acceleration.Longitudinal": state.acceleration,
        "Vehicle.Acceleration.Lateral": -state.curvature * state.speed**2,
        "Vehicle.AngularVelocity.Yaw": np.degrees(-state.curvature * state.speed),
        "Vehicle.TraveledDistance": state.odometer / 1_000,
        "Vehicle.Chassis.Accelerator.PedalPosition": np.clip(120 * state.traction_w / build.motor_w, 0, 100),
        "Vehicle.Chassis.Brake.PedalPosition": np.where(driving & (state.speed == 0), 15.0, brake),
        "Vehicle.Powertrain.Transmission.SelectedGear": np.where(driving, 127.0, 126.0),
        "Vehicle.Powertrain.ElectricMotor.Speed": rotor * 30 / np.pi,
        "Vehicle.Powertrain.ElectricMotor.Torque": torque,
        "Vehicle.Powertrain.ElectricMotor.Power": mechanical / 1_000,
    } | {f"{wheel}.Speed": kmh for wheel in _WHEELS}


def _place(state: State) -> dict[str, Floats]:
    return {
        "Vehicle.CurrentLocation.Latitude": state.latitude,
        "Vehicle.CurrentLocation.Longitude": state.longitude,
        "Vehicle.CurrentLocation.Altitude": state.altitude,
        "Vehicle.CurrentLocation.Heading": np.degrees(state.heading) % 360,
    }


def _battery(build: Build, state: State) -> dict[str, Floats]:
    model = build.model
    percent = 100 * state.soc
    volts = _pack_volts(model, state)
    module = volts[:, np.newaxis] / MODULES + build.module_spread
    cells = MODULES / model.cells_in_series
    left = state.soc * build.capacity_j
    modules = [f"KaidoEV.BMS_Modules.Module{number:02d}" for number in range(1, MODULES + 1)]
    return (
        {
            f"{_BATTERY}.CurrentPower": state.battery_w,
            f"{_BATTERY}.CurrentVoltage": volts,
            f"{_BATTERY}.CurrentCurrent": state.battery_w / volts,
            f"{_BATTERY}.StateOfCharge.Current": percent,
            f"{_BATTERY}.StateOfCharge.Displayed": percent,
            f"{_BATTERY}.StateOfCharge.CurrentEnergy": left / _J_PER_KWH,
            f"{_BATTERY}.StateOfHealth": np.full_like(percent, 100 * build.health),
            f"{_BATTERY}.Range": left / _TYPICAL_J_PER_M,
            f"{_BATTERY}.IsPowerConnected": (state.kind != Kind.PARK) * 1.0,
            f"{_BATTERY}.Temperature.Average": state.battery_c,
            f"{_BATTERY}.Temperature.Min": state.battery_c - 1.5,
            f"{_BATTERY}.Temperature.Max": state.battery_c + 1.5,
            f"{_BATTERY}.CellVoltage.Min": module.min(axis=1) * cells,
            f"{_BATTERY}.CellVoltage.Max": module.max(axis=1) * cells,
        }
        | {f"{name}Voltage": module[:, number] for number, name in enumerate(modules)}
        | {f"{name}Temperature": state.battery_c + np.cos(number) for number, name in enumerate(modules)}
    )


def _charging(build: Build, state: State) -> dict[str, Floats]:
    ac, dc = state.kind == Kind.CHARGE_AC, state.kind == Kind.CHARGE_DC
    market, charging = build.market, ac | dc
    volts = _pack_volts(build.model, state)
    phase_a = np.where(ac, state.battery_w / AC_EFFICIENCY / (market.phases * market.volts), 0.0)
    others_a = phase_a if market.phases > 1 else 0 * phase_a
    return {
        f"{_CHARGING}.IsCharging": charging * 1.0,
        f"{_CHARGING}.ChargingPort.AnyPosition.IsChargingCableConnected": state.plugged,
        f"{_CHARGING}.ChargeLimit": 100 * state.limit,
        f"{_CHARGING}.TimeToComplete": state.charge_left_s,
        f"{_CHARGING}.ChargeRate": np.where(charging, 3.6 * state.battery_w / _TYPICAL_J_PER_M, 0.0),
        f"{_CHARGING}.ChargeVoltage.Phase1": np.where(ac, market.volts, 0.0),
        f"{_CHARGING}.ChargeCurrent.Phase1": phase_a,
        f"{_CHARGING}.ChargeCurrent.Phase2": others_a,
        f"{_CHARGING}.ChargeCurrent.Phase3": others_a,
        f"{_CHARGING}.ChargeVoltage.DC": np.where(dc, volts, 0.0),
        f"{_CHARGING}.ChargeCurrent.DC": np.where(dc, state.battery_w / volts, 0.0),
    }


def _climate(build: Build, state: State, ambient_c: Floats) -> dict[str, Floats]:
    warm = (ambient_c + 273.15) / 293.15
    tyre_c = ambient_c + 0.5 * state.speed
    return (
        {
            "Vehicle.Exterior.AirTemperature": ambient_c,
            "Vehicle.Cabin.HVAC.AmbientAirTemperature": state.cabin_c,
            "Vehicle.Cabin.HVAC.IsAirConditioningActive": (state.hvac_w > 0) * 1.0,
            "KaidoEV.BCM_Climate.ClimatePower": state.hvac_w,
        }
        | {
            f"{wheel}.Tire.Pressure": warm * pressure
            for wheel, pressure in zip(_WHEELS, build.wheel_pressure, strict=True)
        }
        | {f"{wheel}.Tire.Temperature": tyre_c for wheel in _WHEELS}
    )


def _body(state: State) -> dict[str, Floats]:
    """What a driver leaves as it is: doors are locked but for charging, lights burn while driving."""
    driving = (state.kind == Kind.DRIVE) * 1.0
    locked = ((state.kind == Kind.DRIVE) | (state.kind == Kind.PARK)) * 1.0
    lights = "Vehicle.Body.Lights"
    return dict.fromkeys(LOCKS, locked) | {
        f"{lights}.Beam.Low.IsOn": driving,
        f"{lights}.Beam.High.IsOn": 0 * driving,
        f"{lights}.Parking.IsOn": 0 * driving,
        f"{lights}.Hazard.IsSignaling": 0 * driving,
        "Vehicle.Cabin.HVAC.Station.Row1.Driver.Temperature": np.full_like(driving, COMFORT_C),
    }


def _pack_volts(model: VehicleModel, state: State) -> Floats:
    """The battery's voltage under load: V = at rest + R I and P = V I, solved for V."""
    nodes = (0.0, 0.1, 0.5, 0.9, 1.0)
    at_rest = model.cells_in_series * np.interp(state.soc, nodes, model.cell_volts)
    return (at_rest + np.sqrt(at_rest**2 + 4 * model.pack_ohms * state.battery_w)) / 2
