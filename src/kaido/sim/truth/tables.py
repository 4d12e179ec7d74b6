"""The truth as tables, with the columns that the services derive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kaido.sim.truth.models import CONNECTORS
from kaido.sim.truth.stretch import AC_EFFICIENCY, CHARGING_W

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kaido.sim.truth.stretch import Stretch

_MOMENT = pa.timestamp("us", tz="UTC")
_START = [("vehicle", pa.string()), ("start", _MOMENT), ("end", _MOMENT)]
_SOC = [("soc_start_percent", pa.float64()), ("soc_end_percent", pa.float64())]


def _schema(columns: Iterable[tuple[str, pa.DataType]], *floats: str) -> pa.Schema:
    return pa.schema([*columns, *((name, pa.float64()) for name in floats)])


TRIPS = _schema(
    [*_START, *_SOC],
    *("duration_s", "moving_s", "distance_m", "energy_out_wh", "energy_in_wh", "auxiliary_wh", "loss_wh"),
    *("speed_max_kmh", "power_max_w", "temperature_c", "elevation_gain_m", "elevation_loss_m"),
    *("start_latitude", "start_longitude", "end_latitude", "end_longitude", "fuel_l", "engine_s", "generator_wh"),
)
CHARGES = _schema(
    [*_START, *_SOC, ("kind", pa.string()), ("connector", pa.string()), ("interruptions", pa.int64())],
    *("energy_battery_wh", "charge_ah", "energy_wall_wh", "charging_s", "power_max_w", "power_mean_w", "loss_wh"),
    *("battery_temperature_c", "latitude", "longitude"),
)
IDLES = _schema([*_START, *_SOC], "energy_wh", "temperature_c")
CAPACITIES = _schema([("vehicle", pa.string()), ("time", _MOMENT)], "capacity_ah", "capacity_wh", "health_percent")


@dataclass(frozen=True, eq=False)
class Truth:
    """What truly happened, in order.

    Attributes:
        trips: ``TRIPS``; from switching on to switching off. Energies are those at the battery's terminals, out of it
            and into it (by motor, generator or engine); ``loss_wh`` stays in the battery as heat.
        charges: ``CHARGES``; from when power flows until it flows no more; ``energy_wall_wh`` is that of the socket
            (AC) or at the car's DC port.
        idles: ``IDLES``; what lies between, energy out of the battery.
        capacities: ``CAPACITIES``; one row a day.
    """

    trips: pa.Table
    charges: pa.Table
    idles: pa.Table
    capacities: pa.Table

    @classmethod
    def concatenate(cls, parts: list[Truth]) -> Truth:
        """Of several cars."""
        names = ("trips", "charges", "idles", "capacities")
        return cls(*(pa.concat_tables([getattr(part, name) for part in parts]) for name in names))


def trip_row(vehicle: str, one: Stretch) -> dict[str, Any]:
    """A row of ``TRIPS``."""
    drive = one.drive
    assert drive is not None
    climbed = np.diff(drive.altitude)
    engine = one.engine_rpm
    return _common(vehicle, one) | {
        "duration_s": drive.duration,
        "moving_s": float(((drive.speed[1:] > 0) | (drive.speed[:-1] > 0)).sum()),
        "distance_m": float(drive.metres[-1]),
        "energy_out_wh": one.integral(np.maximum(-one.flow.power, 0)),
        "energy_in_wh": one.integral(np.maximum(one.flow.power, 0)),
        "auxiliary_wh": one.auxiliary_w * drive.duration / 3_600,
        "loss_wh": _loss(one),
        "speed_max_kmh": 3.6 * float(drive.speed.max()),
        "power_max_w": float(-one.flow.power.min()),
        "temperature_c": one.ambient_c,
        "elevation_gain_m": float(climbed[climbed > 0].sum()),
        "elevation_loss_m": float(-climbed[climbed < 0].sum()),
        "start_latitude": float(drive.latitude[0]),
        "start_longitude": float(drive.longitude[0]),
        "end_latitude": float(drive.latitude[-1]),
        "end_longitude": float(drive.longitude[-1]),
        "fuel_l": None if one.fuel_lph is None else one.integral(one.fuel_lph),
        "engine_s": None if engine is None else float((engine > 0).sum()),
        "generator_wh": None if one.generator_w is None else one.integral(one.generator_w),
    }


def charge_row(vehicle: str, market: str, one: Stretch) -> dict[str, Any]:
    """A row of ``CHARGES``."""
    flows = one.delivering
    assert flows is not None
    ac, dc = CONNECTORS.get(market, ("Type 2", "CCS2"))
    energy = one.integral(one.flow.power)
    charging_s = 3_600 * one.integral(flows)
    return _common(vehicle, one) | {
        "kind": one.kind,
        "connector": ac if one.kind == "AC" else dc,
        "interruptions": int((np.diff(flows[:-1]) < 0).sum()),
        "energy_battery_wh": energy,
        "charge_ah": one.integral(one.flow.current),
        "energy_wall_wh": one.integral(wall_w(one)),
        "charging_s": charging_s,
        "power_max_w": float(one.flow.power.max()),
        "power_mean_w": 3_600 * energy / charging_s,
        "loss_wh": _loss(one),
        "battery_temperature_c": one.battery_c,
        "latitude": one.place[0],
        "longitude": one.place[1],
    }


def wall_w(one: Stretch) -> np.ndarray:
    """Power at the socket of an AC charge, or at the DC port, W."""
    taken = np.where(one.flow.power > 0, one.flow.power + CHARGING_W, 0.0)
    return taken / AC_EFFICIENCY if one.kind == "AC" else taken


def idle_row(vehicle: str, several: list[Stretch]) -> dict[str, Any]:
    """A row of ``IDLES``, of idle stretches that follow on one another."""
    first, last = several[0], several[-1]
    return _common(vehicle, first) | {
        "end": last.end_us,
        "soc_end_percent": 100 * float(last.flow.soc[-1]),
        "energy_wh": -sum(one.integral(one.flow.power) for one in several),
        "temperature_c": first.ambient_c,
    }


def _common(vehicle: str, one: Stretch) -> dict[str, Any]:
    soc = one.flow.soc
    return {
        "vehicle": vehicle,
        "start": one.start_us,
        "end": one.end_us,
        "soc_start_percent": 100 * float(soc[0]),
        "soc_end_percent": 100 * float(soc[-1]),
    }


def _loss(one: Stretch) -> float:
    """What the battery's resistance turned into heat, Wh."""
    return one.ohms * one.integral(one.flow.current**2)
