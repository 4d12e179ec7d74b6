"""One vehicle of a platform: what the tables, the twin and its model say of it, put together for a question."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from kaido.errors import InvalidInputError
from kaido.services.energy.driving import Driving
from kaido.services.energy.fit import FACTORS, Design, Fit, fit
from kaido.services.energy.forecast import Capacity, Forecast, Quantiles, forecast
from kaido.services.energy.fuel import FUEL_LEVEL, Burnt
from kaido.services.energy.models import UNKNOWN
from kaido.services.energy.patterns import patterns
from kaido.services.energy.trips import Trips

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from kaido.services.energy.route import Route
    from kaido.services.energy.vehicle import Vehicle

SOC, AMBIENT, ENERGY = "soc", "ambient", "energy"
"""Roles of ``kaido.services.signals``."""

TEMPERATURES_C = (-10.0, 0.0, 10.0, 20.0, 30.0)
"""For which consumption is told."""

_AGED, _AGED_SD = 0.95, 0.05
_OWN_WORD_SD = 0.05
_LEAST_SOC_PERCENT = 15.0
_USUAL_C = 20.0
_NEWEST_TRIPS = 10


@dataclass(frozen=True)
class Reading:
    """A value that a question needs.

    Attributes:
        value: in the unit of the question.
        source: "given", "vehicle" (it said so), "trips" or "assumed".
        age_s: seconds since the vehicle said it.
    """

    value: float
    source: str
    age_s: float | None = None


@dataclass(frozen=True)
class Consumption:
    """What is known of a vehicle's consumption.

    Attributes:
        fit: see there.
        at: temperature °C → Wh/m of driving like the recent one.
        went_into: Wh/m by what took it, in the recent driving as it was.
        like: which driving that is, for people.
    """

    fit: Fit
    at: Mapping[float, Quantiles]
    went_into: Mapping[str, float]
    like: str


@dataclass(frozen=True)
class Outlook:
    """A vehicle as it stands.

    Attributes:
        id: of the vehicle.
        vehicle: its model.
        trips: its own.
        said: what it said last, by role of ``kaido.services.signals``: value in the role's unit, and age in seconds.
        measured: the battery's capacity where its trips or charges tell it.
        fuelled: whether an engine ran in its trips.
        burnt: those that fuel alone drove.
    """

    id: str
    vehicle: Vehicle
    trips: Trips
    said: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    measured: Capacity | None = None
    fuelled: bool = False
    burnt: Burnt = field(default_factory=Burnt.nothing)

    @classmethod
    def of(
        cls,
        id: str,  # noqa: A002  # it is what the field calls it
        vehicle: Vehicle,
        trips: pa.Table,
        said: Mapping[str, tuple[float, float]],
        measured: Capacity | None = None,
    ) -> Outlook:
        """From the rows of the table ``trips``."""
        fuelled = bool(pc.any(pc.greater(trips["engine_s"], 0)).as_py())
        return cls(id, vehicle, Trips.of(trips), said, measured, fuelled, Burnt.of(trips))

    @property
    def notes(self) -> list[str]:
        """What a reader should know of every answer."""
        found = []
        if self.vehicle is UNKNOWN:
            found.append("its vehicle model is not known: a middling electric car is assumed, and intervals are wide")
        elif self.vehicle.assumed:
            found.append(f"of its vehicle model is assumed: {', '.join(self.vehicle.assumed)}")
        if self.fuelled:
            found.append("the range is that of the battery; what fuel adds stands beside it, where it is known")
        return found

    def fuel(self, given: float | None) -> Reading | None:
        """What the tank holds, litres; None where nobody says."""
        if given is not None:
            return Reading(given, "given")
        return (
            Reading(self.said[FUEL_LEVEL][0], "vehicle", self.said[FUEL_LEVEL][1]) if FUEL_LEVEL in self.said else None
        )

    def fitted(self) -> Fit:
        """The car's factors, from its trips."""
        return fit(self.vehicle, self.trips)

    def soc(self, given: float | None) -> Reading:
        """The state of charge, percent.

        Raises:
            InvalidInputError: it was not given, and the vehicle did not say it.
        """
        if given is not None:
            return Reading(given, "given")
        if SOC in self.said:
            return Reading(self.said[SOC][0], "vehicle", self.said[SOC][1])
        raise InvalidInputError(
            f"the state of charge of {self.id} is not known", why="the vehicle did not say it", fix="Give it: soc=57"
        )

    def temperature(self, given: float | None) -> Reading:
        """Of the air outside, °C."""
        if given is not None:
            return Reading(given, "given")
        if AMBIENT in self.said:
            return Reading(self.said[AMBIENT][0], "vehicle", self.said[AMBIENT][1])
        if len(self.trips):
            return Reading(float(self.trips.temperature_c[-_NEWEST_TRIPS:].mean()), "trips")
        return Reading(_USUAL_C, "assumed")

    def capacity(self) -> Capacity:
        """Energy between full and empty: as it was measured, else as new and a little aged, else its word.

        Raises:
            InvalidInputError: nothing says it.
        """
        if self.measured is not None:
            return self.measured
        if self.vehicle.usable_wh:
            new_wh, less, give = self.vehicle.usable_wh, 100 * (1 - _AGED), 100 * _AGED_SD
            method = f"nominal: {new_wh / 1_000:.1f} kWh when new, less {less:.0f} ± {give:.0f} % for age"
            return Capacity(_AGED * new_wh, _AGED_SD * new_wh, method)
        soc, energy = (self.said.get(role, (math.nan, 0.0))[0] for role in (SOC, ENERGY))
        if soc >= _LEAST_SOC_PERCENT and energy > 0:
            whole_wh = 100 * energy / soc
            return Capacity(
                whole_wh, _OWN_WORD_SD * whole_wh, "the vehicle's own word: energy left over state of charge"
            )
        raise InvalidInputError(
            f"the capacity of the battery of {self.id} is not known",
            why="its vehicle model is not known, and no trip or charge has measured it",
            fix="Set its model (kaido vehicle set ID --model NAME), or describe the model in vehicle-models",
        )

    def range(
        self,
        *,
        soc: Reading,
        temperature: Reading,
        reserve_percent: float = 0.0,
        route: Route | None = None,
    ) -> Forecast:
        """How far it goes; see ``forecast``."""
        return forecast(
            self.fitted(),
            self.capacity(),
            soc_percent=soc.value,
            temperature_c=temperature.value,
            reserve_percent=reserve_percent,
            route=route,
        )

    def consumption(self) -> Consumption:
        """What it takes, and what that goes into."""
        fitted = self.fitted()
        some = Capacity(self.vehicle.usable_wh or 50_000.0, 0.0, "")
        at = {c: forecast(fitted, some, soc_percent=100, temperature_c=c) for c in TEMPERATURES_C}
        return Consumption(
            fitted,
            {c: one.wh_per_m for c, one in at.items()},
            _went_into(fitted),
            at[_USUAL_C].like,
        )


def _went_into(fitted: Fit) -> dict[str, float]:
    """Wh/m of recent driving by what took it; together, what the fitted model says that it took."""
    recent = Driving.recent(fitted)
    driving, likely = recent.trips, recent.likely
    distance = float(np.dot(likely, driving.distance_m))
    columns = likely @ (Design.of_trips(fitted.vehicle, driving).columns * fitted.factors)
    level = np.zeros(len(driving))
    taken = patterns(fitted.vehicle).taken(driving.distance_m, driving.speed_mps, driving.temperature_c, level)
    lost = {name: float(np.dot(likely, column)) for name, column in taken.lost_wh.items()}
    as_driven = float(columns[:2].sum()) / max(sum(lost.values()), 1e-9)
    others = {name: float(wh) for name, wh in zip(FACTORS[2:], columns[2:], strict=True)}
    return {name: wh / distance for name, wh in ({n: as_driven * wh for n, wh in lost.items()} | others).items()}
