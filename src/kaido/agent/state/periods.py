"""A periodic state template at work: every period the newest values of what came in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kaido.agent.state.values import Values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from kaido.agent.samples import Samples


class Periods:
    """Newest values by period; how samples fall into batches changes nothing.

    The first sample begins the first period. At the end of a period the newest value of each signal that came in it
    is due; a signal that was silent is not sent again, and a period without samples is silent.

    Args:
        wanted: which signals, by place.
        period_ms: how long a period is.
    """

    def __init__(self, wanted: NDArray[np.bool_], period_ms: int) -> None:
        self._wanted = wanted
        self._period_us = period_ms * 1_000
        self._begin_us: int | None = None
        self._newest = Values(len(wanted))

    def add(self, samples: Samples) -> Iterator[tuple[int, Values]]:
        """Take samples; gives the periods that end: when (microseconds), and what is due."""
        if not len(samples.clock_us):
            return
        if self._begin_us is None:
            self._begin_us = int(samples.clock_us[0])
        mine = samples.take(self._wanted[samples.signal])
        # The clock never goes back, so each period is a slice.
        period = (mine.clock_us - self._begin_us) // self._period_us
        cuts = (np.flatnonzero(np.diff(period)) + 1).tolist()
        for start, end in zip([0, *cuts], [*cuts, len(period)], strict=True):
            if start < end:
                yield from self.advance(int(mine.clock_us[start]))
                self._newest.take(mine.take(slice(start, end)))
        yield from self.advance(int(samples.clock_us[-1]))

    def advance(self, clock_us: int) -> Iterator[tuple[int, Values]]:
        """Let time pass."""
        if self._begin_us is not None and clock_us >= self._begin_us + self._period_us:
            end_us = self._begin_us + self._period_us
            self._begin_us += (clock_us - self._begin_us) // self._period_us * self._period_us
            yield from self._due(end_us)

    def flush(self, clock_us: int) -> Iterator[tuple[int, Values]]:
        """End the period now. The next sample begins a new one."""
        self._begin_us = None
        yield from self._due(clock_us)

    def restart(self) -> None:
        """Forget what came: it was sent another way."""
        self._begin_us = None
        self._newest = Values(len(self._wanted))

    def _due(self, time_us: int) -> Iterator[tuple[int, Values]]:
        if self._newest.known.any():
            due, self._newest = self._newest, Values(len(self._wanted))
            yield time_us, due
