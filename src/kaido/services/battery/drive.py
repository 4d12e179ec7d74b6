"""One recorded drive: peaks of power, net energy, and what its change of state of charge says of the capacity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kaido.errors import InvalidInputError
from kaido.services.battery.capacity import Capacities, capacities
from kaido.services.battery.sessions import Sessions

if TYPE_CHECKING:
    from kaido.services.battery.chemistry import Chemistry, Floats
    from kaido.services.battery.sensor import Sensor

Sign = Literal["auto", "in", "out"]
"""Which way a positive current flows: into the battery, out of it, or as the data show."""

_VOLTAGE_SENTINELS, _VOLTAGE = (511.5, 1_023.0), (30.0, 1_500.0)
_CURRENT_SENTINELS, _CURRENT = (511.5, -512.0), (-2_500.0, 2_500.0)
_SOC = (0.0, 100.0)
_GAP_S = 10.0
"""Where the current is silent for longer, nothing is counted."""
_SWING_A = 2.0
"""Changes of the current from which on the voltage's answer to them is looked at."""


@dataclass(frozen=True, eq=False)
class Series:
    """One measured signal: ascending Unix times (or seconds from any moment on), and its values."""

    time_s: Floats
    value: Floats

    def __len__(self) -> int:
        """How many samples."""
        return len(self.time_s)

    def at(self, time_s: Floats) -> Floats:
        """The last value before each time; before the first, the first."""
        return self.value[np.maximum(np.searchsorted(self.time_s, time_s, side="right") - 1, 0)]


@dataclass(frozen=True)
class Drive:
    """What a drive shows. Power and current into the battery are positive.

    Attributes:
        duration_s: over which current and state of charge are both known.
        gaps_s: of it without a current; nothing is counted there.
        peak_out_w, peak_in_w: the highest power drawn from and given back to the battery.
        energy_out_wh, energy_in_wh, net_wh: ``net_wh`` is out less in.
        net_ah: charge taken, likewise.
        soc_start_percent, soc_end_percent: as they were shown.
        soc_step_percent: the steps in which it is shown.
        wh_per_soc: net energy over the fall of state of charge, Wh for 100 %; a quotient and no estimate.
        found: capacities with their intervals; ``value`` is None where the drive says too little.
        dropped: samples that are no measurements, by signal.
        sign: "in" where positive currents of the recording flow into the battery, else "out".
        sign_by: how that is known.
    """

    duration_s: float
    gaps_s: float
    peak_out_w: float
    peak_in_w: float
    energy_out_wh: float
    energy_in_wh: float
    net_wh: float
    net_ah: float
    soc_start_percent: float
    soc_end_percent: float
    soc_step_percent: float
    wh_per_soc: float | None
    found: Capacities
    dropped: dict[str, int]
    sign: str
    sign_by: str

    def to_json(self) -> dict[str, Any]:
        """As programs read it."""
        shown = {name: value for name, value in vars(self).items() if name != "found"}
        return shown | {"estimates": [self.found.charge.to_json(), self.found.energy.to_json()]}


