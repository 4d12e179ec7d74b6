"""Which messages are taken: those without a fault in any of their samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kaido.ingest import faults
from kaido.ingest.faults import Fault
from kaido.ingest.samples import MAX_TIME_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from kaido.ingest.samples import Samples

    Mask = npt.NDArray[np.bool_]
    Integers = npt.NDArray[np.int64]


class Judge:
    """Gathers the first fault of each of ``count`` messages."""

    def __init__(self, count: int) -> None:
        self.faults: dict[int, Fault] = {}
        self._count = count

    def messages(self, wrong: Mask, code: str, detail: Callable[[int], str]) -> None:
        """Messages are at fault where ``wrong`` is true; ``detail`` says more about one."""
        for message in np.flatnonzero(wrong).tolist():
            if message not in self.faults:
                self.faults[message] = Fault(code, detail(message))

    def samples(self, message: Integers, wrong: Mask, code: str, detail: Callable[[int], str]) -> None:
        """Messages are at fault that have a sample where ``wrong`` is true; ``detail`` says more about a sample."""
        at = np.flatnonzero(wrong)
        if not len(at):
            return
        found, first = np.unique(message[at], return_index=True)
        for one, sample in zip(found.tolist(), at[first].tolist(), strict=True):
            if one not in self.faults:
                self.faults[one] = Fault(code, detail(sample))

    def event_times(self, event_ms: npt.NDArray[np.uint64]) -> Integers:
        """Times of events as signed numbers; those past the year 9999 are at fault."""
        good = event_ms <= MAX_TIME_MS
        self.messages(~good, faults.BAD_TIME, lambda m: f"the event's time is {event_ms[m]} ms")
        return np.where(good, event_ms, 0).astype(np.int64)

    def times(self, message: Integers, event_ms: Integers, relative_ms: Integers) -> Integers:
        """Times of samples in microseconds; those before 1970 or past the year 9999 are at fault."""
        within = np.abs(relative_ms) <= MAX_TIME_MS
        within &= relative_ms != np.iinfo(np.int64).min  # whose absolute value is negative
        time_ms = event_ms[message] + np.where(within, relative_ms, 0)
        within &= (time_ms >= 0) & (time_ms <= MAX_TIME_MS)
        self.samples(message, ~within, faults.BAD_TIME, lambda s: f"a sample {relative_ms[s]} ms from its event's time")
        return np.where(within, time_ms, 0) * 1_000

    def passed(self, samples: Samples, rows: Integers) -> Samples:
        """The samples of messages without a fault, with the payload's row (of ``rows``) in place of the message."""
        if self.faults:
            right = np.ones(self._count, bool)
            right[list(self.faults)] = False
            samples = samples.keep(right[samples.payload])
        samples.payload = rows[samples.payload]
        return samples
