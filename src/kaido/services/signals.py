"""Which signal carries what: paths by role, with unit, sign, and what is no measurement but a sentinel.

Inside, times are microseconds, and values as ``docs/methods/trips.md`` names them. A company whose cars say the same by
other paths adds to these tables; nothing else changes.
"""

from __future__ import annotations

from dataclasses import dataclass

_BATTERY = "Vehicle.Powertrain.TractionBattery"
_CHARGING = f"{_BATTERY}.Charging"
_INLET = f"{_CHARGING}.ChargingPort.AnyPosition"


@dataclass(frozen=True)
class Role:
    """What a signal is to the services.

    Attributes:
        name: of the role.
        path: of the signal, in VSS terms.
        low: the smallest value that can be, in the signal's unit.
        high: the largest.
        factor: makes of the signal's unit and sign the role's.
        sentinel: a value within the range that buses send before they know.
        above: for a state, the value above which it holds.
    """

    name: str
    path: str
    low: float
    high: float
    factor: float = 1.0
    sentinel: float | None = None
    above: float | None = None


ROLES: tuple[Role, ...] = (
    Role("speed", "Vehicle.Speed", -50, 400, above=0.5),
    Role("odometer", "Vehicle.TraveledDistance", 0, 4e6, factor=1_000.0),
    Role("power_state", "Vehicle.LowVoltageSystemState", 1, 5, above=3.5),
    Role("gear", "Vehicle.Powertrain.Transmission.SelectedGear", -20, 127),
    Role("latitude", "Vehicle.CurrentLocation.Latitude", -90, 90),
    Role("longitude", "Vehicle.CurrentLocation.Longitude", -180, 180),
    Role("altitude", "Vehicle.CurrentLocation.Altitude", -450, 7_000),
    Role("power", f"{_BATTERY}.CurrentPower", -1.5e6, 1.5e6),
    Role("voltage", f"{_BATTERY}.CurrentVoltage", 30, 1_500, sentinel=511.5),
    Role("current", f"{_BATTERY}.CurrentCurrent", -2_500, 2_500),
    Role("soc", f"{_BATTERY}.StateOfCharge.Current", 0, 100),
    Role("energy", f"{_BATTERY}.StateOfCharge.CurrentEnergy", 0, 1_000, factor=1_000.0),
    Role("battery_temperature", f"{_BATTERY}.Temperature.Average", -60, 120),
    Role("connected", f"{_BATTERY}.IsPowerConnected", 0, 1, above=0.5),
    Role("charging", f"{_CHARGING}.IsCharging", 0, 1, above=0.5),
    Role("cable", f"{_INLET}.IsChargingCableConnected", 0, 1, above=0.5),
    Role("plug", f"{_CHARGING}.ChargePlugType", 0, 20),
    Role("ac_voltage", f"{_CHARGING}.ChargeVoltage.Phase1", 0, 600),
    Role("ac_current_1", f"{_CHARGING}.ChargeCurrent.Phase1", 0, 200, above=0.5),
    Role("ac_current_2", f"{_CHARGING}.ChargeCurrent.Phase2", 0, 200),
    Role("ac_current_3", f"{_CHARGING}.ChargeCurrent.Phase3", 0, 200),
    Role("dc_voltage", f"{_CHARGING}.ChargeVoltage.DC", 0, 1_500, sentinel=511.5),
    Role("dc_current", f"{_CHARGING}.ChargeCurrent.DC", 0, 1_500, above=1.0),
    Role("ambient", "Vehicle.Exterior.AirTemperature", -60, 70),
    Role("climate", "KaidoEV.BCM_Climate.ClimatePower", 0, 30_000),
    Role("engine", "Vehicle.Powertrain.CombustionEngine.Speed", 0, 12_000),
    Role("fuel", "Vehicle.Powertrain.FuelSystem.InstantConsumption", 0, 300),
    Role("generator", "Vehicle.Powertrain.Generator.ElectricPower", 0, 1e6),
)
"""One path a role. Power and current into the battery are positive, as VSS has them; a bus that counts the other way
gets ``factor=-1``. ``fuel`` is taken as litres an hour: a generator also runs while the car stands, where VSS's litres
per 100 km say nothing."""

PRODUCTS = ("battery_power", "inlet_power")
"""Roles that no signal carries: voltage times current of the battery, and of the charge inlet (all phases, or DC)."""

CODES: dict[str, int] = {name: code for code, name in enumerate([*(role.name for role in ROLES), *PRODUCTS], 1)}
"""A small number for each role: what the transformations compute with."""

_BOOLEAN = {"true": 1.0, "false": 0.0}
WORDS: dict[str, dict[str, float]] = {
    "power_state": {"LOCK": 1.0, "OFF": 2.0, "ACC": 3.0, "ON": 4.0, "START": 5.0},
    "gear": {
        "R": -1.0,
        "N": 0.0,
        "P": 126.0,
        "D": 127.0,
        "Park": 126.0,
        "Drive": 127.0,
        "Neutral": 0.0,
        "Reverse": -1.0,
    },
    "connected": _BOOLEAN,
    "charging": _BOOLEAN,
    "cable": _BOOLEAN,
    "plug": {
        "IEC_TYPE_1_AC": 1.0,
        "IEC_TYPE_1_CCS_DC": 2.0,
        "TESLA_ROADSTER": 3.0,
        "TESLA_HPWC": 3.0,
        "TESLA_SUPERCHARGER": 3.0,
        "IEC_TYPE_4_DC": 4.0,
        "GBT_AC": 5.0,
        "GBT_DC": 5.0,
        "IEC_TYPE_2_CCS_DC": 6.0,
        "IEC_TYPE_2_AC": 7.0,
    },
}
"""What texts mean as values: of states as VSS spells them."""

PARK = 126.0
"""Of ``gear``, as VSS numbers it."""
CONNECTORS = ("unknown", "J1772", "CCS1", "NACS", "CHAdeMO", "GB/T", "CCS2", "Type 2")
"""Of ``plug``, by its value."""
KINDS = ("trip", "charge", "idle")
"""Of activities, by the number that the transformations compute with."""

PATHS: tuple[str, ...] = tuple(role.path for role in ROLES)
"""Every signal that the services read."""


def path(role: str) -> str:
    """The signal that plays a role.

    Args:
        role: one of ``ROLES``, by its name.
    """
    return next(one.path for one in ROLES if one.name == role)
