"""Carrying out actuator commands: one at a time per actuator, each within its time."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import TYPE_CHECKING

from kaido.agent.commands import actuators
from kaido.agent.commands.outcomes import IN_PROGRESS, TIMED_OUT, CommandError, Outcome, Reason
from kaido.runtime import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.agent.commands.actuators import Order, Registered

_LOG = logging.getLogger(__name__)

MOST_REPORTS = 100
"""In-progress reports of one command that are passed on."""


class Execution:
    """The actuators at work."""

    def __init__(self) -> None:
        self._lanes: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def run(self, actuator: Registered, order: Order) -> Outcome:
        """Wait for the actuator's turn and let it act; how that ended."""
        loop = asyncio.get_running_loop()
        deadline = None if order.remaining_s is None else loop.time() + order.remaining_s
        lane = self._lanes[order.path]
        try:
            async with asyncio.timeout_at(deadline):
                await lane.acquire()
        except TimeoutError:
            text = "another command for the same actuator did not end in time"
            return Outcome(TIMED_OUT, Reason.TIMED_OUT_BEFORE_DISPATCH, text)
        work = actuators.start(actuator.act, order)
        work.add_done_callback(lambda _: lane.release())
        try:
            await asyncio.wait({work}, timeout=None if deadline is None else max(0.0, deadline - loop.time()))
        finally:
            if not work.done():
                work.add_done_callback(_late)
                work.cancel()
        if not work.done() or work.cancelled():
            return Outcome(TIMED_OUT, Reason.NO_RESPONSE, f"the actuator did not end within {order.remaining_s:.1f} s")
        return _outcome(work, order)


class Reports:
    """In-progress reports of one command: bounded, from any thread, and none after its end."""

    def __init__(self, tell: Callable[[Outcome], None]) -> None:
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._left = MOST_REPORTS

    def __call__(self, text: str = "", reason: int = Reason.UNSPECIFIED) -> None:
        """Tell the cloud that it goes on."""
        self._loop.call_soon_threadsafe(self._pass_on, Outcome(IN_PROGRESS, reason, text))

    def close(self) -> None:
        """It has ended."""
        self._left = 0

    def _pass_on(self, outcome: Outcome) -> None:
        if self._left > 0:
            self._left -= 1
            self._tell(outcome)


def _outcome(work: asyncio.Future[str | None], order: Order) -> Outcome:
    error = work.exception()
    if error is None:
        return Outcome(text=work.result() or "")
    if isinstance(error, CommandError):
        return error.outcome
    log.event(_LOG, logging.ERROR, "an actuator failed", path=order.path, command=order.command_id, why=repr(error))
    return Outcome(CommandError(Reason.INTERNAL_ERROR).outcome.status, Reason.INTERNAL_ERROR, type(error).__name__)


def _late(work: asyncio.Future[str | None]) -> None:
    """It ended after its time: the cloud was told that already."""
    if not work.cancelled() and (error := work.exception()) is not None:
        log.event(_LOG, logging.WARNING, "an actuator failed after its time", why=repr(error))
