"""One measured figure: its value, the bound it has to keep, and the peer that ran beside it."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any, Literal

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Runs:
    """The values of several runs of the same thing, at least one."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The one in the middle."""
        return statistics.median(self.values)

    def times(self, factor: float) -> Runs:
        """In another unit."""
        return Runs(tuple(factor * value for value in self.values))

    def map_to_rate(self, amount: float) -> Runs:
        """Seconds turned into ``amount`` a second."""
        return Runs(tuple(amount / seconds for seconds in self.values))


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure. Make it with ``of``, ``times`` or ``missing``.

    Attributes:
        name: what was measured, in words.
        value: the median of the runs; None where nothing could be measured.
        unit: of ``value``, ``peer_value`` and ``bound`` (of a figure made by ``times``, the unit of ``value`` is x).
        bound: the floor, or the ceiling where lower is better; None where none is set.
        better: which way is better.
        low, high: the extremes of the runs.
        runs: how many there were.
        peer: who did the same on this machine in this run.
        peer_value: what the peer reached.
        ratio: how many times better than the peer this is.
        left_out: why the peer (or the figure, where ``value`` is None) is missing.
    """

    name: str
    value: float | None
    unit: str
    bound: float | None = None
    better: Better = "higher"
    low: float | None = None
    high: float | None = None
    runs: int = 1
    peer: str = ""
    peer_value: float | None = None
    ratio: float | None = None
    left_out: str = ""

    @property
    def ok(self) -> bool | None:
        """Whether the bound is kept; None without a bound or without a value."""
        if self.value is None or self.bound is None:
            return None
        return self.value >= self.bound if self.better == "higher" else self.value <= self.bound

    @classmethod
    def of(
        cls,
        name: str,
        measured: Runs | float,
        unit: str,
        *,
        bound: float | None = None,
        better: Better = "higher",
        peer: str = "",
        peer_value: float | None = None,
        left_out: str = "",
    ) -> Figure:
        """A figure that was measured, beside a peer or without."""
        runs = measured if isinstance(measured, Runs) else Runs((measured,))
        return cls(
            name=name,
            value=runs.median,
            unit=unit,
            bound=bound,
            better=better,
            low=min(runs.values),
            high=max(runs.values),
            runs=len(runs.values),
            peer=peer,
            peer_value=peer_value,
            ratio=_times_better(runs.median, peer_value, better),
            left_out=left_out,
        )

    @classmethod
    def times(
        cls,
        name: str,
        ours: Runs | float,
        peer: str,
        theirs: Runs | float,
        *,
        bound: float | None = None,
        better: Better = "higher",
    ) -> Figure:
        """A figure whose value (and bound) is how many times better than a peer we are."""
        mine, other = (runs.median if isinstance(runs, Runs) else runs for runs in (ours, theirs))
        ratio = _times_better(mine, other, better)
        return cls(name=name, value=ratio, unit="x", bound=bound, peer=peer, peer_value=other, ratio=ratio)

    @classmethod
    def missing(cls, name: str, unit: str, why: str, *, bound: float | None = None, peer: str = "") -> Figure:
        """A figure that could not be measured here."""
        return cls(name=name, value=None, unit=unit, bound=bound, runs=0, peer=peer, left_out=why)

    def to_json(self) -> dict[str, Any]:
        """The figure as ``--json`` prints it: what a peer did only where there is one."""
        shown: dict[str, Any] = {"name": self.name, "value": self.value, "unit": self.unit}
        shown |= {"bound": self.bound, "ok": self.ok, "better": self.better}
        shown |= {"low": self.low, "high": self.high, "runs": self.runs}
        if self.peer:
            shown["peer"] = self.peer
        if self.peer_value is not None:
            shown |= {"peer_value": self.peer_value, "ratio": self.ratio}
        if self.left_out:
            shown["left_out"] = self.left_out
        return shown

    @classmethod
    def from_json(cls, shown: dict[str, Any]) -> Figure:
        """The figure that ``to_json`` showed."""
        return cls(**{name: value for name, value in shown.items() if name != "ok"})


def _times_better(value: float, peer_value: float | None, better: Better) -> float | None:
    above, below = (value, peer_value) if better == "higher" else (peer_value, value)
    return above / below if above is not None and below else None
