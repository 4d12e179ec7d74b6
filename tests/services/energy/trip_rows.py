"""Trips of a car that behaves as the model says, times factors that the test knows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa

from kaido.flow_electric import TRIPS
from kaido.services.energy.fit import Design
from kaido.services.energy.vehicle import RoadLoad, Vehicle

VEHICLE = Vehicle(name="car", mass_kg=1_800, road_load=RoadLoad(130, 1, 0.43), usable_wh=60_000)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def trip_rows(
    count: int,
    factors: tuple[float, ...] = (1.0,) * 5,
    *,
    scatter: float = 0.03,
    seed: int = 1,
    first: dt.datetime = START,
    **columns: Any,
) -> pa.Table:
    """Rows of the table ``trips``, four a day; further columns replace these."""
    chance = np.random.default_rng(seed)
    distance = chance.uniform(3e3, 60e3, count)
    speed = chance.uniform(7, 33, count)
    duration = 1.1 * distance / speed
    temperature = chance.uniform(-10, 35, count)
    design = Design.of(
        VEHICLE,
        distance_m=distance,
        speed_mps=speed,
        duration_s=duration,
        temperature_c=temperature,
        climb_m=np.zeros(count),
    )
    off = np.exp(scatter * chance.standard_normal(count))
    back = design.recovery @ np.array(factors)
    net = (design.columns @ np.array(factors)) * off
    starts = [first + dt.timedelta(hours=6 * number) for number in range(count)]
    given = {
        "id": [f"trip-{number}" for number in range(count)],
        "vehicle": ["car-1"] * count,
        "start": starts,
        "end": starts,
        "distance_m": distance,
        "duration_s": duration,
        "moving_s": distance / speed,
        "energy_out_wh": net + back,
        "energy_in_wh": back,
        "soc_start_percent": np.full(count, 80.0),
        "soc_end_percent": np.round(80.0 - net / 600),
        "temperature_c": temperature,
        "elevation_gain_m": np.full(count, 30.0),
        "elevation_loss_m": np.full(count, 30.0),
        "complete": [True] * count,
        "engine_s": np.zeros(count),
        "generator_wh": pa.nulls(count, pa.float64()),
    }
    found = given | columns
    return pa.table({field.name: _column(field, found.get(field.name), count) for field in TRIPS.schema}, TRIPS.schema)


def _column(field: pa.Field, values: Any, count: int) -> pa.Array:
    return pa.nulls(count, field.type) if values is None else pa.array(values).cast(field.type)
