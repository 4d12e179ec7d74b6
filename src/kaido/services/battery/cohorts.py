"""Batteries of the same model, market and age side by side: percentiles, what wears them, and which one is odd."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kaido.services.battery.line import t95

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kaido.services.battery.chemistry import Floats
    from kaido.services.battery.estimate import Estimate
    from kaido.services.battery.health import Use

PERCENTS = (5, 25, 50, 75, 95)
AGES = (0.0, 1.0, 2.0, 4.0, 7.0, 10.0, 15.0)
"""Years at which a new band of ages begins."""
LEAST = 8
"""Batteries below which a cohort says nothing of one of them."""
FAR = 3.5
"""Robust z from which on a battery has left its cohort (Iglewicz and Hoaglin 1993)."""
_LEAST_FOR_EFFECTS = 20
_MAD = 1.4826
_95 = 1.96


@dataclass(frozen=True, kw_only=True)
class Member:
    """One battery in a fleet.

    Attributes:
        age_years: since the vehicle was first known.
        estimate: of its charge capacity, or of its health where the model's battery when new is known.
    """

    vehicle: str
    model: str
    market: str
    age_years: float
    estimate: Estimate
    use: Use


@dataclass(frozen=True, kw_only=True)
class Odd:
    """A battery that has left its cohort: ``z`` deviations below (negative) or above the median."""

    vehicle: str
    value: float
    low: float
    high: float | None
    z: float


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What goes with a lower capacity over the cars of a model, all else alike; no proof of a cause.

    Attributes:
        of: the use.
        change: of the estimate for each ``unit``, with its 95 % interval.
    """

    of: str
    unit: str
    change: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Batteries of one model, market and band of ages.

    Attributes:
        vehicles: how many there are; ``estimated``: of how many enough is known.
        unit: of the percentiles: % of the capacity when new, or Ah.
        percentiles: by percent; empty where nothing is known.
        odd: those that have left the cohort, farthest first; empty in cohorts of less than ``LEAST``.
    """

    model: str
    market: str
    age_from_years: float
    age_to_years: float | None
    vehicles: int
    estimated: int
    unit: str
    percentiles: dict[str, float]
    odd: list[Odd]

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return asdict(self)


def cohorts(members: Iterable[Member]) -> list[Cohort]:
    """The cohorts of a fleet, by model, market and age."""
    grouped: dict[tuple[str, str, int], list[Member]] = defaultdict(list)
    for member in members:
        band = int(np.searchsorted(AGES, max(member.age_years, 0.0), side="right")) - 1
        grouped[member.model, member.market, band].append(member)
    return [_cohort(*key, group) for key, group in sorted(grouped.items())]


def _cohort(model: str, market: str, band: int, group: Sequence[Member]) -> Cohort:
    told = [member for member in group if member.estimate.value is not None]
    values = np.array([member.estimate.value for member in told], np.float64)
    found = np.percentile(values, PERCENTS).tolist() if len(values) else []
    return Cohort(
        model=model,
        market=market,
        age_from_years=AGES[band],
        age_to_years=AGES[band + 1] if band + 1 < len(AGES) else None,
        vehicles=len(group),
        estimated=len(told),
        unit=group[0].estimate.unit,
        percentiles={f"p{percent}": value for percent, value in zip(PERCENTS, found, strict=False)},
        odd=_odd(told, values) if len(told) >= LEAST else [],
    )


def _odd(told: Sequence[Member], values: Floats) -> list[Odd]:
    """Those whose distance from the median is beyond the cohort's own spread and their own uncertainty together."""
    off = values - np.median(values)
    spread = _MAD * float(np.median(np.abs(off)))
    z = off / np.sqrt(spread**2 + _deviations(told, values) ** 2)
    return [
        Odd(
            vehicle=told[at].vehicle,
            value=float(values[at]),
            low=told[at].estimate.low or 0.0,
            high=told[at].estimate.high,
            z=float(z[at]),
        )
        for at in np.argsort(-np.abs(z))
        if abs(z[at]) > FAR
    ]


def _deviations(told: Sequence[Member], values: Floats) -> Floats:
    """Standard deviations of estimates, from their intervals."""
    halves = [(one.estimate.high or 2 * value) - value for one, value in zip(told, values, strict=True)]
    deviations: Floats = np.maximum(np.array(halves), 1e-9) / _95
    return deviations


def effects(members: Iterable[Member]) -> dict[str, list[Effect]]:
    """By model, how its batteries' estimates go with age and use; nothing of models with few cars."""
    grouped: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        if member.estimate.value is not None:
            grouped[member.model].append(member)
    return {model: found for model, group in sorted(grouped.items()) if (found := _effects(group))}


def _effects(group: Sequence[Member]) -> list[Effect]:
    """Least squares, each battery weighted by its uncertainty and the spread of all."""
    uses: dict[tuple[str, str], list[float | None]] = {
        ("age", "year"): [one.age_years for one in group],
        ("fast charging", "10 % of the energy"): [_tenth(one.use.fast_share_percent) for one in group],
        ("temperature while charging", "10 °C"): [_tenth(one.use.mean_temperature_c) for one in group],
        ("depth of charges", "10 % of the capacity"): [_tenth(one.use.mean_depth_percent) for one in group],
    }
    known = {what: column for what, column in uses.items() if all(value is not None for value in column)}
    columns = {what: np.array(column, np.float64) for what, column in known.items()}
    columns = {what: column - column.mean() for what, column in columns.items() if np.ptp(column) > 0}
    if len(group) < max(_LEAST_FOR_EFFECTS, 4 * len(columns)) or not columns:
        return []
    y = np.array([one.estimate.value for one in group], np.float64)
    spread = _MAD * float(np.median(np.abs(y - np.median(y))))
    weight = 1 / (_deviations(group, y) ** 2 + spread**2 + 1e-12)
    x = np.column_stack([np.ones(len(y)), *columns.values()])
    gram = (x.T * weight) @ x
    if np.linalg.matrix_rank(gram) < x.shape[1]:
        return []
    inverse = np.linalg.inv(gram)
    mean = inverse @ (x.T @ (weight * y))
    free = len(y) - x.shape[1]
    square = float(np.sum(weight * (y - x @ mean) ** 2)) / free
    half = t95(free) * np.sqrt(square * np.diag(inverse))
    return [
        Effect(of=what, unit=unit, change=float(change), low=float(change - wide), high=float(change + wide))
        for (what, unit), change, wide in zip(columns, mean[1:], half[1:], strict=True)
    ]


def _tenth(value: float | None) -> float | None:
    return None if value is None else value / 10
