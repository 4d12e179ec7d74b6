"""What the API says of a vehicle's energy: the shapes of its answers, in km, Wh and °C."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from kaido.services.energy import FACTORS

if TYPE_CHECKING:
    from kaido.services.energy import Fit, Forecast, OnRoute, Quantiles
    from kaido.services.energy.outlook import Consumption, Outlook, Reading

_TWO_SIDED = 1.96


class QuantilesOut(BaseModel):
    """One in ten is below p10, half are below p50, nine in ten below p90."""

    p10: float
    p50: float
    p90: float

    @classmethod
    def of(cls, found: Quantiles, factor: float = 1.0, digits: int = 1) -> Self:
        """In another unit, rounded."""
        return cls(**{name: round(factor * value, digits) for name, value in vars(found).items()})


class ReadingOut(BaseModel):
    """A value that an answer rests on."""

    value: float
    unit: str
    source: str = Field(description="given, vehicle (it said so), trips (of its last ones) or assumed")
    age_s: float | None = Field(None, description="Seconds since the vehicle said it.")

    @classmethod
    def of(cls, found: Reading, unit: str) -> Self:
        """With its unit."""
        age_s = None if found.age_s is None else round(found.age_s, 1)
        return cls(value=round(found.value, 2), unit=unit, source=found.source, age_s=age_s)


class ModelOut(BaseModel):
    """The vehicle model behind an answer, and how much of the car itself is in it."""

    name: str
    notes: list[str]
    trips: int = Field(description="Trips of this car that the model has learned from.")
    trips_left_out: int = Field(description="Trips that differ so much that they were hardly believed.")

    @classmethod
    def of(cls, outlook: Outlook, fitted: Fit) -> Self:
        """Of a vehicle."""
        return cls(name=outlook.vehicle.name, notes=outlook.notes, trips=fitted.used, trips_left_out=fitted.left_out)


class CapacityOut(BaseModel):
    """Energy between full and empty."""

    wh: float
    low_wh: float = Field(description="The lower end of the 95 % interval.")
    high_wh: float
    method: str


class RouteOut(BaseModel):
    """What the route takes."""

    distance_km: float
    energy_wh: QuantilesOut
    arrival_soc_percent: QuantilesOut = Field(description="Negative where it does not get there.")
    arrives: float = Field(description="Probability that the reserve is left at the end, 0 to 1.")

    @classmethod
    def of(cls, found: OnRoute) -> Self:
        """In km."""
        return cls(
            distance_km=round(found.distance_m / 1_000, 3),
            energy_wh=QuantilesOut.of(found.energy_wh),
            arrival_soc_percent=QuantilesOut.of(found.arrival_soc_percent),
            arrives=round(found.arrives, 3),
        )


class FuelOut(BaseModel):
    """How far a hybrid's fuel goes, besides the battery."""

    in_tank: ReadingOut
    range_km: QuantilesOut | None = Field(description="Null where too few trips were driven by fuel alone.")
    trips: int = Field(description="That were: the battery ended as full as it began.")

    @classmethod
    def of(cls, outlook: Outlook, fuel: Reading) -> Self:
        """In km."""
        found = outlook.burnt.range_m(fuel.value)
        range_km = None if found is None else QuantilesOut.of(found, 1e-3)
        return cls(in_tank=ReadingOut.of(fuel, "l"), range_km=range_km, trips=len(outlook.burnt))


class RangeOut(BaseModel):
    """How far a vehicle goes, as a distribution."""

    vehicle: str
    range_km: QuantilesOut
    consumption_wh_per_km: QuantilesOut
    energy_wh: QuantilesOut = Field(description="Between now and the reserve.")
    soc: ReadingOut
    temperature: ReadingOut
    reserve_percent: float
    capacity: CapacityOut
    driving: str = Field(description="What the driving ahead is taken from.")
    model: ModelOut
    route: RouteOut | None = None
    fuel: FuelOut | None = Field(None, description="Of a vehicle whose tank's content is known.")

    @classmethod
    def of(
        cls,
        outlook: Outlook,
        found: Forecast,
        soc: Reading,
        temperature: Reading,
        reserve_percent: float,
        fuel: Reading | None = None,
    ) -> Self:
        """Of a vehicle."""
        capacity = outlook.capacity()
        return cls(
            vehicle=outlook.id,
            range_km=QuantilesOut.of(found.range_m, 1e-3),
            consumption_wh_per_km=QuantilesOut.of(found.wh_per_m, 1e3),
            energy_wh=QuantilesOut.of(found.energy_wh, digits=0),
            soc=ReadingOut.of(soc, "percent"),
            temperature=ReadingOut.of(temperature, "degC"),
            reserve_percent=reserve_percent,
            capacity=CapacityOut(
                wh=round(capacity.wh),
                low_wh=round(capacity.wh - _TWO_SIDED * capacity.sd_wh),
                high_wh=round(capacity.wh + _TWO_SIDED * capacity.sd_wh),
                method=capacity.method,
            ),
            driving=found.like,
            model=ModelOut.of(outlook, found.fit),
            route=None if found.on_route is None else RouteOut.of(found.on_route),
            fuel=None if fuel is None else FuelOut.of(outlook, fuel),
        )


class FactorOut(BaseModel):
    """What multiplies the physics of the vehicle model, learned from the car's trips; 1 is the model itself."""

    name: str
    value: float
    low: float = Field(description="The lower end of the 95 % interval.")
    high: float
    before: tuple[float, float] = Field(description="The interval before any trip was seen.")


class AtTemperature(BaseModel):
    """Consumption at a temperature."""

    temperature_c: float
    wh_per_km: QuantilesOut


class ConsumptionOut(BaseModel):
    """What a vehicle takes, and what that goes into."""

    model_config = ConfigDict(ser_json_inf_nan="null")

    vehicle: str
    model: ModelOut
    driving: str
    since: datetime | None = Field(description="The first trip that it was learned from.")
    until: datetime | None
    consumption: list[AtTemperature]
    went_into_wh_per_km: dict[str, float]
    factors: list[FactorOut]
    scatter_percent: float = Field(description="How much trips on one road differ (standard deviation).")

    @classmethod
    def of(cls, outlook: Outlook, found: Consumption, since: datetime | None, until: datetime | None) -> Self:
        """Of a vehicle."""
        fitted = found.fit
        sides = zip(FACTORS, fitted.factors, _TWO_SIDED * fitted.sd, _TWO_SIDED * fitted.prior_sd, strict=True)
        return cls(
            vehicle=outlook.id,
            model=ModelOut.of(outlook, fitted),
            driving=found.like,
            since=since,
            until=until,
            consumption=[
                AtTemperature(temperature_c=c, wh_per_km=QuantilesOut.of(wh_per_m, 1e3))
                for c, wh_per_m in found.at.items()
            ],
            went_into_wh_per_km={name: round(1e3 * wh_per_m, 2) for name, wh_per_m in found.went_into.items()},
            factors=[
                FactorOut(
                    name=name,
                    value=round(float(value), 3),
                    low=round(float(np.maximum(value - side, 0)), 3),
                    high=round(float(value + side), 3),
                    before=(round(float(np.maximum(1 - before, 0)), 3), round(float(1 + before), 3)),
                )
                for name, value, side, before in sides
            ],
            scatter_percent=round(100 * fitted.scatter, 1),
        )
