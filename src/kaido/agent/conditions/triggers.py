"""When a condition triggers: its edges, the time between triggers, and events that are still collecting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kaido.agent.conditions.watch import Moments


class Triggers:
    """Finds triggers among moments, hopping from one to the next.

    While an event is collecting nothing triggers, but an edge that comes meanwhile is used up. One that comes before
    the minimum interval is over is not: it triggers when that is over, if the condition still holds. A condition that
    holds when it is first looked at has not risen.

    Args:
        rising_edge: only a condition that did not hold before triggers.
        interval_us: from one trigger to the next.
        after_us: how long an event goes on collecting.
    """

    def __init__(self, *, rising_edge: bool, interval_us: int, after_us: int) -> None:
        self._rising_edge = rising_edge
        self._interval_us = interval_us
        self._after_us = after_us
        self._last_us: int | None = None
        self._held = True

    def forget(self) -> None:
        """The clock begins anew: the time between triggers does, too."""
        self._last_us = None

    def find(self, moments: Moments) -> list[int]:
        """Which of the moments trigger."""
        if not moments.holds.any():
            self._held = self._held and not len(moments.holds)
            return []
        return self._edges(moments) if self._rising_edge else self._levels(moments)

    def _levels(self, moments: Moments) -> list[int]:
        true = moments.holds.nonzero()[0]
        clock_us = moments.clock_us[true]
        found: list[int] = []
        place = self._reached(clock_us, max(self._interval_us, self._after_us))
        while place < len(true):
            found.append(int(true[place]))
            self._last_us = int(clock_us[place])
            place = max(place + 1, self._reached(clock_us, max(self._interval_us, self._after_us)))
        return found

    def _edges(self, moments: Moments) -> list[int]:
        clock_us = moments.clock_us
        begins, ends = _runs(moments.holds)
        begin_us = clock_us[begins]
        found: list[int] = []
        old = self._held and bool(moments.holds[0])  # the first run is no new one
        run = int(old)
        while run < len(begins):
            allowed = self._reached(clock_us, self._interval_us)
            run = max(run, int(ends.searchsorted(allowed, side="right")))
            collected = self._reached(clock_us, self._after_us)
            if run < len(begins) and max(begins[run], allowed) < collected:  # used up, as all that begin meanwhile
                run = max(run + 1, self._reached(begin_us, self._after_us))
            if run < len(begins):
                found.append(max(int(begins[run]), allowed))
                self._last_us = int(clock_us[found[-1]])
            run += 1
        used_up = (old and len(begins) == 1) or bool(found and found[-1] >= begins[-1])
        allowed = self._reached(clock_us, self._interval_us)
        self._held = bool(moments.holds[-1]) and (used_up or allowed < len(clock_us))
        return found

    def _reached(self, clock_us: NDArray[np.int64], pause_us: int) -> int:
        """Where the clock is so long after the last trigger."""
        return 0 if self._last_us is None else int(clock_us.searchsorted(self._last_us + pause_us))


def _runs(holds: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the condition begins to hold, and where it ends."""
    padded = np.zeros(len(holds) + 2, np.bool_)
    padded[1:-1] = holds
    changes = (padded[1:] != padded[:-1]).nonzero()[0]
    return changes[::2], changes[1::2]
