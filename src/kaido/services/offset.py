"""How far a car's current sensor is off: from its balance of charge over many trips and charges.

Over any time, the charge that was counted less the offset times that time is the change of what the battery holds: its
capacity times the change of its state of charge. One trip or charge does not tell the offset, for states of charge come
in steps. Many in a row do, because each reading ends one stretch and begins the next: errors of readings do not add up.
``docs/methods/charging.md`` has the equations and limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kaido.services.battery.line import regress, t95
from kaido.services.battery.sensor import Sensor
from kaido.services.battery.sessions import step_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kaido.services.battery.chemistry import Floats

COUNTING, COMMON = 0.002, 0.0005
"""Share of all charge in and out that sampling may have missed, one standard deviation: in one trip or charge, and in
all of them alike."""
DRAIN_A, WANDER_A = 0.1, 0.01
"""What a car draws asleep, as far as is believed; and by how much it differs from one rest to the next."""
LATE_A = 0.1
"""How much of that a car may tell only when it is awake again, so that it looks like driving or charging."""
LEAST = 10
"""Fewer trips and charges than this tell nothing."""
MOST_A = 1.0
"""An offset beyond this is none: something else is wrong, and nothing is corrected by it."""
_UNKNOWN_S = 20.0
"""A trip of which for longer nobody knows the current says nothing."""
_REST_S, _LONGEST_REST_S = 60.0, 7 * 86_400.0
_JUMP = 0.1
"""Behind a rest that is longer, or changed the state of charge by more (share of 1), a balance begins anew."""
_NUMBERS = ("charge_in_ah", "charge_out_ah", "counted_s", "soc_start_percent", "soc_end_percent")


@dataclass(frozen=True)
class Offset:
    """What a sensor shows when no current flows.

    Attributes:
        value_a: A, positive into the battery.
        sd_a: its standard deviation, A.
        low_a, high_a: the 95 % interval, A.
        activities: trips and charges that it rests on.
    """

    value_a: float
    sd_a: float
    low_a: float
    high_a: float
    activities: int

    @property
    def applies(self) -> bool:
        """Whether it differs from 0 for certain (95 %), and may be an offset at all."""
        return (self.low_a > 0 or self.high_a < 0) and abs(self.value_a) <= MOST_A


@dataclass(frozen=True, eq=False)
class Counted:
    """Trips and charges in order of time, as columns that are as long.

    Attributes:
        start, end: Unix time.
        into, out: charge that was counted, Ah; ``counted_s`` is how long the current was known.
        soc_start, soc_end: %; NaN where it is not known, as for the others.
        complete: whether it is over.
    """

    start: Floats
    end: Floats
    into: Floats
    out: Floats
    counted_s: Floats
    soc_start: Floats
    soc_end: Floats
    complete: NDArray[np.bool_]

    @classmethod
    def by_vehicle(cls, rows: pa.Table) -> dict[str, Counted]:
        """From rows of the table ``currents``."""
        rows = rows.sort_by([("vehicle", "ascending"), ("start", "ascending")])
        times = (rows[name].cast(pa.int64()).to_numpy() / 1e6 for name in ("start", "end"))
        numbers = (rows[name].cast(pa.float64()).fill_null(float("nan")).to_numpy() for name in _NUMBERS)
        columns = [*times, *numbers, rows["complete"].fill_null(False).to_numpy()]
        names = rows["vehicle"].to_numpy()
        firsts = np.flatnonzero(np.append(len(names) > 0, names[1:] != names[:-1]))
        ends = np.append(firsts, len(names))[1:]
        return {
            str(names[low]): cls(*(column[low:high] for column in columns))
            for low, high in zip(firsts, ends, strict=True)
        }

    def between(self, low_s: float, high_s: float) -> Counted:
        """Those that began from the one to before the other Unix time."""
        low, high = np.searchsorted(self.start, [low_s, high_s])
        return Counted(*(getattr(self, name)[low:high] for name in self.__dataclass_fields__))


def estimate(counted: Counted, sensor: Sensor | None = None) -> Offset | None:
    """The offset of one car's sensor; None where there is too little to tell.

    Args:
        counted: its trips and charges.
        sensor: what is believed of it before.
    """
    start, end, into, out = counted.start, counted.end, counted.into, counted.out
    soc_start, soc_end = counted.soc_start, counted.soc_end
    known = np.isfinite(into + out + soc_start + soc_end) & (counted.counted_s >= end - start - _UNKNOWN_S)
    known &= counted.complete
    if known.sum() < LEAST:
        return None
    rest = np.append(0.0, start[1:] - end[:-1])
    change = np.append(0.0, soc_start[1:] - soc_end[:-1]) / 100
    linked = known & np.append(False, known[:-1]) & (rest <= _LONGEST_REST_S) & (np.abs(change) <= _JUMP)
    # Stretches in order: the rest before each trip or charge, where its beginning and end are known; and this itself.
    of_rest, of_activity = slice(0, None, 2), slice(1, None, 2)
    hours, rested = (end - start) / 3_600, np.where(linked, rest, 0.0) / 3_600
    x, y, off_ah = np.zeros((2 * len(start), 4)), np.zeros(2 * len(start)), np.zeros(2 * len(start))
    x[of_rest, 2], y[of_rest], off_ah[of_rest] = -rested, change, WANDER_A * rested
    x[of_activity, 0], x[of_activity, 1], x[of_activity, 3] = into - out, -hours, -rested
    y[of_activity], off_ah[of_activity] = (soc_end - soc_start) / 100, COUNTING * (into + out)
    used = np.column_stack([linked & (rest > _REST_S), known]).ravel()
    x, y, off_ah, joined = x[used], y[used], off_ah[used], np.repeat(linked, 2)[used]
    per_ah = max(float(x[:, 0] @ y / (x[:, 0] @ x[:, 0])), 1e-6)
    reading = (step_of(np.concatenate([soc_start[known], soc_end[known]])) / 100) ** 2 / 12
    line = regress(
        *_apart(x, y, (per_ah * off_ah) ** 2, joined, reading),
        belief=np.zeros(4),
        belief_variance=np.array([np.inf, *(per_ah * np.array([(sensor or Sensor()).offset_a, DRAIN_A, LATE_A])) ** 2]),
    )
    if line.mean[0] <= 0:
        return None
    value = float(line.mean[1] / line.mean[0])
    common_a = COMMON * float(np.sum((into + out)[known]) / np.sum(hours[known]))
    sd = float(np.hypot(line.covariance[1, 1] ** 0.5 / line.mean[0], common_a))
    wide = t95(line.freedom) * sd
    return Offset(value, sd, value - wide, value + wide, int(known.sum()))


def _apart(
    x: Floats, y: Floats, variance: Floats, joined: NDArray[np.bool_], reading: float
) -> tuple[Floats, Floats, Floats]:
    """The stretches with errors that have nothing to do with one another.

    The reading (of variance ``reading``) that ends a stretch begins the next where that is ``joined``, so their errors
    are related: their covariance is tridiagonal, and is taken apart from the first to the last.
    """
    x, y, variance = x.copy(), y.copy(), variance + 2 * reading
    for this in np.flatnonzero(joined[1:]) + 1:
        share = reading / variance[this - 1]
        x[this] += share * x[this - 1]
        y[this] += share * y[this - 1]
        variance[this] -= share * reading
    return x, y, variance
