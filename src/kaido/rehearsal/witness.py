"""What a condition saw while the agent's evaluator worked through samples."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from kaido.agent.conditions import FUNCTIONS, read_tree
from kaido.agent.conditions.values import Program
from kaido.agent.errors import UnusableError
from kaido.expressions import from_wire, show
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from kaido.agent.conditions import Moments
    from kaido.agent.conditions.values import Value
    from kaido.rehearsal.runnable import Runnable

MOST_COMPARISONS = 50
_CODE = pb.NodeOperator
_COMPARISONS = {
    _CODE.SMALLER,
    _CODE.BIGGER,
    _CODE.SMALLER_EQUAL,
    _CODE.BIGGER_EQUAL,
    _CODE.EQUAL,
    _CODE.NOT_EQUAL,
}


@dataclass
class Held:
    """For how long something was true: from each look at it to the next."""

    held_us: int = 0
    watched_us: int = 0
    _last: tuple[int, bool] | None = None

    def look(self, clock_us: NDArray[np.int64], holds: NDArray[np.bool_]) -> None:
        """Take looks, at rising times."""
        if not len(clock_us):
            return
        if self._last is not None and self._last[0] <= clock_us[0]:
            self._add(int(clock_us[0]) - self._last[0], held=self._last[1])
        between = np.diff(clock_us)
        self.watched_us += int(between.sum())
        self.held_us += int(between[holds[:-1]].sum())
        self._last = int(clock_us[-1]), bool(holds[-1])

    def _add(self, us: int, *, held: bool) -> None:
        self.watched_us += us
        self.held_us += us * held

    @property
    def share(self) -> float | None:
        """Of the time; None where there was none."""
        return self.held_us / self.watched_us if self.watched_us else None


@dataclass
class Range:
    """The least and the greatest value of a side."""

    low: float | None = None
    high: float | None = None

    def look(self, value: Value) -> None:
        """Take values."""
        data = np.atleast_1d(np.asarray(value.data, np.float64))
        known = np.broadcast_to(value.known, data.shape)
        seen = data[known & np.isfinite(data)]
        if len(seen):
            low, high = float(seen.min()), float(seen.max())
            self.low = low if self.low is None else min(self.low, low)
            self.high = high if self.high is None else max(self.high, high)


@dataclass
class Probe:
    """A comparison of a condition."""

    text: str
    whole: Program
    sides: tuple[Program, Program]
    held: Held = field(default_factory=Held)
    ranges: tuple[Range, Range] = field(default_factory=lambda: (Range(), Range()))

    def look(self, moments: Moments, newest: Mapping[int, Value], windows: Mapping[tuple[int, int], Value]) -> None:
        """Evaluate it where the condition was looked at."""
        self.held.look(moments.clock_us, self.whole.holds(newest, windows, len(moments.clock_us)))
        with np.errstate(all="ignore"):
            for side, seen in zip(self.sides, self.ranges, strict=True):
                seen.look(side.values(newest, windows))


class Account:
    """The witness of a dry run.

    Args:
        run: whose condition is watched.

    Attributes:
        held: for how long the condition held.
        probes: its comparisons.
        triggered: of each trigger whose event has not come yet, the newest values, by path.
    """

    def __init__(self, run: Runnable) -> None:
        self.held = Held()
        self.probes = list(_probes(run)) if run.scheme.HasField("condition_based") else []
        self.triggered: deque[dict[str, float | str | None]] = deque()
        self._paths = {number: path for number, path in run.paths.items() if path in run.read}
        self._newest: Mapping[int, Value] = {}
        self._seen: set[int] = set()

    def look(self, moments: Moments, newest: Mapping[int, Value], windows: Mapping[tuple[int, int], Value]) -> None:
        """The condition was looked at."""
        self._newest = newest
        self._seen |= {number for number, value in newest.items() if np.any(value.known)}
        self.held.look(moments.clock_us, moments.holds)
        for probe in self.probes:
            probe.look(moments, newest, windows)

    def trigger(self, place: int) -> None:
        """One of the moments of the last look triggers."""
        self.triggered.append({path: _at(self._newest.get(number), place) for number, path in self._paths.items()})

    def unseen(self) -> list[str]:
        """The signals that the condition reads and that never had a value."""
        return [path for number, path in self._paths.items() if number not in self._seen]


def _at(value: Value | None, place: int) -> float | str | None:
    if value is None:
        return None
    known, data = np.asarray(value.known), np.asarray(value.data)
    if not (known[place] if known.ndim else known):
        return None
    found: float | str = data.tolist()[place] if data.ndim else data.item()
    return found if isinstance(found, str) or np.isfinite(found) else None


def _probes(run: Runnable) -> Iterator[Probe]:
    windows = {one.signal_id for one in run.scheme.signal_information if one.fixed_window_period_ms}
    texts = run.manifest.texts
    count = 0
    waiting = [run.scheme.condition_based.condition_tree]
    while waiting and count < MOST_COMPARISONS:
        node = waiting.pop()
        if not node.HasField("operator"):
            continue
        left, right = node.operator.left, node.operator.right
        if node.operator.operator not in _COMPARISONS:
            waiting += [right, left]
            continue
        try:
            whole, *sides = (Program(read_tree(one, None, windows, FUNCTIONS, texts)) for one in (node, left, right))
        except UnusableError:  # of two strings, which have no nearness
            continue
        count += 1
        yield Probe(show(from_wire(node, run.paths)), whole, (sides[0], sides[1]))
