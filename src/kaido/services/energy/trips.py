"""A car's trips as columns of numbers: what the fit reads of the table ``trips``."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.services.energy.cycle import Floats

SHORTEST_M, SHORTEST_S = 500.0, 60.0
_FASTEST_MPS = 70.0
_USUAL_C = 20.0
FUEL_WH_PER_L = 8_900.0
"""Lower heating value of petrol."""
_LEAST_GENERATED = 0.2
"""Of the fuel's energy, as electricity: an engine that gave less drove the wheels."""
_LEAST_SOC_PERCENT = 2.0
_STEPS_PERCENT = (2 / 12) ** 0.5
"""Of the difference of two numbers that are rounded to 1."""
_METER_WH = 20.0


@dataclass(frozen=True, eq=False)
class Trips:
    """Columns, a row a trip, oldest first. NaN where something was not measured.

    Attributes:
        start_s: Unix seconds.
        distance_m, duration_s, moving_s: of the trip.
        net_wh: that driving took from the battery (and from a generator beside it), less what came back.
        in_wh: that came back into the battery; NaN where a generator charged it, too.
        soc_used: percent of the battery, from the first to the last state of charge.
        temperature_c: outside; 20 °C where it was not measured.
        climb_m: how much higher it ended; 0 where not measured.
    """

    start_s: Floats
    distance_m: Floats
    duration_s: Floats
    moving_s: Floats
    net_wh: Floats
    in_wh: Floats
    soc_used: Floats
    temperature_c: Floats
    climb_m: Floats

    @classmethod
    def of(cls, table: pa.Table) -> Trips:
        """From rows of the table ``trips``, those that say something about consumption.

        Left out: incomplete ones, those under 500 m or a minute, those faster than a car, and those in which an engine
        drove the wheels, or a generator that was not measured.
        """
        table = table.sort_by("start")
        get = _Columns(table)
        generator = np.nan_to_num(get("generator_wh"))
        out_wh, in_wh = get("energy_out_wh"), get("energy_in_wh")
        engine_s = np.nan_to_num(get("engine_s"))
        temperature = get("temperature_c")
        gain, loss = get("elevation_gain_m"), get("elevation_loss_m")
        found = cls(
            start_s=table["start"].cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy() / 1e6,
            distance_m=get("distance_m"),
            duration_s=get("duration_s"),
            moving_s=get("moving_s"),
            net_wh=np.where(out_wh > 0, out_wh + generator - in_wh, np.nan),
            in_wh=np.where((out_wh > 0) & (generator == 0), in_wh, np.nan),
            soc_used=get("soc_start_percent") - get("soc_end_percent"),
            temperature_c=np.where(np.isfinite(temperature), np.clip(temperature, -50, 60), _USUAL_C),
            climb_m=np.nan_to_num(gain - loss),
        )
        speed = found.distance_m / np.maximum(found.moving_s, 1.0)
        good = (found.distance_m >= SHORTEST_M) & (found.moving_s >= SHORTEST_S) & (speed < _FASTEST_MPS)
        good &= found.duration_s >= found.moving_s - 1
        burnt_wh = FUEL_WH_PER_L * np.nan_to_num(get("fuel_l"))
        good &= (engine_s == 0) | ((generator > 0) & (generator >= _LEAST_GENERATED * burnt_wh))
        if "complete" in table.column_names:
            good &= pc.fill_null(table["complete"], fill_value=False).to_numpy(zero_copy_only=False).astype(bool)
        return found.take(good)

    @classmethod
    def none(cls) -> Trips:
        """No trips."""
        return cls(*(np.zeros(0) for _ in fields(cls)))

    def __len__(self) -> int:
        return len(self.start_s)

    def take(self, which: np.ndarray | slice) -> Trips:
        """Some of them."""
        return Trips(*(getattr(self, field.name)[which] for field in fields(self)))

    def then(self, others: Trips) -> Trips:
        """These and others."""
        return Trips(*(np.append(getattr(self, field.name), getattr(others, field.name)) for field in fields(self)))

    @property
    def speed_mps(self) -> Floats:
        """Mean speed while moving."""
        return self.distance_m / self.moving_s

    def used(self, usable_wh: float | None) -> tuple[Floats, Floats]:
        """What driving took, Wh, and how well that was measured (a standard deviation); NaN where nothing says it.

        Where energy was not measured it is the change of the state of charge, which is shown in steps of about 1 %.
        """
        measured = np.isfinite(self.net_wh)
        enough = ~measured & np.isfinite(self.soc_used) & (self.soc_used >= _LEAST_SOC_PERCENT)
        percent_wh = (usable_wh or np.nan) / 100
        net = np.where(measured, self.net_wh, np.where(enough, self.soc_used * percent_wh, np.nan))
        return net, np.where(measured, _METER_WH, _STEPS_PERCENT * percent_wh)


class _Columns:
    """Columns of a table as numbers."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._known: Sequence[str] = table.column_names

    def __call__(self, name: str) -> Floats:
        if name not in self._known:
            return np.full(len(self._table), np.nan)
        numbers: Floats = self._table[name].cast(pa.float64()).to_numpy().astype(np.float64)
        return numbers
