"""The fetches of all schemes: what is due, and who looks at the samples for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kaido.agent.fetching.plan import Periodically
from kaido.agent.fetching.schedule import Period, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from kaido.agent.fetching.plan import Fetch
    from kaido.agent.samples import Batch
    from kaido.agent.scheme import Scheme


class _Running(NamedTuple):
    fetch: Fetch
    schedule: Period | Trigger
    start_ms: int
    expiry_ms: int


class Fetches:
    """Runs while its schemes do."""

    def __init__(self) -> None:
        self._signals = 0
        self._running: dict[tuple[str, int], _Running] = {}

    def replace(self, schemes: Iterable[Scheme], places: Mapping[int, int], *, afresh: bool) -> None:
        """Fetch for these, and no others. Those that run already just go on, if not ``afresh``."""
        before = {} if afresh else self._running
        self._signals = len(places)
        self._running = {}
        for scheme in schemes:
            for number, fetch in enumerate(scheme.fetches):
                key = (scheme.sync_id, number)
                plan = fetch.when
                schedule = Period(plan) if isinstance(plan, Periodically) else Trigger(plan, places)
                self._running[key] = before.get(key) or _Running(fetch, schedule, scheme.start_ms, scheme.expiry_ms)

    @property
    def signals(self) -> frozenset[int]:
        """The ids of the signals that schemes say when to fetch."""
        return frozenset(one.fetch.signal_id for one in self._running.values())

    @property
    def collects(self) -> NDArray[np.bool_]:
        """Which of the manifest's signals conditions look at, by their place."""
        wanted = np.zeros(self._signals, np.bool_)
        wanted[[place for one in self._triggers() for place in one.standing.collects]] = True
        return wanted

    def look(self, batch: Batch) -> None:
        """Take samples."""
        for one in self._triggers():
            one.look(batch)

    def forget(self) -> None:
        """The clock begins anew."""
        for one in self._triggers():
            one.forget()

    def due(self, now_ms: int) -> list[Fetch]:
        """What is to be fetched now."""
        return [
            one.fetch
            for one in self._running.values()
            if one.start_ms <= now_ms < one.expiry_ms and one.schedule.due(now_ms)
        ]

    def _triggers(self) -> Iterator[Trigger]:
        return (one.schedule for one in self._running.values() if isinstance(one.schedule, Trigger))
