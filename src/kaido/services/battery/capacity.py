"""Capacity: charge counted over a change of state of charge, of many sessions, each weighted by its own error.

The page docs/methods/battery-health.md has the equations. The charge is known far better than the change of state of
charge, so the change is regressed on the charge, not the other way round: errors of a regressor would bias the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kaido.services.battery.estimate import Estimate
from kaido.services.battery.line import Line, regress
from kaido.services.battery.sensor import Sensor

if TYPE_CHECKING:
    from kaido.services.battery.chemistry import Chemistry
    from kaido.services.battery.sessions import Sessions

CHARGE = "charge counted over the change of state of charge"
ENERGY = "charge capacity times the mean voltage while charging, at half charge and without current"
FADE = "trend of charge capacity over sessions"
CHARGE_CAPACITY, ENERGY_CAPACITY, YEARLY_FADE = "charge capacity", "energy capacity", "capacity lost a year"
_COUNTING = 0.001
"""Share of the charge counted that sampling may have missed, one standard deviation."""
_SLOPE = 0.2
"""Voltage may rise by such a share of its mean over the whole range, one standard deviation."""
_DROP = (0.03, 0.03)
"""At a current that charges in an hour, voltage is higher by this share: believed, and its standard deviation."""
_LEARNT = 0.5
"""A trend is told when the data have halved what was uncertain about it."""


@dataclass(frozen=True)
class Capacities:
    """What the sessions of one car say about its battery.

    Attributes:
        charge: Ah between 0 and 100 % state of charge, at the end of the last session.
        energy: Wh between the two, at rest.
        fade: share of the capacity a year, %.
        scatter: how many times larger the sessions' errors are than measuring explains; about 1 is well.
    """

    charge: Estimate
    energy: Estimate
    fade: Estimate
    scatter: float = 1.0


def capacities(sessions: Sessions, chemistry: Chemistry, sensor: Sensor | None = None) -> Capacities:
    """Estimate from the sessions of one car."""
    if not len(sessions):
        missing = "no complete charge with counted charge and state of charge"
        return Capacities(
            Estimate.nothing(CHARGE_CAPACITY, "Ah", CHARGE, missing),
            Estimate.nothing(ENERGY_CAPACITY, "Wh", ENERGY, missing),
            Estimate.nothing(YEARLY_FADE, "%", FADE, missing),
        )
    sensor = sensor or Sensor()
    line = _line(sessions, chemistry, sensor)
    per_ah, low, high = line.interval(np.array([1.0, 0.0, 0.0]), (sensor.gain * line.mean[0]) ** 2)
    of: dict[str, Any] = {
        "sessions": int(line.kept.sum()),
        "left_out": int((~line.kept).sum()),
        "date": sessions.until,
    }
    if per_ah <= 0:
        missing = "the state of charge does not rise with the charge that was counted"
        count = int(line.kept.sum())
        return Capacities(
            Estimate.nothing(CHARGE_CAPACITY, "Ah", CHARGE, missing, sessions=count),
            Estimate.nothing(ENERGY_CAPACITY, "Wh", ENERGY, missing, sessions=count),
            Estimate.nothing(YEARLY_FADE, "%", FADE, missing, sessions=count),
        )
    top = 1 / low if low > 0 else None
    charge = Estimate.of(CHARGE_CAPACITY, 1 / per_ah, 1 / high, top, unit="Ah", method=CHARGE, **of)
    return Capacities(charge, _energy(sessions, chemistry, sensor, line, of), _fade(line, chemistry, of), line.scale)


def _line(sessions: Sessions, chemistry: Chemistry, sensor: Sensor) -> Line:
    """The change of state of charge an Ah, how that grows a year, and an hour's by the offset of the current."""
    about = float(np.sum(sessions.charge_ah * sessions.change) / np.sum(sessions.charge_ah**2))
    about = max(about, 1e-6)
    counted = np.hypot(_COUNTING * sessions.charge_ah, sensor.drift_a * sessions.hours)
    nothing = np.zeros(len(sessions))
    fade, spread = chemistry.fade
    return regress(
        np.column_stack([sessions.charge_ah, sessions.charge_ah * sessions.years, -sessions.hours]),
        sessions.change,
        sessions.change_variance(chemistry),
        belief=about * np.array([0.0, fade, 0.0]),
        belief_variance=np.array([np.inf, (about * spread) ** 2, (about * sensor.offset_a) ** 2]),
        blur=np.column_stack([counted, counted * sessions.years, nothing]),
    )


def _fade(line: Line, chemistry: Chemistry, of: dict[str, Any]) -> Estimate:
    """The yearly loss, where the sessions say more about it than was believed before them."""
    share, low, high = (100 * end / line.mean[0] for end in line.interval(np.array([0.0, 1.0, 0.0])))
    more = {"unit": "%", "method": FADE, **of}
    learnt = (high - low) / 2 < _LEARNT * 196 * chemistry.fade[1]
    return Estimate(
        quantity=YEARLY_FADE,
        value=share if learnt else None,
        low=low,
        high=high,
        missing="" if learnt else "the sessions span too little time to tell a trend from what is usual",
        **more,
    )


def _energy(sessions: Sessions, chemistry: Chemistry, sensor: Sensor, line: Line, of: dict[str, Any]) -> Estimate:
    """Charge capacity times mean voltage; the voltage rises with state of charge and current, by how much is learnt."""
    kept = line.kept
    volts = (sessions.energy_wh / sessions.charge_ah)[kept]
    usual = float(np.median(volts))
    rate = (sessions.charge_ah / np.maximum(sessions.hours, 1e-3) * line.mean[0])[kept]
    voltage = regress(
        np.column_stack([np.ones(kept.sum()), sessions.middle[kept] - 0.5, rate]),
        volts,
        np.full(len(volts), (0.01 * usual) ** 2),
        belief=usual * np.array([0.0, 0.0, _DROP[0]]),
        belief_variance=usual**2 * np.array([np.inf, _SLOPE**2, _DROP[1] ** 2]),
    )
    middle = float(voltage.mean[0])
    charge, low, high = line.interval(np.array([1.0, 0.0, 0.0]))
    half = (high - low) / 2 / charge
    # Relative errors that have nothing to do with one another, all as halves of 95 % intervals.
    parts = [half, *(1.96 * one for one in (sensor.gain, sensor.volts, chemistry.voltage_spread))]
    parts.append(1.96 * float(voltage.covariance[0, 0]) ** 0.5 / middle)
    wide = float(np.sqrt(np.sum(np.square(parts))))
    value = middle / charge
    top = value / (1 - wide) if wide < 1 else None
    return Estimate.of(ENERGY_CAPACITY, value, value / (1 + wide), top, unit="Wh", method=ENERGY, **of)
