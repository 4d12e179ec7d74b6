"""The charges of one car as columns of numbers, each with its own error."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from kaido.services.battery.chemistry import Chemistry, Floats

COLUMNS = (
    *("vehicle", "start", "end", "kind", "charge_ah", "energy_battery_wh", "soc_start_percent", "soc_end_percent"),
    *("charging_s", "battery_temperature_c", "complete"),
)
"""Those of the table ``charges`` that are read here."""
_NEEDED = ("charge_ah", "energy_battery_wh", "soc_start_percent", "soc_end_percent")
_STEPS = (2.0, 1.0, 0.5, 0.4, 0.25, 0.2, 0.1, 0.05, 0.02, 0.01)
_NEVER_FINER = 0.005
_FIRST_S = 1e8
"""March 1973: what is before is no date, but seconds since some other moment."""
_YEAR_S = 365.2425 * 86_400


@dataclass(frozen=True, eq=False)
class Sessions:
    """Charges of one car in order of time; all columns are as long.

    Attributes:
        end_s: Unix time.
        hours: from beginning to end, over which an offset of the current adds up.
        charge_ah, energy_wh: into the battery.
        soc_start, soc_end: %, as it was shown.
        fast: whether it was DC.
        celsius: of the battery; NaN where it is not known.
        shown: all states of charge that were seen, where that is more than the ends; as many as there are.
    """

    end_s: Floats
    hours: Floats
    charge_ah: Floats
    energy_wh: Floats
    soc_start: Floats
    soc_end: Floats
    fast: np.ndarray
    celsius: Floats
    shown: Floats | None = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self.end_s)

    @classmethod
    def read(cls, charges: pa.Table) -> Sessions:
        """From rows of the table ``charges`` of one car: those that are complete and have what is needed."""
        found = cls.by_vehicle(charges)
        return next(iter(found.values())) if found else cls._none()

    @classmethod
    def _none(cls) -> Sessions:
        nothing = np.zeros(0)
        return cls(nothing, nothing, nothing, nothing, nothing, nothing, np.zeros(0, bool), nothing)

    @classmethod
    def by_vehicle(cls, charges: pa.Table) -> dict[str, Sessions]:
        """The same of many cars at once."""
        good = pc.greater(pc.fill_null(charges["charge_ah"], 0.0), 0.0)
        for name in _NEEDED:
            good = pc.and_(good, pc.is_valid(charges[name]))
        if "complete" in charges.column_names:
            good = pc.and_(good, pc.fill_null(charges["complete"], True))
        rows = charges.filter(good).sort_by([("vehicle", "ascending"), ("end", "ascending")])
        start, end = (rows[name].cast(pa.int64()).to_numpy() / 1e6 for name in ("start", "end"))
        temperature = rows["battery_temperature_c"].cast(pa.float64()).fill_null(float("nan")).to_numpy()
        fast = pc.fill_null(pc.equal(rows["kind"], "DC"), False).to_numpy()
        columns = (end, (end - start) / 3_600, *(rows[name].to_numpy() for name in _NEEDED), fast, temperature)
        runs = pc.run_end_encode(rows["vehicle"].combine_chunks()) if len(rows) else None
        if runs is None:
            return {}
        ends = [0, *runs.run_ends.to_pylist()]
        return {
            vehicle: cls(*(column[low:high] for column in columns))
            for vehicle, low, high in zip(runs.values.to_pylist(), ends[:-1], ends[1:], strict=True)
        }

    @property
    def change(self) -> Floats:
        """Of state of charge, share of 1."""
        return (self.soc_end - self.soc_start) / 100

    @property
    def middle(self) -> Floats:
        """State of charge halfway, share of 1."""
        middle: Floats = (self.soc_end + self.soc_start) / 200
        return middle

    @property
    def years(self) -> Floats:
        """Before (negative) the last one's end."""
        years: Floats = (self.end_s - self.end_s[-1]) / _YEAR_S
        return years

    @property
    def until(self) -> dt.datetime | None:
        """The end of the last one; None where a recording counts its time from anywhere."""
        last = float(self.end_s[-1])
        return dt.datetime.fromtimestamp(last, dt.UTC) if last > _FIRST_S else None

    @property
    def step(self) -> float:
        """The steps in which state of charge is shown, points: the largest that all values are multiples of."""
        return step_of(np.concatenate([self.soc_start, self.soc_end]) if self.shown is None else self.shown)

    def change_variance(self, chemistry: Chemistry) -> Floats:
        """Of ``change``: both ends lie anywhere within a step, and are off by what the chemistry lets a car know."""
        at_ends = chemistry.soc_error_at(self.soc_start) ** 2 + chemistry.soc_error_at(self.soc_end) ** 2
        variance: Floats = (self.step**2 / 6 + at_ends) / 1e4
        return variance

    def since(self, time_s: float) -> Sessions:
        """Those that ended later than a Unix time."""
        return self.between(time_s, np.inf)

    def between(self, low_s: float, high_s: float) -> Sessions:
        """Those that ended later than the one and not later than the other Unix time."""
        first, beyond = np.searchsorted(self.end_s, [low_s, high_s], side="right")
        kept = {name: getattr(self, name)[first:beyond] for name in self.__dataclass_fields__ if name != "shown"}
        return replace(self, **kept)


def step_of(percents: Floats) -> float:
    """The largest usual step that all states of charge are multiples of; 0.005 points where none is."""
    for step in _STEPS:
        if np.all(np.abs(percents / step - np.rint(percents / step)) * step < 1e-6 * max(step, 1.0)):
            return step
    return _NEVER_FINER
