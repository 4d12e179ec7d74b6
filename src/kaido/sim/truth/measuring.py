"""From the truth to what a car's buses say: sampled, quantised, off by an offset, noisy, with gaps and sentinels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.sim.truth import signals as names
from kaido.sim.truth.tables import wall_w

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from kaido.sim.markets import Market
    from kaido.sim.profile import Floats
    from kaido.sim.truth.stretch import Stretch

VOLTAGE_SENTINEL, SOC_SENTINEL = 511.5, 1023.0
"""What a bus says before the battery's computer has measured anything."""


@dataclass(frozen=True)
class Measuring:
    """How well a car measures itself. Steps are in the signals' units.

    Attributes:
        soc_step: % of state of charge; the true value is rounded to it, or cut off where ``soc_cut``.
        soc_error: how far the car's own idea is off before that: (state of charge %, standard deviation in points),
            straight between; drawn anew at both ends of a stretch. None: it knows exactly.
        current_hz: samples of the battery's current a second in a drive.
        current_step, current_noise: A; the noise is normal, this is its standard deviation.
        current_offset: A; standard deviation over cars. A car keeps its offset.
        current_drift: A; standard deviation over stretches of what comes on top of it.
        current_gain: share; standard deviation over cars of what all currents are wrong by.
        change: values are sent when they change, at most once a second (drives; charging: ``charging_s``).
        voltage_step: V.
        speed_step: km/h.
        odometer_step: km.
        position_s, charging_s: seconds between two samples of the position, and of current and voltage at a charger.
        power: whether there is a signal of the battery's power beside voltage and current.
        wall: whether the charger's own voltage and current are there.
        text_states: the car's state comes as text, not as number.
        gaps: share of drives and charges in which for some time nothing arrives; ``gap_s`` between which lengths.
        sentinels: share of wake-ups at which voltage and state of charge begin with a sentinel.
    """

    soc_step: float = 0.5
    soc_cut: bool = False
    soc_error: tuple[tuple[float, float], ...] | None = None
    current_hz: int = 1
    current_step: float = 0.1
    current_noise: float = 0.4
    current_offset: float = 0.1
    current_drift: float = 0.0
    current_gain: float = 0.0
    voltage_step: float = 0.5
    speed_step: float = 0.1
    odometer_step: float = 0.1
    position_s: float = 5.0
    charging_s: float = 10.0
    power: bool = False
    wall: bool = True
    text_states: bool = False
    gaps: float = 0.02
    gap_s: tuple[float, float] = (20.0, 200.0)
    sentinels: float = 0.3


@dataclass(frozen=True, eq=False)
class Measured:
    """Samples as columns: a code of ``signals.CODES``, microseconds since 1970, the value."""

    code: NDArray[np.int16]
    time_us: NDArray[np.int64]
    value: Floats

    @classmethod
    def concatenate(cls, parts: Iterable[Measured]) -> Measured:
        """One after the other."""
        columns = [(part.code, part.time_us, part.value) for part in parts]
        if not columns:
            return cls(np.zeros(0, np.int16), np.zeros(0, np.int64), np.zeros(0))
        return cls(*(np.concatenate(column) for column in zip(*columns, strict=True)))


