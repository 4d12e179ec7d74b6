"""Battery health held against true batteries: how far off, and how often the truth lies in the interval."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from kaido.bench.figure import Figure
from kaido.services.battery.capacity import Capacities, capacities
from kaido.services.battery.chemistry import chemistry
from kaido.services.battery.sensor import Sensor
from kaido.services.battery.sessions import Sessions
from kaido.sim import truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.bench.options import BenchOptions
    from kaido.services.battery.estimate import Estimate

MEDIAN_ERROR_PERCENT = 2.0
COVERS_PERCENT = (93.0, 97.0)
DAYS = (15, 120)
"""How long a battery is watched: between these."""
_PLUG_IN_EVERY = 5


class Judged(NamedTuple):
    """What is true of one battery, and what was estimated."""

    true_ah: float
    true_wh: float
    found: Capacities


def run(options: BenchOptions) -> list[Figure]:
    """Estimate true batteries from what their cars measured while charging."""
    count = options.pick(1_000, 60)
    figures = _figures(list(judged(count)), bounded=not options.quick)
    options.remark(
        f"{count} batteries of {len({model.name for model in truth.MODELS if model.onboard_w})} models, watched for "
        f"{DAYS[0]} to {DAYS[1]} days; state of charge in steps of 0.5 or 1 %"
    )
    others = options.pick(300, 20)
    exact = _coverage(judged(others, error_factor=0.0))
    worse = _coverage(judged(others, error_factor=2.0))
    return [
        *figures,
        Figure.of("covered, where cars know their state of charge exactly", exact, "%"),
        Figure.of("covered, where they know it half as well as is said", worse, "%"),
    ]


def judged(count: int, seed: int = 1, *, error_factor: float = 1.0) -> Iterator[Judged]:
    """Each battery of a fleet: watched for some weeks, estimated on the last day.

    Args:
        count: how many; every fifth is that of a plug-in hybrid.
        seed: of the fleet.
        error_factor: how much worse cars know their state of charge than ``chemistries.yaml`` says.
    """
    rng = np.random.default_rng([seed, 11])
    plug_ins = count // _PLUG_IN_EVERY
    for car in [*truth.fleet(count - plug_ins, "bev", seed), *truth.fleet(plug_ins, "phev", seed)]:
        kind = chemistry(car.model.chemistry)
        sensors = _sensors(error_factor, kind.soc_error, step=float(rng.choice([0.5, 1.0])))
        watched = truth.TruthCar(car.id, car.model, car.market.code, car.seed, sensors)
        days = int(rng.integers(*DAYS))
        sessions = Sessions.read(measured_charges(watched, days))
        last_s = float(sessions.end_s[-1]) if len(sessions) else truth.START.timestamp()
        battery = watched.battery(last_s)
        yield Judged(battery.capacity_ah, battery.capacity_wh, capacities(sessions, kind))


def measured_charges(car: truth.TruthCar, days: int) -> pa.Table:
    """The rows of ``charges`` that a faultless derivation gets from what the car measures."""
    rows = []
    rng = np.random.default_rng([car.seed, 3])
    for one in car.stretches(truth.START, days):
        if one.kind not in {"AC", "DC"}:
            continue
        meter = car.meter(one.start_us / 1e6)
        seconds, amperes = meter.current(one, rng)
        volts = np.interp(seconds, one.seconds, np.round(2 * one.flow.volts) / 2)
        shown = meter.soc(one, rng)
        rows.append(
            {
                "vehicle": car.id,
                "start": one.start_us,
                "end": one.end_us,
                "kind": one.kind,
                "charge_ah": float(np.trapezoid(amperes, seconds)) / 3_600,
                "energy_battery_wh": float(np.trapezoid(amperes * volts, seconds)) / 3_600,
                "soc_start_percent": float(shown[0]),
                "soc_end_percent": float(shown[-1]),
                "battery_temperature_c": one.battery_c,
            }
        )
    moment = pa.timestamp("us", tz="UTC")
    types = {"vehicle": pa.string(), "start": moment, "end": moment, "kind": pa.string()}
    names = ("charge_ah", "energy_battery_wh", "soc_start_percent", "soc_end_percent", "battery_temperature_c")
    return pa.Table.from_pylist(rows, pa.schema([*types.items(), *((name, pa.float64()) for name in names)]))


def _sensors(error_factor: float, soc_error: tuple[tuple[float, float], ...], step: float) -> truth.Measuring:
    """Sensors whose errors are drawn from what the estimates are told of them."""
    told = Sensor()
    off = tuple((percent, error_factor * error) for percent, error in soc_error)
    return replace(
        truth.Measuring(),
        soc_step=step,
        soc_error=off,
        current_offset=told.offset_a,
        current_drift=told.drift_a,
        current_gain=told.gain,
    )


def _figures(batteries: list[Judged], *, bounded: bool) -> list[Figure]:
    charge = [(one.true_ah, one.found.charge) for one in batteries]
    energy = [(one.true_wh, one.found.energy) for one in batteries]
    told = [(true, found) for true, found in charge if found.value is not None]
    off = [100 * abs(found.value / true - 1) for true, found in told if found.value]
    off_wh = [100 * abs(found.value / true - 1) for true, found in energy if found.value]
    wide = [
        50 * (found.high - found.low) / found.value for _, found in told if found.value and found.high and found.low
    ]
    covered = _coverage(iter(batteries))
    low, high = COVERS_PERCENT if bounded else (None, None)
    most = MEDIAN_ERROR_PERCENT if bounded else None
    return [
        Figure.of("batteries with an estimate", 100 * len(told) / len(batteries), "%"),
        Figure.of("charge capacity, median error", float(np.median(off)), "%", bound=most, better="lower"),
        Figure.of("charge capacity, 90th percentile of errors", float(np.percentile(off, 90)), "%", better="lower"),
        Figure.of("charge capacity, covered by 95 % intervals, at least", covered, "%", bound=low),
        Figure.of("charge capacity, covered by 95 % intervals, at most", covered, "%", bound=high, better="lower"),
        Figure.of("half of the interval, median", float(np.median(wide)), "%", better="lower"),
        Figure.of("energy capacity, median error", float(np.median(off_wh)), "%", bound=most, better="lower"),
        Figure.of("energy capacity, covered by 95 % intervals", _covered(energy), "%"),
    ]


def _coverage(batteries: Iterator[Judged]) -> float:
    return _covered([(one.true_ah, one.found.charge) for one in batteries])


def _covered(pairs: list[tuple[float, Estimate]]) -> float:
    inside = [
        (found.low or 0.0) <= true and (found.high is None or true <= found.high)
        for true, found in pairs
        if found.sessions
    ]
    return 100 * float(np.mean(inside))
