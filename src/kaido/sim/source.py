"""A simulated car's bus as a source of frames for an agent."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import numpy as np

from kaido.can.frames import Frames
from kaido.sim.encode import Encoder, generic_ev, in_order
from kaido.sim.segment import Kind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from numpy.typing import NDArray

    from kaido.sim.car import Car
    from kaido.sim.profile import Floats
    from kaido.sim.segment import State

TICK_MS = 100
_CHUNK_TICKS = 600
_SLOWEST_MS = {Kind.PARK: 10_000, Kind.CHARGE_AC: 1_000, Kind.CHARGE_DC: 1_000, Kind.DRIVE: TICK_MS}
"""A car at rest sends everything no more often than this: parked it wakes now and then."""

_AWAKE_TICKS = 300
"""So long after it was switched on or commanded, the agent keeps even a parked car's bus awake, as if it charged."""


class CarClock:
    """A car's time: it starts at ``start`` (Unix seconds) and runs ``speed`` times as fast until it is now."""

    def __init__(self, start: float | None = None, speed: float = 1.0) -> None:
        self._began = time.time()
        self.start = self._began if start is None else min(start, self._began)
        self.speed = speed

    @property
    def is_past(self) -> bool:
        """Whether it did not start now."""
        return self.start < self._began

    def now(self) -> float:
        """Unix seconds, never in the future."""
        real = time.time()
        return min(self.start + self.speed * (real - self._began), real)


class SimulatedSource:
    """What a car puts on its bus while the clock runs, in chunks of about ``period_s`` real seconds."""

    def __init__(self, car: Car, clock: CarClock, *, encoder: Encoder | None = None, period_s: float = 1.0) -> None:
        self.car = car
        self.clock = clock
        self.encoder = encoder or generic_ev()
        self.period_s = period_s
        self._set: dict[str, list[tuple[float, float]]] = {}
        self._woken = _tick(clock.start)

    @property
    def recorded(self) -> bool:
        """Whether the car's time is not ours: then its frames can wait for a campaign and for room."""
        return self.clock.is_past

    def set(self, path: str, value: float) -> None:
        """Somebody sets a signal: from the next moment on it is this, and the bus is awake to say so."""
        self._woken = _tick(self.clock.now()) + 1
        self._set[path] = [*self._set.get(path, [])[-1:], (self._woken * TICK_MS / 1_000, value)]

    def now(self, path: str) -> float:
        """What a signal is now."""
        time = np.array([self.clock.now()])
        return float(self._signals(self.car.state(time), time)[path][0])

    async def __aiter__(self) -> AsyncIterator[Frames]:
        tick = _tick(self.clock.start)
        while True:
            last = _tick(self.clock.now())
            while tick < last:
                until = min(last, tick + _CHUNK_TICKS)
                frames = self.frames(np.arange(tick, until))
                tick = until
                if len(frames):
                    yield frames
                    await asyncio.sleep(0)
            await asyncio.sleep(self.period_s)

    def frames(self, ticks: NDArray[np.int64]) -> Frames:
        """The frames of ascending ticks (100 ms since 1970), at least one; all of them when the bus wakes."""
        time_us = ticks * (TICK_MS * 1_000)
        state = self.car.state(time_us / 1e6)
        slowest = _slowest_ms(state.kind, awake=ticks < self._woken + _AWAKE_TICKS)
        shifted_ms = (ticks + self.car.seed) * TICK_MS
        cycles = [np.maximum(group.cycle_ms, slowest) for group in self.encoder.groups]
        due = [(shifted_ms % cycle == 0) | (ticks == self._woken) for cycle in cycles]
        if not any(mask.any() for mask in due):
            return Frames.empty()
        signals = self._signals(state, time_us / 1e6)
        return in_order(
            group.encode({path: signals[path][mask] for path in group.paths}, time_us[mask])
            for group, mask in zip(self.encoder.groups, due, strict=True)
            if mask.any()
        )

    def _signals(self, state: State, times: Floats) -> dict[str, Floats]:
        """The car's signals, and instead of them what was set."""
        signals = self.car.signals_of(state, times)
        for path, values in self._set.items():
            for since, value in values:
                signals[path] = np.where(times >= since, value, signals[path])
        return signals


def _slowest_ms(kind: NDArray[np.float64], awake: NDArray[np.bool_]) -> NDArray[np.int64]:
    table = np.array([_SLOWEST_MS[one] for one in Kind], np.int64)
    slowest = table[kind.astype(np.intp)]
    return np.where(awake, np.minimum(slowest, _SLOWEST_MS[Kind.CHARGE_AC]), slowest)


def _tick(seconds: float) -> int:
    return int(seconds * 1_000 / TICK_MS)
