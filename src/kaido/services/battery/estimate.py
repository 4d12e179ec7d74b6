"""What every estimate carries: a value with its unit, how it was got, from how much, how sure, and as of when."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import datetime as dt

ENOUGH = 0.15
"""The widest interval, as a share of the value to either side, with which a number is still given as one."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One estimated quantity.

    Attributes:
        quantity: what it is, in words.
        value: None where there is too little data; ``missing`` says what is too little.
        unit: of ``value``, ``low`` and ``high``.
        low, high: the 95 % interval; also of what is too little, as far as it is bounded at all.
        method: how it was got; a page of ``docs/methods`` has the rest.
        sessions: how many charges (or drives) it rests on.
        left_out: how many more there were that contradict the others.
        date: the moment it holds for: that of the last session.
    """

    quantity: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    method: str
    sessions: int
    left_out: int = 0
    date: dt.datetime | None = None
    missing: str = ""

    @classmethod
    def of(cls, quantity: str, value: float, low: float, high: float | None, **more: Any) -> Self:
        """The estimate; without its value where the interval is too wide to give one."""
        wide = max(value - low, (high if high is not None else float("inf")) - value) / value if value > 0 else None
        if wide is not None and wide <= ENOUGH:
            return cls(quantity=quantity, value=value, low=low, high=high, **more)
        why = f"the 95 % interval is wider than ±{100 * ENOUGH:.0f} %: more, or larger, changes of charge are needed"
        return cls(quantity=quantity, value=None, low=max(low, 0.0), high=high, missing=why, **more)

    @classmethod
    def nothing(cls, quantity: str, unit: str, method: str, missing: str, *, sessions: int = 0) -> Self:
        """That there is nothing to estimate from."""
        return cls(
            quantity=quantity,
            value=None,
            unit=unit,
            low=None,
            high=None,
            method=method,
            sessions=sessions,
            missing=missing,
        )

    def scaled(self, factor: float, quantity: str, unit: str) -> Estimate:
        """The same in another unit or as a share of something that is known."""
        value, low, high = (None if one is None else factor * one for one in (self.value, self.low, self.high))
        return Estimate(
            **{**asdict(self), "value": value, "low": low, "high": high, "quantity": quantity, "unit": unit}
        )

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        shown = asdict(self)
        shown["date"] = None if self.date is None else self.date.isoformat()
        return shown
