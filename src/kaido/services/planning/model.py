"""What a charge plan is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from kaido.services.tariffs import Tariff

Objective = Literal["cost", "carbon"]


@dataclass(frozen=True, kw_only=True)
class Car:
    """A car and its charger.

    Attributes:
        capacity_wh: usable energy of the battery today.
        soc_percent: state of charge now, 0 to 100.
        max_w: the most that the car takes from the wall.
        min_w: the least that it takes when it charges; equal to ``max_w`` where it can only be on or off.
        efficiency: battery to wall energy, in (0, 1]; or points (W from the wall, efficiency), rising in power.
        standby_w: what is lost besides as long as it charges.
        taper: (state of charge up to which, percent; the most W into the battery), rising in the first; none above
            the last. Give it for the battery's temperature of the night.
    """

    capacity_wh: float
    soc_percent: float
    max_w: float
    min_w: float = 0.0
    efficiency: float | Sequence[tuple[float, float]] = 0.9
    standby_w: float = 0.0
    taper: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where it charges. A sequence has a value a step; a number holds throughout.

    Attributes:
        limit_w: the most that the house may draw; None: no limit.
        base_w: what the house draws without the car.
        solar_w: what the roof is expected to give; what the house does not need of it is sold or charged.
        used_kwh: what the house used in this billing month, for tiers.
        peak_kw: its highest power in it, for demand charges.
    """

    limit_w: float | None = None
    base_w: float | Sequence[float] = 0.0
    solar_w: float | Sequence[float] = 0.0
    used_kwh: float = 0.0
    peak_kw: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is wanted.

    Attributes:
        start: from when the car is plugged in; the first step begins at the next whole one.
        departure: when it has to be ready; the last step ends before.
        target_percent: the state of charge to reach.
        step_s: how long a step is; a divisor of a day.
        objective: what to keep low; the other one decides nothing.
    """

    car: Car
    tariff: Tariff
    start: datetime
    departure: datetime
    target_percent: float
    site: Site = field(default_factory=Site)
    step_s: int = 900
    objective: Objective = "cost"
