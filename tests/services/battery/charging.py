"""Charges as the table ``charges`` has them, of batteries whose capacity is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kaido.flow_electric import CHARGES
from kaido.services.tables import Replacement

if TYPE_CHECKING:
    from kaido.lake import Lake

MOMENT = pa.timestamp("us", tz="UTC")
DAY_US = 86_400_000_000
FOREVER = 2**62


def charges(
    count: int,
    *,
    capacity_ah: float = 100.0,
    change: tuple[float, float] = (30.0, 60.0),
    step: float = 0.5,
    offset_a: float = 0.0,
    amperes: tuple[float, ...] = (20.0,),
    volts: float = 360.0,
    yearly_loss: float = 0.0,
    days: float = 90.0,
    vehicle: str = "car-1",
    seed: int = 1,
    **columns: list[Any],
) -> pa.Table:
    """So many charges; ``columns`` are put in the place of what is made."""
    rng = np.random.default_rng(seed)
    ends = np.sort(rng.uniform(0, days, count))
    low = rng.uniform(10, 90 - change[1], count)
    high = low + rng.uniform(*change, count)
    current = np.resize(np.array(amperes), count)
    years = (ends - ends[-1]) / 365.25
    true_ah = capacity_ah * (1 - yearly_loss * years) * (high - low) / 100
    hours = true_ah / current
    counted = true_ah + offset_a * hours
    end_us = (1_700_000_000_000_000 + ends * DAY_US).astype(np.int64)
    made: dict[str, Any] = {
        "vehicle": [vehicle] * count,
        "start": pa.array(end_us - (3.6e9 * hours).astype(np.int64)).cast(MOMENT),
        "end": pa.array(end_us).cast(MOMENT),
        "kind": ["DC" if one > 60 else "AC" for one in current],
        "charge_ah": counted,
        "energy_battery_wh": counted * (volts + 0.05 * current),
        "soc_start_percent": np.rint(low / step) * step,
        "soc_end_percent": np.rint(high / step) * step,
        "charging_s": 3_600 * hours,
        "battery_temperature_c": np.full(count, 20.0),
        "complete": [True] * count,
    }
    return pa.table(made | columns)


def put(lake: Lake, rows: pa.Table, version: int, *, low: int = 0) -> None:
    """As the derivation of charges does: rows of some vehicles from a moment on take the place of what is there."""
    count = len(rows)
    given = rows.append_column("id", pa.array([f"{name}-{at}" for at, name in enumerate(rows["vehicle"].to_pylist())]))
    columns = {name: given[name] for name in given.column_names} | {
        "connector": ["unknown"] * count,
        "interruptions": [0] * count,
    }
    made = [columns.get(field.name, pa.nulls(count, field.type)) for field in CHARGES.schema]
    replacement = Replacement(lake.derived[CHARGES.name])
    replacement.add(pa.table(made, names=CHARGES.schema.names).cast(CHARGES.schema))
    vehicles = sorted(set(rows["vehicle"].to_pylist()))
    ranges = pa.table({"vehicle": vehicles, "low": [low] * len(vehicles), "high": [FOREVER] * len(vehicles)})
    replacement.commit(ranges, ("kaido.services", version))
