"""``/v1/plans``: when to charge."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from kaido.api import plan_cars, times
from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.tariffs import CostOut
from kaido.errors import InvalidInputError
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.api.plan_cars import Known
    from kaido.services.planning import Plan
    from kaido.services.tariffs import Tariff

router = APIRouter(prefix="/plans", tags=["charge plans"])

MOST_POINTS = 1_000
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_EXAMPLE: dict[str, Any] = {
    "soc_percent": 35,
    "capacity_kwh": 62,
    "target_percent": 80,
    "departure": "07:00",
    "tariff": "example-jp-night",
    "max_power_w": 6000,
}
Power = Annotated[float, Field(ge=0, le=1e7)]
Percent = Annotated[float, Field(ge=0, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]
Series = Power | Annotated[list[Power], Field(max_length=MOST_POINTS)]


class PlanWish(BaseModel):
    """What is to be planned. Powers are of the wall's side, but for `taper`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, json_schema_extra={"examples": [_EXAMPLE]})

    vehicle: str | None = Field(None, description="Whose state of charge, capacity and market are taken, if not given.")
    soc_percent: Percent | None = Field(None, description="Now.")
    capacity_kwh: float | None = Field(None, gt=0, le=10_000, description="Usable energy of the battery today.")
    target_percent: Percent = 80
    start: str = Field("now", description="From when it is plugged in: a time with its zone, `now`, `+2h`, or `22:30`.")
    departure: str = Field(description="When it has to be ready: a time, `+10h`, or `07:00` of the tariff's zone.")
    tariff: str | dict[str, Any] = Field(description="The name of a tariff, or one itself.")
    objective: Literal["cost", "carbon"] = "cost"
    step_minutes: int = Field(15, ge=1, le=240, description="A divisor of a day.")
    max_power_w: float | None = Field(None, gt=0, le=1e7, description="A usual home charger of the market otherwise.")
    min_power_w: Power = Field(0, description="The least while it charges; as much as the most: on or off only.")
    efficiency: Share | Annotated[list[tuple[Power, Share]], Field(max_length=100)] = Field(
        0.9, description="Battery to wall; or points [W from the wall, efficiency]."
    )
    standby_w: Power = Field(0, description="Lost besides while it charges.")
    taper: list[tuple[Percent, Power]] = Field(
        default_factory=list, max_length=100, description="[up to % of charge, the most W into the battery], rising."
    )
    house_limit_w: Power | None = Field(None, description="The most that the house may draw, with the car.")
    base_load_w: Series = Field(0, description="What the house draws without the car; or a list, a value a step.")
    solar_w: Series = Field(0, description="What the roof is expected to give; or a list.")
    used_kwh: Power = Field(0, description="What the house used in this billing month: it decides the tier.")
    peak_kw: Power = Field(0, description="The house's highest power in it, for demand charges.")


class BlockOut(BaseModel):
    """A time in which it charges."""

    start: datetime
    end: datetime
    start_local: datetime = Field(description="As the clock shows in the tariff's zone.")
    end_local: datetime


class StepOut(BaseModel):
    """A step of the plan."""

    model_config = ConfigDict(from_attributes=True)

    start: datetime
    power_w: float = Field(description="From the wall, the mean of the step.")
    grid_w: float = Field(description="What of it comes from the grid; the rest is solar.")
    price_per_kwh: float = Field(description="Of the grid's energy, without tiers.")
    carbon_g_per_kwh: float | None
    soc_percent: float = Field(description="At its end.")


class CommandWish(BaseModel):
    """A command that brings the plan to the car: `POST /v1/commands`."""

    signal: str
    value: int | str


