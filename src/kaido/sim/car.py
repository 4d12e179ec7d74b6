"""A simulated car: everything about it follows from model, market and seed, at any time."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from kaido.sim.drives import physics, trip
from kaido.sim.markets import market as market_of
from kaido.sim.models import VehicleModel
from kaido.sim.models import model as model_of
from kaido.sim.route import road
from kaido.sim.routine import FIRST_MONDAY_S, WEEK_S, Outing, routine
from kaido.sim.segment import GRAVITY, Segment, State
from kaido.sim.signals import AC_EFFICIENCY, MODULES, Build, signals
from kaido.sim.week import Body, Way, plan

if TYPE_CHECKING:
    from kaido.sim.profile import Floats

_ODOMETER_WEEK = 2_870
"""The week of 6 January 2025, at whose start the odometer shows what the seed drew."""


class Car:
    """A car of a model (a name of ``kaido.sim.models``) in a market ("US", "JP"…).

    It repeats a routine of four weeks; weather, and with it energy, does not repeat. Planning a week takes some
    milliseconds and happens when it is first asked for; the last two are kept.

    Attributes:
        build: what distinguishes it from others of its model, with the true capacity of its battery.
        body: what its weeks follow from.

    Raises:
        NotFoundError: no such model or market.
        UnavailableError: `fastsim` is not installed.
    """

    def __init__(self, model: str | VehicleModel, market: str, seed: int) -> None:
        self.model = model if isinstance(model, VehicleModel) else model_of(model)
        self.market = market_of(market)
        self.seed = seed
        rng = np.random.default_rng([seed, zlib.crc32(self.model.name.encode()), zlib.crc32(market.encode())])
        self.city = self.market.cities[rng.integers(len(self.market.cities))]
        self.routine = routine(rng)
        self.build = self._build(rng)
        self.body = self._body(rng)
        self._odometer_m = float(rng.uniform(3e6, 9e7))
        self._segments = lru_cache(maxsize=2)(self._week)

    def segments(self, start: float, end: float) -> list[Segment]:
        """The truth behind the signals: what the car does between two Unix times, whole segments in order."""
        first, last = (int((time - self._week_start(0)) // WEEK_S) for time in (start, end))
        return [
            segment
            for number in range(first, last + 1)
            for segment in self._segments(number)
            if segment.end > start and segment.start <= end
        ]

    def state(self, times: Floats) -> State:
        """The physical state at ascending Unix ``times``, in seconds, at least one."""
        parts = []
        for segment in self.segments(float(times[0]), float(times[-1])):
            low, high = np.searchsorted(times, (segment.start, segment.end))
            if high > low:
                parts.append(segment.at(times[low:high]))
        return State.concatenate(parts)

    def signals(self, times: Floats) -> dict[str, Floats]:
        """VSS path → value, in the catalog's units, at ascending Unix ``times`` in seconds, at least one."""
        return self.signals_of(self.state(times), times)

    def signals_of(self, state: State, times: Floats) -> dict[str, Floats]:
        """The signals of a state that is known already."""
        return signals(self.build, state, self.city.ambient(times, self.body.phase))

    def _build(self, rng: np.random.Generator) -> Build:
        known = physics(self.model)
        health = float(rng.uniform(0.86, 1.0))
        return Build(
            model=self.model,
            market=self.market,
            motor_w=known.motor_w,
            capacity_j=known.usable_j * health,
            health=health,
            module_spread=rng.normal(0.0, 0.015, MODULES),
            wheel_pressure=rng.uniform(225.0, 260.0, 4),
        )

    def _body(self, rng: np.random.Generator) -> Body:
        home = (self.city.lat + rng.uniform(-0.04, 0.04), self.city.lon + rng.uniform(-0.04, 0.04))
        ways = []
        for cycles in self.routine.places:
            out, back = trip(self.model, cycles), trip(self.model, cycles[::-1])
            ways.append(Way(out, back, road(self.city, home, out.length, rng)))
        return Body(
            city=self.city,
            phase=float(rng.uniform(0, 0.4)),
            weight_n=physics(self.model).mass_kg * GRAVITY,
            capacity_j=self.build.capacity_j,
            limit=float(rng.choice([0.8, 0.9, 0.95])),
            plug_below=float(rng.uniform(0.55, 0.75)),
            home_w=AC_EFFICIENCY * min(self.market.home_w, self.model.onboard_w),
            fast_w=self.model.fast_w,
            ways=tuple(ways),
        )

    def _week_start(self, number: int) -> float:
        local = FIRST_MONDAY_S + number * WEEK_S + self.routine.start_h * 3_600
        return local - self.city.utc_offset_h * 3_600

    def _week(self, number: int) -> list[Segment]:
        return plan(self.body, self.routine.week(number), self._week_start(number), self._odometer(number))

    def _odometer(self, week: int) -> float:
        """Metres at the start of a week: whole routines, and the weeks begun of the one that runs."""
        driven = [self._length(outings) for outings in self.routine.weeks]
        routines, begun = divmod(week, len(driven))
        routines_then, begun_then = divmod(_ODOMETER_WEEK, len(driven))
        since = (routines - routines_then) * sum(driven) + sum(driven[:begun]) - sum(driven[:begun_then])
        return self._odometer_m + since

    def _length(self, outings: tuple[Outing, ...]) -> float:
        ways = self.body.ways
        return sum(ways[outing.place].out.length + ways[outing.place].back.length for outing in outings)
