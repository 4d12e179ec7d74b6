"""A ring a signal: what a scheme holds until its next trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kaido.agent.samples import Samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEW, _MANY = 1_024, 65_536


class Collected(NamedTuple):
    """What a trigger found.

    Attributes:
        time_ms: the moment of the trigger, ms since the epoch.
        samples: what the rings held, oldest first.
        overflowed: samples that should have been in it, and for which there was no place.
    """

    time_ms: int
    samples: Samples
    overflowed: int


class Rings:
    """The newest samples of each signal; held as they come, and cut only now and then.

    Args:
        capacity: int64, by the signal's place in the manifest: samples of its ring.
        most: samples of all rings together; beyond it the oldest go.
    """

    def __init__(self, capacity: NDArray[np.int64], most: int) -> None:
        self._capacity = capacity
        self._most = most
        self._held: list[Samples] = []
        self._count = self._overwritten = self._lost = 0
        self._tidy_first = min(max(_FEW, 2 * int(capacity.sum())), _MANY, most)
        self._tidy_at = self._tidy_first
        self._open = False

    def __len__(self) -> int:
        return self._count

    def hold(self, samples: Samples) -> None:
        """Take samples."""
        self._held.append(samples)
        self._count += len(samples.clock_us)
        if self._count > self._tidy_at:
            self._tidy()
            self._tidy_at = min(max(self._tidy_first, 2 * self._count), 2 * self._most)

    def open(self) -> None:
        """From now on until they are emptied the rings lose nothing of what comes."""
        self._tidy()
        self._open = True

    def empty(self) -> tuple[Samples, int, int]:
        """Take out what is held: the samples, how many newer ones overwrote, how many memory had no place for."""
        self._tidy()
        (samples,) = self._held
        found = samples, self._overwritten, self._lost
        self._held = []
        self._count = self._overwritten = self._lost = 0
        self._tidy_at = self._tidy_first
        self._open = False
        return found

    def _tidy(self) -> None:
        """Cut each signal's samples to its ring, and all of them to the bound of memory."""
        samples = Samples.concatenate(self._held)
        before = len(samples.clock_us)
        if not self._open:
            samples = self._cut(samples)
            self._overwritten += before - len(samples.clock_us)
        if (over := len(samples.clock_us) - self._most) > 0:
            samples = samples.take(slice(over, None))
            self._lost += over
        self._held, self._count = [samples], len(samples.clock_us)

    def _cut(self, samples: Samples) -> Samples:
        counts = np.bincount(samples.signal, minlength=len(self._capacity))
        if not (counts > self._capacity).any():
            return samples
        order = np.argsort(samples.signal, kind="stable")
        ends = np.cumsum(counts)
        from_newest = ends[samples.signal[order]] - 1 - np.arange(len(order))
        fits = np.empty(len(order), np.bool_)
        fits[order] = from_newest < self._capacity[samples.signal[order]]
        return samples.take(fits)