class PlanOut(BaseModel):
    """A charge plan."""

    vehicle: str | None
    zone: str
    objective: str
    reaches_target: bool = Field(description="Else this plan gives the most that is possible by the departure.")
    target_percent: float
    soc_percent: float = Field(description="At the beginning.")
    soc_age_s: float | None = Field(description="How old that is, where it comes from the twin.")
    end_soc_percent: float
    energy_wall_kwh: float
    energy_grid_kwh: float
    energy_battery_kwh: float
    cost: CostOut
    gap: float = Field(description="How much lower what was kept low could at most be; 0: this is proven the best.")
    method: str
    charging: list[BlockOut]
    steps: list[StepOut]
    commands: list[CommandWish]
    notes: list[str]

    @classmethod
    def of(cls, plan: Plan, known: Known) -> Self:
        """As the API shows it."""
        zone = plan.wish.tariff.zone
        blocks = [
            BlockOut(start=start, end=end, start_local=zone.shown(start), end_local=zone.shown(end))
            for start, end in plan.charging
        ]
        return cls(
            vehicle=known.vehicle,
            zone=zone.name,
            objective=plan.wish.objective,
            reaches_target=plan.reaches_target,
            target_percent=plan.wish.target_percent,
            soc_percent=known.soc_percent,
            soc_age_s=known.soc_age_s,
            end_soc_percent=round(plan.end_soc_percent, 3),
            energy_wall_kwh=round(plan.energy_wall_wh / 1_000, 6),
            energy_grid_kwh=round(plan.energy_grid_wh / 1_000, 6),
            energy_battery_kwh=round(plan.energy_battery_wh / 1_000, 6),
            cost=CostOut.of(plan.cost),
            gap=plan.gap,
            method=plan.method,
            charging=blocks,
            steps=[StepOut.model_validate(step) for step in plan.steps],
            commands=[CommandWish(signal=signal, value=value) for signal, value in plan_cars.commands(plan)],
            notes=plan_cars.notes(plan, known),
        )


@router.post("", summary="Plan a charge")
async def plan(wish: PlanWish, caller: Reader, rooms: Rooms) -> PlanOut:
    """The cheapest or cleanest way to the target by the departure. Nothing is kept, and nothing is sent."""
    known = await plan_cars.known(rooms, caller.company, wish)
    async with rooms.turns.one():
        return await run_in_threadpool(_planned, wish, known, lambda: _tariff(wish, caller.company, rooms))


def _planned(wish: PlanWish, known: Known, tariff_of: Any) -> PlanOut:
    from kaido.services import planning  # noqa: PLC0415  # most requests do without

    tariff: Tariff = tariff_of()
    start = _moment(wish.start, tariff, clock.now(), "start")
    made = planning.plan(
        planning.Wish(
            car=planning.Car(
                capacity_wh=1_000 * known.capacity_kwh,
                soc_percent=known.soc_percent,
                max_w=known.max_power_w,
                min_w=wish.min_power_w,
                efficiency=wish.efficiency,
                standby_w=wish.standby_w,
                taper=wish.taper,
            ),
            tariff=tariff,
            start=start,
            departure=_moment(wish.departure, tariff, start, "departure"),
            target_percent=wish.target_percent,
            site=planning.Site(
                limit_w=wish.house_limit_w,
                base_w=wish.base_load_w,
                solar_w=wish.solar_w,
                used_kwh=wish.used_kwh,
                peak_kw=wish.peak_kw,
            ),
            step_s=60 * wish.step_minutes,
            objective=wish.objective,
        )
    )
    return PlanOut.of(made, known)


def _tariff(wish: PlanWish, company: str, rooms: Any) -> Tariff:
    from kaido.services.tariffs import Tariff  # noqa: PLC0415  # as above

    if isinstance(wish.tariff, dict):
        return Tariff.read(wish.tariff)
    found: Tariff = rooms.tariffs.get(company, wish.tariff).tariff
    return found


def _moment(text: str, tariff: Tariff, after: datetime, name: str) -> datetime:
    """A time; one of the clock is the next such in the tariff's zone."""
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        return times.moment(text, name=name)
    at = time(int(found[1]), int(found[2]))
    today = tariff.zone.shown(after).date()
    for day in range(3):
        moment = tariff.zone.moment(datetime.combine(today + timedelta(days=day), at))
        if moment > after:
            return moment.astimezone(UTC)
    raise InvalidInputError(f"{name} = '{text}' is no time")