class Meter:
    """What one car's sensors say of stretches of its life.

    Args:
        how: how well.
        offset_a: what this car's current sensor shows when none flows.
        gain: what all of that sensor's currents are wrong by, as a share.
        market: of the socket's voltage and phases.
        health: what the car's computer says of its battery, %.
    """

    def __init__(self, how: Measuring, offset_a: float, gain: float, market: Market, health: float) -> None:
        self.how, self.offset_a, self.gain, self.market, self.health = how, offset_a, gain, market, health

    def measure(self, one: Stretch, rng: np.random.Generator) -> Measured:
        """The samples of a stretch, in no order."""
        writing = _Writing(one.start_us)
        if one.kind == "trip":
            self._trip(writing, one, rng)
        elif one.kind == "idle":
            _cable(writing, one)
        else:
            self._charge(writing, one, rng)
        found = writing.done()
        return self._with_gap(found, one, rng) if one.kind != "idle" and rng.random() < self.how.gaps else found

    def current(self, one: Stretch, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Seconds into the stretch, and the current as it is measured then."""
        if one.kind == "trip":
            seconds = np.arange(0.0, one.seconds[-1], 1 / self.how.current_hz)
            true = one.flow.current[: len(seconds)] if self.how.current_hz == 1 else one.current_at(seconds)
        else:
            seconds, true = self._thinned(one, one.flow.current)
        off = self.offset_a + rng.standard_normal(len(true), np.float32) * self.how.current_noise
        if self.how.current_drift:
            off = off + rng.normal(0.0, self.how.current_drift)
        return seconds, _rounded((1 + self.gain) * true + off, self.how.current_step)

    def _trip(self, writing: _Writing, one: Stretch, rng: np.random.Generator) -> None:
        how, drive = self.how, one.drive
        assert drive is not None
        end = float(one.seconds[-1])
        self._begin(writing, one, rng, names.ON)
        writing.at(names.GEAR, (4.0, names.DRIVE), (end - 3.0, names.PARK))
        writing.changes(names.SPEED, drive.seconds, _rounded(3.6 * drive.speed, how.speed_step))
        kilometres = _rounded((one.odometer_m + drive.metres) / 1_000, how.odometer_step)
        writing.changes(names.ODOMETER, drive.seconds, kilometres)
        self._battery(writing, one, rng)
        every = slice(2, None, max(round(how.position_s), 1))
        where = drive.seconds[every]
        writing.all(names.LATITUDE, where, np.round(drive.latitude[every], 6))
        writing.all(names.LONGITUDE, where, np.round(drive.longitude[every], 6))
        writing.changes(names.ALTITUDE, where, np.round(drive.altitude[every]))
        if one.generator_w is not None and one.fuel_lph is not None and one.engine_rpm is not None:
            writing.changes(names.GENERATOR_W, one.seconds, _rounded(one.generator_w, 10.0))
            writing.changes(names.FUEL_LPH, one.seconds, _rounded(one.fuel_lph, 0.01))
            writing.changes(names.ENGINE_RPM, one.seconds, _rounded(one.engine_rpm, 10.0))
        writing.at(names.STATE, (end, names.LOCK))
        writing.at(names.CONNECTED, (end, 0.0))

    def _charge(self, writing: _Writing, one: Stretch, rng: np.random.Generator) -> None:
        assert one.delivering is not None
        end = float(one.seconds[-1])
        self._begin(writing, one, rng, names.OFF)
        writing.changes(names.IS_CHARGING, one.seconds, one.delivering)
        self._battery(writing, one, rng)
        writing.at(names.ODOMETER, (1.0, float(_rounded(np.array(one.odometer_m / 1_000), self.how.odometer_step))))
        if self.how.wall:
            self._wall(writing, one)
        writing.at(names.STATE, (end, names.LOCK))
        writing.at(names.CONNECTED, (end, 0.0))

    def _begin(self, writing: _Writing, one: Stretch, rng: np.random.Generator, state: float) -> None:
        writing.at(names.STATE, (0.0, state))
        writing.at(names.CONNECTED, (0.0, 1.0))
        writing.at(names.OUTSIDE_C, (1.0, round(2 * one.ambient_c) / 2))
        writing.at(names.BATTERY_C, (1.0, round(one.battery_c)))
        writing.at(names.SOH, (1.0, float(round(self.health))))
        if rng.random() < self.how.sentinels:
            writing.at(names.VOLTAGE, (-0.4, VOLTAGE_SENTINEL), (-0.2, VOLTAGE_SENTINEL))
            writing.at(names.SOC, (-0.3, SOC_SENTINEL))

    def _battery(self, writing: _Writing, one: Stretch, rng: np.random.Generator) -> None:
        writing.changes(names.CURRENT, *self.current(one, rng))
        seconds, volts = self._thinned(one, one.flow.volts)
        writing.changes(names.VOLTAGE, seconds, _rounded(volts, self.how.voltage_step))
        writing.changes(names.SOC, one.seconds, self.soc(one, rng))
        if self.how.power:
            writing.changes(names.POWER, seconds, _rounded(self._thinned(one, one.flow.power)[1], 10.0))

    def soc(self, one: Stretch, rng: np.random.Generator) -> Floats:
        """State of charge as it is shown, %."""
        step = self.how.soc_step
        percent = 100 * one.flow.soc
        if self.how.soc_error is not None:
            nodes, errors = np.array(self.how.soc_error).T
            at_ends = np.interp(percent[[0, -1]], nodes, errors)
            off = rng.standard_normal(2) * at_ends
            wrong = off[0] + (off[1] - off[0]) * one.seconds / one.seconds[-1]
            percent = np.clip(percent + wrong, 0.0, 100.0)  # no car shows more
        return step * np.floor(percent / step) if self.how.soc_cut else _rounded(percent, step)

    def _thinned(self, one: Stretch, values: Floats) -> tuple[Floats, Floats]:
        """At a charger every ``charging_s``, and every second where current begins, ends or is interrupted."""
        if one.delivering is None:
            return one.seconds, values
        every = max(round(self.how.charging_s / float(one.seconds[1])), 1)
        kept = np.zeros(len(values), bool)
        kept[::every] = True
        turns = np.flatnonzero(np.diff(one.delivering))
        kept[[0, 1, *turns, *(turns + 1), -2, -1]] = True
        return one.seconds[kept], values[kept]

    def _wall(self, writing: _Writing, one: Stretch) -> None:
        seconds, watts = self._thinned(one, wall_w(one))
        if one.kind == "DC":
            volts = self._thinned(one, one.flow.volts)[1]
            writing.changes(names.DC_VOLTAGE, seconds, _rounded(volts, 0.5))
            writing.changes(names.DC_CURRENT, seconds, _rounded(watts / volts, 0.1))
            return
        socket_v, phases = self.market.volts, self.market.phases
        writing.changes(names.AC_VOLTAGE, seconds, np.where(watts > 0, socket_v, 0.0))
        amperes = _rounded(watts / (socket_v * phases), 0.05)
        for path in names.AC_CURRENTS[:phases]:
            writing.changes(path, seconds, amperes)

    def _with_gap(self, found: Measured, one: Stretch, rng: np.random.Generator) -> Measured:
        length = 1e6 * rng.uniform(*self.how.gap_s)
        low = one.start_us + 30_000_000
        begin = rng.uniform(low, max(low, one.end_us - 30_000_000 - length))
        kept = (found.time_us < begin) | (found.time_us > min(begin + length, one.end_us - 20_000_000))
        return Measured(found.code[kept], found.time_us[kept], found.value[kept])


class _Writing:
    """The samples of one stretch as they are written down."""

    def __init__(self, start_us: int) -> None:
        self._start_us = start_us
        self._codes: list[int] = []
        self._counts: list[int] = []
        self._seconds: list[Floats] = []
        self._values: list[Floats] = []

    def all(self, path: str, seconds: Floats, values: Floats) -> None:
        self._codes.append(names.CODES[path])
        self._counts.append(len(seconds))
        self._seconds.append(seconds)
        self._values.append(values)

    def changes(self, path: str, seconds: Floats, values: Floats) -> None:
        """What differs from the one before; the first in any case."""
        kept = np.empty(len(values), bool)
        kept[0] = True
        np.not_equal(values[1:], values[:-1], out=kept[1:])
        self.all(path, seconds[kept], values[kept])

    def at(self, path: str, *samples: tuple[float, float]) -> None:
        """A few: seconds and value."""
        seconds, values = np.array(samples, np.float64).T
        self.all(path, seconds, values)

    def done(self) -> Measured:
        if not self._codes:
            return Measured.concatenate(())
        seconds = np.concatenate(self._seconds)
        return Measured(
            np.repeat(np.array(self._codes, np.int16), self._counts),
            self._start_us + np.rint(1e6 * seconds).astype(np.int64),
            np.concatenate(self._values),
        )


def _cable(writing: _Writing, one: Stretch) -> None:
    if one.plugged_s is None:
        return
    begin, end = one.plugged_s
    if begin >= 0:
        writing.at(names.CABLE, (begin, 1.0))
    if end < one.seconds[-1]:
        writing.at(names.CABLE, (end, 0.0))


def _rounded(values: Floats, step: float) -> Floats:
    """To whole steps; one a decimal fraction of a unit gives that fraction's own floating-point numbers."""
    return np.rint(values / step) / (1 / step) if step < 1 else np.rint(values / step) * step