def examine(
    voltage: Series,
    current: Series,
    soc: Series,
    chemistry: Chemistry,
    *,
    sign: Sign = "auto",
    sensor: Sensor | None = None,
) -> Drive:
    """Estimate from one drive (or one charge) alone.

    Args:
        voltage: V; 511.5 and 1023 mean that nothing was measured.
        current: A, in the direction of ``sign``.
        soc: %; more than 100 (1023, and 102.3 in tenths) means that nothing was measured.
        chemistry: what is known of the battery.
        sign: which way a positive current flows.
        sensor: how well the current is measured.

    Raises:
        InvalidInputError: too little is left of a signal without its sentinels, or they do not overlap.
    """
    raw = {"voltage": voltage, "current": current, "state of charge": soc}
    voltage = _measured(voltage, _VOLTAGE, _VOLTAGE_SENTINELS)
    current = _measured(current, _CURRENT, _CURRENT_SENTINELS)
    soc = _measured(soc, _SOC, ())
    kept = {"voltage": voltage, "current": current, "state of charge": soc}
    for name, series in kept.items():
        if len(series) < 2:  # noqa: PLR2004  # a stretch has two ends
            raise InvalidInputError(
                f"the drive has no {name}", why=f"{len(series)} of {len(raw[name])} samples measure it"
            )
    begin = max(series.time_s[0] for series in kept.values())
    whole = (current.time_s >= begin) & (current.time_s >= soc.time_s[0])
    if whole.sum() < 2:  # noqa: PLR2004  # as above
        raise InvalidInputError("the drive's voltage, current and state of charge are not from the same time")
    seconds, volts = current.time_s[whole], voltage.at(current.time_s[whole])
    direction, by = _direction(sign, current.value[whole], volts, seconds, soc)
    amperes = direction * current.value[whole]
    watts = volts * amperes
    spans = np.diff(seconds)
    counted = np.where(spans <= _GAP_S, spans, 0.0) / 3_600
    out, back = (_integral(np.maximum(way * watts, 0.0), counted) for way in (-1, 1))
    first, last = float(soc.at(seconds[:1])[0]), float(soc.at(seconds[-1:])[0])
    taken_ah = -_integral(amperes, counted)
    session = _as_session(seconds, taken_ah, volts, soc, first, last)
    fall = (first - last) / 100
    return Drive(
        duration_s=float(seconds[-1] - seconds[0]),
        gaps_s=float(spans[spans > _GAP_S].sum()),
        peak_out_w=float(max(-watts.min(), 0.0)),
        peak_in_w=float(max(watts.max(), 0.0)),
        energy_out_wh=out,
        energy_in_wh=back,
        net_wh=out - back,
        net_ah=taken_ah,
        soc_start_percent=first,
        soc_end_percent=last,
        soc_step_percent=session.step,
        wh_per_soc=(out - back) / fall if fall else None,
        found=capacities(session, chemistry, sensor),
        dropped={name: len(raw[name]) - len(series) for name, series in kept.items()},
        sign="in" if direction > 0 else "out",
        sign_by=by,
    )


def _measured(series: Series, between: tuple[float, float], sentinels: tuple[float, ...]) -> Series:
    """What of a series is a measurement, in order of time."""
    low, high = between
    value = series.value
    good = np.isfinite(value) & np.isfinite(series.time_s) & (value >= low) & (value <= high)
    good &= ~np.isin(value, sentinels)
    order = np.argsort(series.time_s[good], kind="stable")
    return Series(series.time_s[good][order], value[good][order])


def _direction(sign: Sign, amperes: Floats, volts: Floats, seconds: Floats, soc: Series) -> tuple[float, str]:
    """1 where a positive current flows into the battery, -1 where it flows out."""
    if sign != "auto":
        return (1.0 if sign == "in" else -1.0), "as it was said"
    swing, answer = np.diff(amperes), np.diff(volts)
    large = (np.abs(swing) > _SWING_A) & (answer != 0)
    together = float(np.sum(swing[large] * answer[large]))
    if together:
        return (
            1.0 if together > 0 else -1.0
        ), "voltage rises with current into a battery and falls with current out of it"
    net = float(np.sum(amperes[:-1] * np.diff(seconds)))
    rise = float(soc.value[-1] - soc.value[0])
    if net * rise:
        return (1.0 if net * rise > 0 else -1.0), "state of charge rises with charge into the battery"
    raise InvalidInputError(
        "the drive does not show which way its current flows",
        why="neither voltage nor state of charge changes with it",
        fix="Say it: --sign in where a positive current flows into the battery, else --sign out",
    )


def _integral(values: Floats, hours: Floats) -> float:
    return float(np.sum((values[1:] + values[:-1]) / 2 * hours))


def _as_session(seconds: Floats, taken_ah: float, volts: Floats, soc: Series, first: float, last: float) -> Sessions:
    """The drive as if it were a charge that took so much. Its steps are those of all states of charge it showed."""
    into = -taken_ah
    columns = (
        seconds[-1:],
        (seconds[-1:] - seconds[:1]) / 3_600,
        np.array([into]),
        into * np.median(volts, keepdims=True),
        np.array([first]),
        np.array([last]),
        np.zeros(1, bool),
        np.full(1, np.nan),
    )
    return Sessions(*columns, shown=soc.value)
