"""Conditions that stand beside the schemes: not what to collect is asked of them, but whether they hold now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kaido.agent.conditions.values import Program
from kaido.agent.conditions.watch import Intake, Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from kaido.agent.conditions.tree import Tree
    from kaido.agent.conditions.watch import Moments
    from kaido.agent.partitions import Upload
    from kaido.agent.samples import Batch


class Standing:
    """One condition.

    Args:
        condition: what is asked.
        places: of the manifest's signals, by their ids.
        minimum_period_ms: by signal id, of those that the condition looks at.
        window_ms: by signal id.

    Attributes:
        collects: the places of the signals that it looks at.
        holds: what the newest sample made of it. One that looks at no signal always is what it is.
    """

    def __init__(
        self,
        condition: Tree,
        places: Mapping[int, int],
        minimum_period_ms: Mapping[int, int],
        window_ms: Mapping[int, int],
    ) -> None:
        minimum_us = {places[one]: minimum_period_ms.get(one, 0) * 1_000 for one in condition.signals if one in places}
        self.collects = frozenset(minimum_us)
        self.holds = not condition.signals and bool(Program(condition).holds({}, {}, 1)[0])
        self._intake = Intake(minimum_us)
        self._watch = Watch(condition, places, {one: period * 1_000 for one, period in window_ms.items()})

    def look(self, batch: Batch) -> Moments | None:
        """Take samples; the moments at which the condition was looked at, None for none."""
        if not self.collects or not len(batch):
            return None
        moments = self._watch.look(batch, self._intake.take(batch))
        if len(moments.holds):
            self.holds = bool(moments.holds[-1])
        return moments

    def forget(self) -> None:
        """The clock begins anew."""
        self._intake.forget()
        self._watch.forget()


class Uploads:
    """Which partitions may be sent now."""

    def __init__(self) -> None:
        self._signals = 0
        self._standing: dict[str, tuple[Upload, Standing]] = {}

    def replace(self, uploads: Iterable[Upload], places: Mapping[int, int], *, afresh: bool) -> None:
        """Watch these, and no others. Those that are watched already just go on, if not ``afresh``."""
        before = {} if afresh else self._standing
        self._signals = len(places)
        self._standing = {}
        for one in uploads:
            known = before.get(one.partition.key)
            self._standing[one.partition.key] = (
                known
                if known and known[0] == one
                else (one, Standing(one.condition, places, one.minimum_period_ms, one.window_ms))
            )

    @property
    def collects(self) -> NDArray[np.bool_]:
        """Which of the manifest's signals are looked at, by their place."""
        wanted = np.zeros(self._signals, np.bool_)
        wanted[[place for _, one in self._standing.values() for place in one.collects]] = True
        return wanted

    def look(self, batch: Batch) -> None:
        """Take samples."""
        for _, one in self._standing.values():
            one.look(batch)

    def forget(self) -> None:
        """The clock begins anew."""
        for _, one in self._standing.values():
            one.forget()

    @property
    def open(self) -> frozenset[str]:
        """The keys of those that may be sent."""
        return frozenset(key for key, (_, one) in self._standing.items() if one.holds)
