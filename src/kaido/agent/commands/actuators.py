"""What an integrator implements: actuators, registered for signals of the catalog."""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
import inspect
import math
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.agent.commands.outcomes import CommandError, Reason

if TYPE_CHECKING:
    from kaido.agent.commands.request import Value


@dataclass(frozen=True)
class Order:
    """What an actuator is asked to do.

    Attributes:
        path: of the actuator, as its manifest names it; its id in decimal where the manifest does not.
        signal_id: its id in the manifest.
        datatype: the value's, as VSS names it.
        value: what it is to be.
        command_id: who asks.
        issued_ms: when, by the cloud's clock, ms since the epoch.
        remaining_s: how long it may take; None for as long as it likes.
        in_progress: tells the cloud that it goes on: a text and a reason code, both optional. It does not win time,
            and may be called from any thread.
    """

    path: str
    signal_id: int
    datatype: str
    value: Value
    command_id: str
    issued_ms: int
    remaining_s: float | None
    in_progress: Callable[[str, int], None]


Actuator = Callable[[Order], Awaitable[str | None] | str | None]
"""Carries out an order. It returns when that is done (a text for the cloud, or None), and raises CommandError when it
cannot be done. One that is no coroutine function runs in a thread. A coroutine is cancelled when its time is over; a
thread cannot be, so it keeps its actuator busy until it returns."""


@dataclass(frozen=True)
class Registered:
    """An actuator, and what it takes.

    Attributes:
        what: a path, a pattern of paths (``*`` spans branches), or a signal id.
        datatype: of VSS; empty takes what the manifest says.
        least, most: the range of a number.
    """

    what: str | int
    act: Actuator
    datatype: str = ""
    least: float | None = None
    most: float | None = None

    def check(self, datatype: str, value: Value, stated: str = "") -> None:
        """Whether it takes a value.

        Raises:
            CommandError: wrong type, or out of range.
        """
        wanted = self.datatype or stated
        if wanted and datatype != wanted:
            raise CommandError(Reason.ARGUMENT_TYPE_MISMATCH, f"it takes {wanted}, not {datatype}")
        if self.least is None and self.most is None:
            return
        least = -math.inf if self.least is None else self.least
        most = math.inf if self.most is None else self.most
        if isinstance(value, str) or not least <= value <= most:  # nor is what is not a number
            raise CommandError(Reason.ARGUMENT_OUT_OF_RANGE, f"{value!r} is not from {least:g} to {most:g}")


class Actuators:
    """The actuators of a vehicle."""

    def __init__(self) -> None:
        self._registered: list[Registered] = []

    def __len__(self) -> int:
        return len(self._registered)

    def register(
        self,
        what: str | int,
        act: Actuator,
        *,
        datatype: str = "",
        least: float | None = None,
        most: float | None = None,
    ) -> None:
        """Let ``act`` carry out commands for a path, a pattern of paths, or a signal id."""
        self._registered.append(Registered(what, act, datatype, least, most))

    def find(self, signal_id: int, path: str) -> Registered | None:
        """Who is responsible: by id, else by path, else by the longest pattern; of equals, the last registered."""
        fitting = [one for one in self._registered if _fits(one.what, signal_id, path)]
        return max(reversed(fitting), key=lambda one: _closeness(one.what), default=None)


def start(act: Actuator, order: Order) -> asyncio.Future[str | None]:
    """Begin; the future ends when the actuator does. Cancelling it ends a coroutine, and leaves a thread alone."""
    if inspect.iscoroutinefunction(act) or inspect.iscoroutinefunction(getattr(act, "__call__", None)):  # noqa: B004  # it is not asked whether it can be called
        return asyncio.ensure_future(_awaited(act(order)))
    return _in_thread(act, order)


async def _awaited(result: Awaitable[str | None] | str | None) -> str | None:
    return await result if inspect.isawaitable(result) else result


def _in_thread(act: Actuator, order: Order) -> asyncio.Future[str | None]:
    """A thread of its own, which does not hold up the end of the process: a driver may hang."""
    loop = asyncio.get_running_loop()
    ended = _Uncancellable(loop=loop)

    def work() -> None:
        result, error = None, None
        try:
            result = act(order)
        except BaseException as caught:  # noqa: BLE001  # whatever it is, it is the answer
            error = caught
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(finish, result, error)

    def finish(result: Awaitable[str | None] | str | None, error: BaseException | None) -> None:
        if error is None:
            ended.set_result(result if isinstance(result, str) else None)
        else:
            ended.set_exception(error if isinstance(error, Exception) else RuntimeError(repr(error)))

    threading.Thread(target=work, name=f"actuator {order.path}", daemon=True).start()
    return ended


class _Uncancellable(asyncio.Future[str | None]):
    """The end of something that cannot be ended."""

    def cancel(self, msg: object = None) -> bool:
        """Not possible."""
        del msg
        return False


def _fits(what: str | int, signal_id: int, path: str) -> bool:
    if isinstance(what, int):
        return what == signal_id
    return fnmatch.fnmatchcase(path, what)


def _closeness(what: str | int) -> tuple[bool, bool, int]:
    if isinstance(what, int):
        return True, True, 0
    return False, not any(sign in what for sign in "*?["), len(what)
