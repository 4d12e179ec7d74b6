"""The power that a drive takes, in a battery-electric car, a plug-in hybrid and a series hybrid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.sim.truth.cycles import GRAVITY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kaido.sim.profile import Floats
    from kaido.sim.truth.battery import Battery
    from kaido.sim.truth.cycles import Drive
    from kaido.sim.truth.models import TruthModel

FUEL_WH_PER_L = 8_900.0
"""Lower heating value of petrol."""
_DRIVELINE, _REGENERATION, _ROTATING = 0.89, 0.80, 1.04
_MOST_REGENERATION_W = 60_000.0
_ENGINE, _SET, _SET_LEAST = 0.33, 0.36, 0.4
"""Fuel to the plug-in's wheels; fuel to the set's electricity; the least share of its power at which a set runs."""
_SUSTAINED = 0.16
_SERIES_ON, _SERIES_OFF = 0.45, 0.62
_MOST_SWITCHES = 400


@dataclass(frozen=True, eq=False)
class Power:
    """Columns over a drive: W into the battery, W from the generator or engine, litres an hour, rpm."""

    battery: Floats
    generator: Floats | None = None
    fuel: Floats | None = None
    engine: Floats | None = None


def motor_w(model: TruthModel, drive: Drive, load: float) -> Floats:
    """Electrical power of the motor, negative where it gives back.

    Args:
        model: its mass and road load.
        drive: the motion.
        load: this car's and this day's factor on the road load: tyres, roof box, wind.
    """
    speed = drive.speed
    a, b, c = model.road_load
    force = load * (a * (speed > 0) + b * speed + c * speed**2)
    force = force + model.mass_kg * (_ROTATING * drive.acceleration + GRAVITY * drive.climb)
    wheel = force * speed
    return np.maximum(wheel * np.where(wheel > 0, 1 / _DRIVELINE, _REGENERATION), -_MOST_REGENERATION_W)


def power(model: TruthModel, battery: Battery, drive: Drive, soc: float, load: float, auxiliary_w: float) -> Power:
    """What flows in a drive that begins with a state of charge (share of 1)."""
    drawn = motor_w(model, drive, load) + auxiliary_w
    if model.kind == "series":
        return _series(model, battery, drawn, soc)
    if model.kind == "phev":
        return _plug_in(model, battery, drive, drawn, soc)
    return Power(-drawn)


def _series(model: TruthModel, battery: Battery, drawn: Floats, soc: float) -> Power:
    """The generator runs from when the battery is low until it is full enough, and gives what is drawn or more."""
    would = np.clip(drawn, _SET_LEAST * model.generator_w, model.generator_w)
    runs = _hysteresis(drawn, would, battery, soc)
    heat = battery.heat(np.where(runs, would, 0.0) - drawn)
    runs = _hysteresis(drawn + heat, would, battery, soc)
    generated = np.where(runs, would, 0.0)
    return Power(generated - drawn, generated, generated / (_SET * FUEL_WH_PER_L), np.where(runs, 2_000.0, 0.0))


def _hysteresis(drawn: Floats, would: Floats, battery: Battery, soc: float) -> NDArray[np.bool_]:
    """When a generator that ``would`` give runs, so that the battery stays between two states of charge."""
    on = np.zeros(len(drawn), bool)
    from_battery, from_generator = (np.cumsum(watts) / 3_600 / battery.capacity_wh for watts in (drawn, would))
    now, runs, offset = 0, False, soc
    for _ in range(_MOST_SWITCHES):
        level = offset - from_battery[now:] + (from_generator[now:] if runs else 0.0)
        crossed = level > _SERIES_OFF if runs else level < _SERIES_ON
        step = int(np.argmax(crossed)) if crossed.any() else len(level)
        on[now : now + step] = runs
        if step == len(level):
            break
        now += step
        offset += (1 if runs else -1) * from_generator[now - 1] if now else 0.0
        runs = not runs
    return on


def _plug_in(model: TruthModel, battery: Battery, drive: Drive, drawn: Floats, soc: float) -> Power:
    """Electric until the battery is low; from there the engine drives, and gives back what low speeds took."""
    left = soc - np.cumsum(drawn) / 3_600 / battery.capacity_wh
    sustaining = np.maximum.accumulate(left < _SUSTAINED)
    runs = sustaining & (drive.speed > 12)  # noqa: PLR2004  # m/s: in town the motor drives
    need = float(np.sum(drawn[sustaining & ~runs]))
    spare = need / max(int(runs.sum()), 1)
    engine = np.where(runs, np.clip(drawn + spare, 0.0, model.generator_w + drawn.clip(0)), 0.0)
    fuel = engine / (_ENGINE * FUEL_WH_PER_L)
    return Power(
        engine - drawn, np.where(runs, np.clip(engine - drawn, 0, None), 0.0), fuel, np.where(runs, 1_900.0, 0)
    )
