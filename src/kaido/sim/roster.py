"""Which cars a fleet has. A car's id says its market and seed, so the same id is always the same car."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.sim.car import Car
from kaido.sim.markets import market as market_of
from kaido.sim.markets import markets as all_markets
from kaido.sim.models import models_in

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Member:
    """A car of the fleet and its vehicle id."""

    id: str
    car: Car


def roster(cars: int, markets: Sequence[str] = (), seed: int = 1) -> list[Member]:
    """So many cars, the markets (codes; none means all) in turn, seeds counting up from ``seed``.

    Raises:
        NotFoundError: no such market.
        UnavailableError: `fastsim` is not installed.
    """
    codes = [market_of(code).code for code in markets] or list(all_markets())
    return [_member(codes[number % len(codes)], seed + number) for number in range(cars)]


def _member(market: str, seed: int) -> Member:
    model = random.Random(seed).choice(models_in(market))  # noqa: S311  # a fleet, no secret
    return Member(f"sim-{market.lower()}-{seed:04d}", Car(model, market, seed))
