"""What the API says of batteries: the shapes of its answers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from kaido.services.battery.cohorts import Cohort, Effect
    from kaido.services.battery.drive import Drive
    from kaido.services.battery.estimate import Estimate
    from kaido.services.battery.health import Health

_MISSING = "Why there is no value: what is too little."


class EstimateOut(BaseModel):
    """An estimated quantity: how it was got, from how much, and how sure it is."""

    quantity: str
    value: float | None = Field(description="Null where there is too little data.")
    unit: str
    low: float | None = Field(description="The lower end of the 95 % interval.")
    high: float | None = Field(description="The upper end; null where there is none.")
    method: str
    sessions: int = Field(description="Charges (or trips) that it rests on.")
    left_out: int = Field(description="Those that contradict the others.")
    date: datetime | None = Field(description="The moment it holds for.")
    missing: str = Field(description=_MISSING)

    @classmethod
    def of(cls, found: Estimate) -> Self:
        """Of an estimate."""
        return cls(**vars(found))


class SaidOut(BaseModel):
    """What the car says itself; nothing here is made of it."""

    value: float
    unit: str
    time: datetime
    age_s: float = Field(description="Seconds from then to now.")


class UseOut(BaseModel):
    """How the battery was charged."""

    fast_share_percent: float | None = Field(description="Of the energy, by DC.")
    mean_temperature_c: float | None = Field(description="Of the battery while it was charged.")
    mean_depth_percent: float | None = Field(description="Change of state of charge of a charge.")
    full_charges_a_year: float | None


class MonthOut(BaseModel):
    """What was known at the end of a month."""

    month: datetime
    charge_ah: float | None
    charge_ah_low: float | None
    charge_ah_high: float | None
    sessions: int


class BatteryOut(BaseModel):
    """A vehicle's battery."""

    vehicle: str
    model: str | None
    chemistry: str = Field(description="Of the model; `unknown` gives the widest intervals.")
    new_ah: float | None = Field(description="What the model's battery holds when new, Ah.")
    new_wh: float | None = Field(description="Likewise, Wh.")
    estimates: list[EstimateOut]
    agreement_percent: float | None = Field(
        description="Energy by driving over energy by charging, less 100 %: some per cent below 0 are heat."
    )
    scatter: float = Field(description="How many times larger the charges' errors are than measuring explains.")
    use: UseOut
    said: SaidOut | None = Field(
        description="The car's own state of health; null where it never said one, or the twin is away."
    )
    months: list[MonthOut]

    @classmethod
    def of(
        cls, vehicle: str, model: str | None, found: Health, said: SaidOut | None, months: list[dict[str, object]]
    ) -> Self:
        """Of a vehicle."""
        return cls(
            vehicle=vehicle,
            model=model,
            chemistry=found.pack.chemistry.name,
            new_ah=found.pack.capacity_ah,
            new_wh=found.pack.capacity_wh,
            estimates=[EstimateOut.of(one) for one in found.estimates],
            agreement_percent=found.agreement_percent,
            scatter=found.found.scatter,
            use=UseOut(**vars(found.use)),
            said=said,
            months=[MonthOut.model_validate(row) for row in months],
        )


class DriveOut(BaseModel):
    """What one stretch of recorded voltage, current and state of charge shows. Into the battery is positive."""

    duration_s: float
    gaps_s: float = Field(description="Of it without a current; nothing is counted there.")
    peak_out_w: float
    peak_in_w: float
    energy_out_wh: float
    energy_in_wh: float
    net_wh: float = Field(description="Out less in.")
    net_ah: float
    soc_start_percent: float
    soc_end_percent: float
    soc_step_percent: float = Field(description="The steps in which it is shown.")
    wh_per_soc: float | None = Field(description="Net energy for 100 % of charge: a quotient, no estimate.")
    estimates: list[EstimateOut]
    dropped: dict[str, int] = Field(description="Samples that are no measurements, by signal.")
    sign: str = Field(description="`in` where the recording's positive currents flow into the battery, else `out`.")
    sign_by: str

    @classmethod
    def of(cls, found: Drive) -> Self:
        """Of a drive."""
        estimates = [EstimateOut.of(one) for one in (found.found.charge, found.found.energy)]
        return cls(**{name: value for name, value in vars(found).items() if name != "found"}, estimates=estimates)


class BatteryRow(BaseModel):
    """A battery in a list: its newest month."""

    vehicle: str
    model: str | None
    market: str | None
    date: datetime = Field(description="The end of the last charge that it rests on.")
    charge_ah: float | None
    charge_ah_low: float | None
    charge_ah_high: float | None
    energy_wh: float | None
    energy_wh_low: float | None
    energy_wh_high: float | None
    health_percent: float | None
    health_percent_low: float | None
    health_percent_high: float | None
    method: str
    sessions: int
    missing: str | None = Field(description=_MISSING)


class OddOut(BaseModel):
    """A battery that has left its cohort."""

    vehicle: str
    value: float
    low: float
    high: float | None
    z: float = Field(description="Robust standard deviations from the cohort's median.")


class EffectOut(BaseModel):
    """What goes with a lower capacity over the cars of a model; no proof of a cause."""

    of: str
    unit: str
    change: float = Field(description="Of what is estimated, for each unit.")
    low: float
    high: float

    @classmethod
    def of_found(cls, found: Effect) -> Self:
        """Of an effect."""
        return cls(**vars(found))


class CohortOut(BaseModel):
    """Batteries of one model, market and band of ages."""

    id: str
    model: str
    market: str
    age_from_years: float
    age_to_years: float | None
    vehicles: int
    estimated: int = Field(description="Those of which enough is known.")
    unit: str = Field(description="Of percentiles: % of the capacity when new, or Ah where that is not known.")
    percentiles: dict[str, float]
    odd: list[OddOut]
    effects: list[EffectOut] = Field(description="Over all cars of the model.")

    @classmethod
    def of(cls, found: Cohort, effects: list[Effect]) -> Self:
        """Of a cohort, and what was found over its model."""
        shown = found.to_json()
        return cls(
            id=f"{found.model}/{found.market}/{found.age_from_years:g}",
            effects=[EffectOut.of_found(one) for one in effects],
            **shown,
        )
