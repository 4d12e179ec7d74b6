"""The cross-check: what driving takes out of the battery, and how far it goes, for each part of its charge."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kaido.services.battery.estimate import Estimate
from kaido.services.battery.line import regress
from kaido.services.battery.sensor import Sensor
from kaido.services.battery.sessions import step_of

if TYPE_CHECKING:
    from kaido.services.battery.chemistry import Chemistry, Floats

BY_DRIVING = "energy out less energy back over the fall of state of charge, of trips"
BY_DISTANCE = "distance over the fall of state of charge, of trips"
ENERGY_DRIVEN, FULL_RANGE = "energy capacity by driving", "distance of a full battery"
_LEAST_FALL = 0.03
"""Trips that took less say little. (Chosen by energy and not by the fall itself, which would bias.)"""
_COUNTING, _CONSUMPTION = 0.005, 0.2
"""Share of a trip's energy that sampling may have missed; spread of consumption over trips."""
_VOLTS = 360.0
"""Of any traction battery, roughly: turns an offset of the current into one of power."""
_NEEDED = ("distance_m", "energy_out_wh", "energy_in_wh", "soc_start_percent", "soc_end_percent")


@dataclass(frozen=True)
class Driven:
    """What trips say.

    Attributes:
        energy: Wh at the terminals from 100 to 0 %. Less than at rest, by the heat in the battery.
        distance: km from 100 to 0 % in weather and traffic as they were: a cross-check, not a capacity.
    """

    energy: Estimate
    distance: Estimate


def driven(trips: pa.Table, chemistry: Chemistry, sensor: Sensor | None = None) -> Driven:
    """Estimate from the rows of the table ``trips`` of one car that drove by battery alone."""
    sensor = sensor or Sensor()
    rows = _electric(trips)
    out, back, low, high = (rows[name].to_numpy() for name in _NEEDED[1:])
    fall, net = (low - high) / 100, out - back
    about = float(np.sum(net * fall) / max(np.sum(net**2), 1e-9))
    large = net * about > _LEAST_FALL if about > 0 else np.zeros(len(net), bool)
    if not large.any():
        missing = "no complete trip by battery alone took enough of its charge"
        return Driven(
            Estimate.nothing(ENERGY_DRIVEN, "Wh", BY_DRIVING, missing),
            Estimate.nothing(FULL_RANGE, "km", BY_DISTANCE, missing),
        )
    rows = rows.filter(pa.array(large))
    net, fall = net[large], fall[large]
    at_ends = chemistry.soc_error_at(low[large]) ** 2 + chemistry.soc_error_at(high[large]) ** 2
    shown = (step_of(np.concatenate([low, high])) ** 2 / 6 + at_ends) / 1e4
    hours = rows["duration_s"].to_numpy() / 3_600
    date = dt.datetime.fromtimestamp(pc.max(rows["end"]).as_py().timestamp(), dt.UTC)
    km = rows["distance_m"].to_numpy() / 1_000
    offset = _VOLTS * sensor.offset_a
    energy = _ratio(net, hours, fall, shown + (about * _COUNTING * net) ** 2, about * offset, sensor)
    per_km = float(np.sum(km * fall) / max(np.sum(km**2), 1e-9))
    distance = _ratio(km, 0 * hours, fall, shown + (per_km * _CONSUMPTION * km) ** 2, 1.0, Sensor(gain=0.0, volts=0.0))
    return Driven(
        Estimate.of(ENERGY_DRIVEN, *energy, unit="Wh", method=BY_DRIVING, sessions=len(net), date=date),
        Estimate.of(FULL_RANGE, *distance, unit="km", method=BY_DISTANCE, sessions=len(net), date=date),
    )


def _electric(trips: pa.Table) -> pa.Table:
    good = pa.chunked_array([pa.array(np.ones(len(trips), bool))])
    for name in _NEEDED:
        good = pc.and_(good, pc.is_valid(trips[name]))
    if "complete" in trips.column_names:
        good = pc.and_(good, pc.fill_null(trips["complete"], True))
    for name in {"fuel_l", "engine_s", "generator_wh"} & set(trips.column_names):
        good = pc.and_(good, pc.less_equal(pc.fill_null(trips[name].cast(pa.float64()), 0.0), 0.0))
    return trips.filter(good)


def _ratio(
    amount: Floats, hours: Floats, fall: Floats, variance: Floats, offset: float, sensor: Sensor
) -> tuple[float, float, float | None]:
    """Amount for each whole of charge, with its interval."""
    line = regress(
        np.column_stack([amount, -hours]), fall, variance, np.zeros(2), belief_variance=np.array([np.inf, offset**2])
    )
    gain = float(np.hypot(sensor.gain, sensor.volts))
    share, low, high = line.interval(np.array([1.0, 0.0]), (gain * line.mean[0]) ** 2)
    return (1 / share if share > 0 else 0.0), 1 / high if high > 0 else 0.0, 1 / low if low > 0 else None
