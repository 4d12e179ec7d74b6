"""What every running scheme can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kaido.agent.conditions.collector import ConditionBasedCollector
from kaido.agent.scheme import ConditionBasedScheme, TimeBasedScheme
from kaido.agent.time_based import TimeBasedCollector
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from kaido.agent.conditions.watch import Witness
    from kaido.agent.rings import Collected
    from kaido.agent.samples import Batch
    from kaido.agent.scheme import Scheme


class Collector(Protocol):
    """A scheme at work."""

    @property
    def scheme(self) -> Scheme:
        """What it collects."""

    @property
    def collects(self) -> NDArray[np.bool_]:
        """Which of the manifest's signals it looks at, by their place."""

    def add(self, batch: Batch) -> Iterator[Collected]:
        """Take samples; what comes out is what they and their clock trigger."""

    def advance(self, clock_us: int) -> Iterator[Collected]:
        """Let time pass without samples."""

    def flush(self, clock_us: int) -> Iterator[Collected]:
        """The clock stops here, and begins anew somewhere else or never: give what was collected, start afresh."""


def collector_of(scheme: Scheme, signal_ids: Sequence[int], most: int, witness: Witness | None = None) -> Collector:
    """Set a scheme to work.

    Args:
        scheme: what to collect.
        signal_ids: the ids of the manifest's signals, by place.
        most: samples held at most; beyond it the oldest go.
        witness: is told what a condition sees and what triggers.
    """
    match scheme:
        case TimeBasedScheme():
            return TimeBasedCollector(scheme, signal_ids, most)
        case ConditionBasedScheme():
            return ConditionBasedCollector(scheme, signal_ids, most, witness)
    raise InvalidInputError(f"a scheme of the kind {type(scheme).__name__} cannot be run")
