"""What a program brings along for the agent that it embeds: actuators, functions, fetches, and values."""

from __future__ import annotations

import threading
from collections import deque
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from kaido.agent.commands.actuators import Actuators
from kaido.agent.conditions.functions import FUNCTIONS, Function, Kind
from kaido.errors import InvalidInputError
from kaido.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kaido.agent.asking import Fetcher
    from kaido.agent.commands.actuators import Actuator

MOST_VALUES = 10_000
"""Values that wait for the agent; it looks every few milliseconds, once it holds a manifest."""
_LATEST_US = 1 << 62

Handed = tuple[str, "float | bool | str", int]
"""Path, value, time in µs since the epoch."""


class Software:
    """Register functions, fetches and actuators before the agent is made; put values at any time, from any thread.

    Attributes:
        actuators: what commands can set.
        functions: those that conditions call by name; the ones that every agent knows are among them.
        fetches: the actions by which campaigns fetch signals, by name.
    """

    def __init__(self, actuators: Actuators | None = None) -> None:
        self.actuators = Actuators() if actuators is None else actuators
        self.functions: dict[str, Function] = dict(FUNCTIONS)
        self.fetches: dict[str, Fetcher] = {}
        self._values: deque[Handed] = deque(maxlen=MOST_VALUES)
        self._dropped = 0
        self._lock = threading.Lock()

    def actuator(
        self,
        what: str | int,
        act: Actuator,
        *,
        datatype: str = "",
        least: float | None = None,
        most: float | None = None,
    ) -> None:
        """Let ``act`` carry out commands for a path, a pattern of paths, or a signal id of the manifest."""
        self.actuators.register(what, act, datatype=datatype, least=least, most=most)

    def function(
        self,
        name: str,
        call: Callable[..., Any],
        parameters: Sequence[Kind | str] = (),
        result: Kind | str = Kind.CONDITION,
        *,
        more: bool = False,
        columns: bool = False,
    ) -> None:
        """Let conditions call a function. Where it raises, it has no value, and so the condition does not hold.

        Args:
            name: as campaigns declare it under ``functions``.
            call: gets a float, or a str for a string, for each parameter. It is not asked where one has no value.
            parameters: of each ``number``, ``condition`` or ``string``.
            result: what it gives: one of the same.
            more: whether the last parameter may be given several times.
            columns: ``call`` works on many moments at once, as :class:`Function` says: faster in a replay.

        Raises:
            InvalidInputError: every agent has a function of this name, or a kind is none.
        """
        if name in FUNCTIONS:
            raise InvalidInputError(f"no function can be named {name!r}", why="every agent has one of this name")
        try:
            kinds, yields = tuple(map(Kind, parameters)), Kind(result)
        except ValueError as error:
            raise InvalidInputError(f"the function {name!r} cannot be", why=str(error), fix=_KINDS) from error
        self.functions[name] = Function(call if columns else _each(call), kinds, yields, more)

    def fetch(self, name: str, fetcher: Fetcher) -> None:
        """Let campaigns fetch signals by an action of this name. It is called in a thread, one fetch at a time.

        Args:
            name: as the campaign declares it under ``functions`` and calls it in ``actions``.
            fetcher: gets the signal, and the parameters of the call as a tuple; gives the value, or None.
        """
        self.fetches[name] = fetcher

    def put(self, path: str, value: float | bool | str, time_us: int | None = None) -> None:
        """Hand over a value of a signal that the manifest lists under ``values``; of any other it is left aside.

        A campaign that comes later has not seen it: put now and then what seldom changes.

        Args:
            path: of VSS.
            value: a text for a ``string``, else a number in the catalog's unit, or a truth.
            time_us: when it was so, µs since the epoch; now.

        Raises:
            InvalidInputError: it is no value, or no time.
        """
        if not isinstance(value, str | Real | np.bool_):
            raise InvalidInputError(f"{path} cannot be {value!r}", why="a value is a number, a truth or a text")
        if time_us is not None and not 0 <= time_us < _LATEST_US:
            raise InvalidInputError(f"{path} has the time {time_us}", why="it is in µs since 1970")
        with self._lock:
            self._dropped += len(self._values) == MOST_VALUES
            self._values.append((path, value, clock.now_us() if time_us is None else int(time_us)))

    def take(self) -> tuple[list[Handed], int]:
        """What was put since the last time, and how many there was no room for: the agent asks."""
        with self._lock:
            taken, dropped = list(self._values), self._dropped
            self._values.clear()
            self._dropped = 0
        return taken, dropped


_KINDS = f"Kinds are {', '.join(Kind)}"


def _each(call: Callable[..., Any]) -> Callable[..., Any]:
    """A function of single values, asked for one moment after the other."""

    def over(*arguments: Any) -> Any:
        if not any(map(np.ndim, arguments)):
            return call(*arguments)
        columns = np.broadcast_arrays(*(np.asarray(one, object) for one in arguments))
        found = [call(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
        return np.array(found, object if any(isinstance(one, str) for one in found) else np.float64)

    return over
