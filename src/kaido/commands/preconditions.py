"""What a vehicle's twin must say before a command is sent to it, held against what it says. No I/O."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kaido.runtime import clock
from kaido.twin import where
from kaido.twin.texts import TextColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    import numpy.typing as npt

    from kaido.commands.policy import Precondition


class Known(NamedTuple):
    """A signal's last value."""

    value: float | None
    text: str | None
    time: datetime
    arrival: datetime

    def age_s(self, now: datetime) -> float:
        """Seconds since it was true, by the older of the vehicle's clock and ours: neither may be ahead."""
        return (now - min(self.time, self.arrival)).total_seconds()


class Answer(enum.Enum):
    """Whether a precondition holds."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """A value is missing or too old: the next one may tell."""


class Verdict(NamedTuple):
    """Whether preconditions hold, and what is amiss."""

    answer: Answer
    why: str = ""


def judge(wanted: Sequence[Precondition], known: Mapping[str, Known], now: datetime) -> Verdict:
    """Whether all preconditions hold; one that does not counts more than one of which nobody knows."""
    verdicts = [_judge(one, known, now) for one in wanted]
    order = (Answer.NO, Answer.UNKNOWN)
    return next((one for answer in order for one in verdicts if one.answer is answer), Verdict(Answer.YES))


def signals(wanted: Iterable[Precondition]) -> set[str]:
    """The signals that preconditions are about."""
    return {one.path for each in wanted for one in where.references(_parsed(each.condition)) if not one.is_attribute}


def _judge(one: Precondition, known: Mapping[str, Known], now: datetime) -> Verdict:
    for path in sorted(signals([one])):
        if path not in known:
            return Verdict(Answer.UNKNOWN, f"{path} is not known, and {one.condition} is asked for")
        age_s = known[path].age_s(now)
        if age_s * 1_000 > one.max_age:
            most = f"at most {one.max_age / 1_000:g} s is asked for"
            return Verdict(Answer.UNKNOWN, f"{path} is {clock.age(age_s)} old, and {most}")
    if where.evaluate(_parsed(one.condition), _OneVehicle(known, now))[0]:
        return Verdict(Answer.YES)
    said = ", ".join(f"{path} is {_shown(known[path])}" for path in sorted(signals([one])))
    return Verdict(Answer.NO, f"{one.condition} is asked for, and {said}")


@lru_cache(1_000)
def _parsed(condition: str) -> where.Expression:
    return where.parse(condition)


def _shown(known: Known) -> str:
    return repr(known.text) if known.value is None else f"{known.value:g}"


@dataclass
class _OneVehicle:
    """One vehicle as the language of fleet questions wants it: columns of one entry."""

    known: Mapping[str, Known]
    now: datetime
    size: int = 1

    def numbers(self, path: str) -> where.Number:
        found = self.known.get(path)
        value = found.value if found else None
        return where.Number(np.array([value if value is not None else 0.0]), np.array([value is not None]))

    def texts(self, path: str) -> TextColumn | None:
        found = self.known.get(path)
        if found is None or found.text is None:
            return None
        column = TextColumn(1)
        column.assign(self._first, [found.text])
        return column

    def ages(self, path: str) -> where.Number:
        found = self.known.get(path)
        return where.Number(np.array([found.age_s(self.now) if found else 0.0]), np.array([found is not None]))

    @cached_property
    def _first(self) -> npt.NDArray[np.int64]:
        return np.zeros(1, np.int64)
