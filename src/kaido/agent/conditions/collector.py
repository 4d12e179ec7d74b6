"""A condition-based scheme at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kaido.agent.conditions.triggers import Triggers
from kaido.agent.conditions.watch import Intake, Watch
from kaido.agent.rings import Collected, Rings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kaido.agent.conditions.watch import View, Witness
    from kaido.agent.samples import Batch
    from kaido.agent.scheme import ConditionBasedScheme


class ConditionBasedCollector:
    """Evaluates one scheme over samples that arrive in batches; how they are cut into batches changes nothing.

    What a trigger collects, and when it does, is written down in ``docs/decisions/0011-conditions.md``.

    Args:
        scheme: what to collect.
        signal_ids: the ids of the manifest's signals, by place.
        most: samples held at most; beyond it the oldest go.
        witness: is told what the condition sees and what triggers.
    """

    def __init__(
        self, scheme: ConditionBasedScheme, signal_ids: Sequence[int], most: int, witness: Witness | None = None
    ) -> None:
        places = {signal_id: place for place, signal_id in enumerate(signal_ids)}
        wanted = {one.signal_id: one for one in scheme.signals if one.signal_id in places}
        minimum_us = {place: 0 for one, place in places.items() if one in scheme.condition.signals}
        minimum_us |= {places[key]: one.minimum_period_ms * 1_000 for key, one in wanted.items()}
        self.scheme = scheme
        self._capacity = {places[key]: one.buffer for key, one in wanted.items() if not one.condition_only}
        self.collects = np.zeros(len(signal_ids), np.bool_)
        self.collects[list(minimum_us)] = True
        self._intake = Intake(minimum_us)
        window_us = {key: one.window_ms * 1_000 for key, one in wanted.items()}
        self._watch = Watch(scheme.condition, places, window_us, minimum_us, witness)
        self._witness = witness
        self._after_us = scheme.after_duration_ms * 1_000
        interval_us = scheme.minimum_interval_ms * 1_000
        self._triggers = Triggers(rising_edge=scheme.rising_edge, interval_us=interval_us, after_us=self._after_us)
        capacity = np.zeros(len(signal_ids), np.int64)
        capacity[list(self._capacity)] = list(self._capacity.values())
        self._rings = Rings(capacity, most)
        self._triggered_us: int | None = None  # of the event that is still collecting

    def add(self, batch: Batch) -> Iterator[Collected]:
        """Take samples; what comes out are the events that their clock ends."""
        if not len(batch):
            return
        view = self._intake.take(batch)
        moments = self._watch.look(batch, view)
        row = self._after(batch, view, 0)
        yield from self.advance(int(batch.samples.clock_us[min(row, len(batch) - 1)]))
        for place in self._triggers.find(moments):
            if self._witness is not None:
                self._witness.trigger(place)
            end = int(batch.frame_end[moments.frames[place]])
            self._hold(batch, view, row, end)
            self._triggered_us = int(moments.clock_us[place])
            self._rings.open()
            row = end
            if not self._after_us:
                yield self._event()
                continue
            row = self._after(batch, view, row)
            if row < len(batch):
                yield self._event()
        if self._triggered_us is None:
            self._hold(batch, view, row, len(batch))

    def advance(self, clock_us: int) -> Iterator[Collected]:
        """Let time pass; ends an event that has collected long enough."""
        if self._triggered_us is not None and clock_us >= self._triggered_us + self._after_us:
            yield self._event()

    def flush(self, clock_us: int) -> Iterator[Collected]:
        """End an event that is still collecting, and forget what belongs to the clock so far."""
        del clock_us
        if self._triggered_us is not None:
            yield self._event()
        self._rings.empty()
        self._intake.forget()
        self._watch.forget()
        self._triggers.forget()

    def _event(self) -> Collected:
        triggered_us, self._triggered_us = self._triggered_us or 0, None
        samples, _, lost = self._rings.empty()
        return Collected(triggered_us // 1_000, samples, lost)

    def _after(self, batch: Batch, view: View, row: int) -> int:
        """Give the event that is collecting its part of a batch; where that ends."""
        if self._triggered_us is None:
            return row
        end = int(np.searchsorted(batch.samples.clock_us, self._triggered_us + self._after_us))
        self._hold(batch, view, row, end)
        return end

    def _hold(self, batch: Batch, view: View, start: int, end: int) -> None:
        """Hold a part of a batch; of each signal no more than its ring takes, but for an event that is collecting."""
        pieces = []
        for place, capacity in self._capacity.items():
            rows = view.rows_of(place)
            if start or end < len(batch):
                rows = rows[slice(*rows.searchsorted((start, end)).tolist())]
            if self._triggered_us is None and len(rows) > capacity:
                rows = rows[len(rows) - capacity :]
            if len(rows):
                pieces.append(rows)
        if pieces:
            rows = np.concatenate(pieces)
            rows.sort()
            self._rings.hold(batch.samples.take(rows))
