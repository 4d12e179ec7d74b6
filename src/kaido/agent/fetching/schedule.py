"""When a fetch is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.agent.conditions.triggers import Triggers
from kaido.agent.fetching.plan import SHORTEST_MS
from kaido.agent.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kaido.agent.fetching.plan import OnCondition, Periodically
    from kaido.agent.samples import Batch


class Period:
    """Due at once, then every so often, as many times as the plan allows.

    A time that was missed is not made up for. A clock that goes back begins anew.
    """

    def __init__(self, plan: Periodically) -> None:
        self._plan = plan
        self._last_ms: int | None = None
        self._count = 0
        self._counts_from_ms = 0

    def due(self, now_ms: int) -> bool:
        """Whether it is time; then that was it."""
        plan = self._plan
        if self._last_ms is None or now_ms < self._last_ms:
            self._count, self._counts_from_ms, self._last_ms = 0, now_ms, None
        if plan.reset_ms and now_ms >= self._counts_from_ms + plan.reset_ms:
            self._counts_from_ms += (now_ms - self._counts_from_ms) // plan.reset_ms * plan.reset_ms
            self._count = 0
        if plan.most and self._count >= plan.most:
            return False
        if self._last_ms is not None and now_ms < self._last_ms + plan.every_ms:
            return False
        behind = 0 if self._last_ms is None else (now_ms - self._last_ms) % plan.every_ms
        self._last_ms = now_ms - behind
        self._count += 1
        return True


class Trigger:
    """Due once when the condition triggered since the last look, however often it did."""

    def __init__(self, plan: OnCondition, places: Mapping[int, int]) -> None:
        self.standing = Standing(plan.condition, places, plan.minimum_period_ms, plan.window_ms)
        self._triggers = Triggers(rising_edge=plan.rising_edge, interval_us=SHORTEST_MS * 1_000, after_us=0)
        self._triggered = False

    def look(self, batch: Batch) -> None:
        """Take samples."""
        moments = self.standing.look(batch)
        if moments is not None and self._triggers.find(moments):
            self._triggered = True

    def forget(self) -> None:
        """The clock begins anew."""
        self.standing.forget()
        self._triggers.forget()

    def due(self, now_ms: int) -> bool:
        """Whether it triggered; then that was it."""
        del now_ms
        triggered, self._triggered = self._triggered, False
        return triggered
