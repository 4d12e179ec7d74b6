"""Distance, consumption, speed, temperature and economy as each market reads them; exactly, both ways.

Inside there are metres, joules, kilometres an hour and degrees Celsius. A unit's factor is exact by definition: the
international mile is 1,609.344 m, a kWh 3.6 MJ; a gallon of gasoline stands for 33.705 kWh (40 CFR 600, MPGe).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from kaido.errors import NotFoundError

Quantity = Literal["distance", "consumption", "speed", "temperature", "energy", "power"]

MILE_M = 1_609.344
WH_PER_GALLON = 33_705.0


@dataclass(frozen=True)
class Unit:
    """A unit: ``value = factor x inside + offset``, or ``factor / inside`` where it is reciprocal.

    Attributes:
        symbol: as it is shown.
        quantity: what it measures. Inside, a distance is in m, consumption in Wh/km, speed in km/h, temperature in
            °C, energy in Wh, power in W.
        digits: behind the point, as people write it.
        reciprocal: whether more of it is less consumption: km/kWh, MPGe.
    """

    symbol: str
    quantity: Quantity
    factor: float
    offset: float = 0.0
    digits: int = 1
    reciprocal: bool = False

    def of(self, inside: float) -> float:
        """A value inside as this unit has it; of no consumption a reciprocal unit has infinitely many."""
        if self.reciprocal:
            return self.factor / inside if inside else math.inf
        return self.factor * inside + self.offset

    def inside(self, value: float) -> float:
        """What a value of this unit is inside."""
        if self.reciprocal:
            return self.factor / value if value else math.inf
        return (value - self.offset) / self.factor

    def shown(self, inside: float | None) -> str:
        """As people read it, with the unit; ``-`` where there is none."""
        if inside is None or not math.isfinite(value := self.of(inside)):
            return "-"
        return f"{value:,.{self.digits}f} {self.symbol}"


_KM_PER_MILE = MILE_M / 1_000

UNITS: dict[str, Unit] = {
    unit.symbol: unit
    for unit in (
        Unit("km", "distance", 1 / 1_000),
        Unit("mi", "distance", 1 / MILE_M),
        Unit("km/h", "speed", 1.0, digits=0),
        Unit("mph", "speed", 1 / _KM_PER_MILE, digits=0),
        Unit("°C", "temperature", 1.0),
        Unit("°F", "temperature", 1.8, 32.0, digits=0),
        Unit("kWh", "energy", 1 / 1_000, digits=2),
        Unit("kW", "power", 1 / 1_000, digits=2),
        Unit("Wh/km", "consumption", 1.0),
        Unit("kWh/100 km", "consumption", 0.1),
        Unit("kWh/100 mi", "consumption", _KM_PER_MILE / 10),
        Unit("Wh/mi", "consumption", _KM_PER_MILE),
        Unit("km/kWh", "consumption", 1_000.0, digits=2, reciprocal=True),
        Unit("mi/kWh", "consumption", 1_000 / _KM_PER_MILE, digits=2, reciprocal=True),
        Unit("MPGe", "consumption", WH_PER_GALLON / _KM_PER_MILE, digits=0, reciprocal=True),
    )
}
"""Every unit by its symbol."""


def unit(symbol: str, quantity: Quantity | None = None) -> Unit:
    """The unit of that symbol.

    Raises:
        NotFoundError: there is none, or none of that quantity.
    """
    known = [one.symbol for one in UNITS.values() if quantity in {None, one.quantity}]
    if symbol not in known:
        raise NotFoundError.of(f"unit of {quantity or 'anything'}", symbol, known, fix=f"There are {', '.join(known)}")
    return UNITS[symbol]


@dataclass(frozen=True)
class Reading:
    """How a market reads numbers: a unit a quantity, and others that it knows for consumption.

    Attributes:
        consumption: the first one is shown first.
    """

    distance: Unit
    speed: Unit
    temperature: Unit
    consumption: tuple[Unit, ...]

    @property
    def additive(self) -> Unit:
        """The first unit of consumption in which parts add up: no reciprocal one."""
        return next((one for one in self.consumption if not one.reciprocal), UNITS["Wh/km"])

    def by(self, consumption: Unit) -> Reading:
        """The same with another unit of consumption, and the distance and speed that go with it."""
        miles = "mi" in consumption.symbol or consumption.symbol == "MPGe"
        distance, speed = ("mi", "mph") if miles else ("km", "km/h")
        return Reading(UNITS[distance], UNITS[speed], self.temperature, (consumption,))

    def shown(self, quantity: Quantity, inside: float | None) -> str:
        """A value inside as people of the market read it, with its unit."""
        return self.unit(quantity).shown(inside)

    def unit(self, quantity: Quantity) -> Unit:
        """The unit of a quantity."""
        fixed = {"energy": UNITS["kWh"], "power": UNITS["kW"], "consumption": self.consumption[0]}
        found: Unit = fixed[quantity] if quantity in fixed else getattr(self, quantity)
        return found


METRIC = Reading(UNITS["km"], UNITS["km/h"], UNITS["°C"], (UNITS["Wh/km"],))
"""How numbers are shown where no market is known."""


def between(value: float, symbol: str, to: str) -> float:
    """A value of one unit in another of the same quantity.

    Raises:
        NotFoundError: there is no such unit, or it measures something else.
    """
    given = unit(symbol)
    return unit(to, given.quantity).of(given.inside(value))
