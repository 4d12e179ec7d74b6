"""Which signal carries what."""

from __future__ import annotations

_BATTERY = "Vehicle.Powertrain.TractionBattery"
_CHARGING = f"{_BATTERY}.Charging"

SPEED = "Vehicle.Speed"
ODOMETER = "Vehicle.TraveledDistance"
STATE = "Vehicle.LowVoltageSystemState"
GEAR = "Vehicle.Powertrain.Transmission.SelectedGear"
LATITUDE = "Vehicle.CurrentLocation.Latitude"
LONGITUDE = "Vehicle.CurrentLocation.Longitude"
ALTITUDE = "Vehicle.CurrentLocation.Altitude"
CURRENT = f"{_BATTERY}.CurrentCurrent"
VOLTAGE = f"{_BATTERY}.CurrentVoltage"
POWER = f"{_BATTERY}.CurrentPower"
SOC = f"{_BATTERY}.StateOfCharge.Current"
SOH = f"{_BATTERY}.StateOfHealth"
BATTERY_C = f"{_BATTERY}.Temperature.Average"
CONNECTED = f"{_BATTERY}.IsPowerConnected"
IS_CHARGING = f"{_CHARGING}.IsCharging"
CABLE = f"{_CHARGING}.ChargingPort.AnyPosition.IsChargingCableConnected"
AC_VOLTAGE = f"{_CHARGING}.ChargeVoltage.Phase1"
AC_CURRENTS = tuple(f"{_CHARGING}.ChargeCurrent.Phase{phase}" for phase in (1, 2, 3))
DC_VOLTAGE = f"{_CHARGING}.ChargeVoltage.DC"
DC_CURRENT = f"{_CHARGING}.ChargeCurrent.DC"
OUTSIDE_C = "Vehicle.Exterior.AirTemperature"
ENGINE_RPM = "Vehicle.Powertrain.CombustionEngine.Speed"
FUEL_LPH = "Vehicle.Powertrain.FuelSystem.InstantConsumption"
"""Litres an hour: a generator set also runs while the car stands."""
GENERATOR_W = "Vehicle.Powertrain.Generator.ElectricPower"
"""W. The standard catalog has no generator; this is ours."""

LOCK, OFF, ON = 1.0, 2.0, 4.0
"""Of ``STATE``, as ``kaido_ev.dbc`` numbers them; ``STATE_TEXTS`` as VSS spells them."""
STATE_TEXTS = {LOCK: "LOCK", OFF: "OFF", ON: "ON"}
DRIVE, PARK = 127.0, 126.0
"""Of ``GEAR``, as VSS numbers them."""

ALL = (
    *(SPEED, ODOMETER, STATE, GEAR, LATITUDE, LONGITUDE, ALTITUDE, CURRENT, VOLTAGE, POWER, SOC, SOH, BATTERY_C),
    *(CONNECTED, IS_CHARGING, CABLE, AC_VOLTAGE, *AC_CURRENTS, DC_VOLTAGE, DC_CURRENT, OUTSIDE_C),
    *(ENGINE_RPM, FUEL_LPH, GENERATOR_W),
)
CODES = {path: code for code, path in enumerate(ALL)}
