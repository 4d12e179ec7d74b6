"""A time-based scheme at work: a ring a signal, emptied every period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kaido.agent.rings import Collected, Rings
from kaido.agent.samples import NEVER, thin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from kaido.agent.samples import Batch
    from kaido.agent.scheme import TimeBasedScheme


class TimeBasedCollector:
    """Evaluates one scheme over samples that arrive in batches; how they are cut into batches changes nothing.

    The first sample starts the first period. A period ends when the clock reaches its end: what the rings hold then
    makes an event, and the rings are empty again. A period without samples makes no event.

    Args:
        scheme: what to collect.
        signal_ids: the ids of the manifest's signals, by place.
        most: samples held at most; beyond it the oldest go.
    """

    def __init__(self, scheme: TimeBasedScheme, signal_ids: Sequence[int], most: int) -> None:
        places = {signal_id: place for place, signal_id in enumerate(signal_ids)}
        wanted = {places[one.signal_id]: one for one in scheme.signals if one.signal_id in places}
        self.scheme = scheme
        self._wanted = np.zeros(len(signal_ids), np.bool_)
        capacity = np.zeros(len(signal_ids), np.int64)
        self._minimum_us = np.zeros(len(signal_ids), np.int64)
        for place, one in wanted.items():
            self._wanted[place] = True
            capacity[place] = one.buffer
            self._minimum_us[place] = one.minimum_period_ms * 1_000
        self._last_us = np.full(len(signal_ids), NEVER, np.int64)
        self._all_wanted = bool(self._wanted.all())
        self._thinned = bool(self._minimum_us.any())
        self._period_us = scheme.period_ms * 1_000
        self._begin_us: int | None = None
        self._rings = Rings(capacity, most)

    @property
    def due_us(self) -> int | None:
        """When the period ends; None before the first sample."""
        return None if self._begin_us is None else self._begin_us + self._period_us

    @property
    def collects(self) -> NDArray[np.bool_]:
        """Which of the manifest's signals it takes."""
        return self._wanted

    def add(self, batch: Batch) -> Iterator[Collected]:
        """Take samples; what comes out is what their clock triggers."""
        samples = batch.samples
        if not len(samples.clock_us):
            return
        if self._begin_us is None:
            self._begin_us = int(samples.clock_us[0]) // 1_000 * 1_000
        now_us = int(samples.clock_us[-1])
        kept = samples if self._all_wanted else samples.take(self._wanted[samples.signal])
        if self._thinned:
            kept = kept.take(thin(kept.clock_us, kept.signal, self._minimum_us, self._last_us))
        # The clock never goes back, so each period is a slice.
        period = (kept.clock_us - self._begin_us) // self._period_us
        cuts = (np.flatnonzero(np.diff(period)) + 1).tolist()
        for start, end in zip([0, *cuts], [*cuts, len(period)], strict=True):
            if start < end:
                yield from self.advance(int(kept.clock_us[start]))
                self._rings.hold(kept.take(slice(start, end)))
        yield from self.advance(now_us)

    def advance(self, clock_us: int) -> Iterator[Collected]:
        """Let time pass; ends the period if it is over. Trouble codes come in every period, and so begin one too."""
        if self._begin_us is None and self.scheme.include_codes:
            self._begin_us = clock_us // 1_000 * 1_000
        if self._begin_us is not None and clock_us >= self._begin_us + self._period_us:
            end_us = self._begin_us + self._period_us
            self._begin_us += (clock_us - self._begin_us) // self._period_us * self._period_us
            yield from self._trigger(end_us // 1_000)

    def flush(self, clock_us: int) -> Iterator[Collected]:
        """End the period now, whatever the clock says. The next sample starts a new one."""
        self._begin_us = None
        self._last_us.fill(NEVER)
        if len(self._rings):
            yield from self._trigger(clock_us // 1_000)

    def _trigger(self, time_ms: int) -> Iterator[Collected]:
        if len(self._rings) or self.scheme.include_codes:
            samples, overwritten, lost = self._rings.empty()
            yield Collected(time_ms, samples, overwritten + lost)
