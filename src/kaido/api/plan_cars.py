"""What a charge plan takes from a vehicle, and what it tells the vehicle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from fastapi.concurrency import run_in_threadpool

from kaido.api import outlooks
from kaido.errors import InvalidInputError
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.api.plans import PlanWish
    from kaido.api.services import Services
    from kaido.services.planning import Plan

_BATTERY = "Vehicle.Powertrain.TractionBattery"
LIMIT = f"{_BATTERY}.Charging.ChargeLimit"
TIMER_MODE = f"{_BATTERY}.Charging.Timer.Mode"
TIMER_TIME = f"{_BATTERY}.Charging.Timer.Time"

START_TIME = "START_TIME"
_OLD_S = 24 * 3_600
_DEFAULT_W = 7_200.0


class Known(NamedTuple):
    """What a plan begins with."""

    vehicle: str | None
    soc_percent: float
    soc_age_s: float | None
    capacity_kwh: float
    max_power_w: float


async def known(rooms: Services, company: str, wish: PlanWish) -> Known:
    """What was given, and what the twin and the market know of the rest.

    Raises:
        InvalidInputError: something is missing that nobody knows.
        NotFoundError: there is no such vehicle.
    """
    power = wish.max_power_w
    last: dict[str, tuple[float, float]] = {}
    if wish.vehicle is not None:
        vehicle = await run_in_threadpool(rooms.vehicles.get, company, wish.vehicle)
        power = power or await run_in_threadpool(_home_w, vehicle.market)
        if wish.soc_percent is None or wish.capacity_kwh is None:
            last = await outlooks.said(rooms, company, wish.vehicle)
    soc, age = (wish.soc_percent, None) if wish.soc_percent is not None else last.get("soc", (None, None))
    if soc is None:
        raise InvalidInputError(
            "the state of charge is not known",
            why="it was not given" + (f", and {wish.vehicle} sent none" if wish.vehicle else ""),
            fix="Give soc_percent (kaido plan --soc)",
        )
    capacity = wish.capacity_kwh
    if capacity is None:
        async with rooms.turns.one():
            capacity = await run_in_threadpool(_capacity_kwh, rooms, company, wish.vehicle, last)
    if capacity is None:
        raise InvalidInputError(
            "the battery's capacity is not known",
            why="it was not given"
            + (f", and neither trips, charges nor values of {wish.vehicle} say it" if wish.vehicle else ""),
            fix="Give capacity_kwh (kaido plan --capacity)",
        )
    return Known(wish.vehicle, soc, age, capacity, power or _DEFAULT_W)


def _capacity_kwh(
    rooms: Services, company: str, vehicle: str | None, last: dict[str, tuple[float, float]]
) -> float | None:
    """As trips and charges measured it, as the model's is when it is new, or by the vehicle's own word."""
    if vehicle is None:
        return None
    found = outlooks.outlook(rooms, company, vehicle, last)
    try:
        return found.capacity().wh / 1_000
    except InvalidInputError:
        return None


def _home_w(market: str | None) -> float | None:
    from kaido.services.markets import markets  # noqa: PLC0415  # most requests do without

    found = markets().get(market or "")
    return found.home_w if found else None


def commands(plan: Plan) -> list[tuple[str, int | str]]:
    """The commands that bring a plan to a car: where to stop, and when to begin."""
    limit = min(math.ceil(round(plan.end_soc_percent, 6)), 100)
    blocks = plan.charging
    if not blocks:
        return [(LIMIT, limit)]
    return [(LIMIT, limit), (TIMER_TIME, clock.iso(blocks[0][0])), (TIMER_MODE, START_TIME)]


def notes(plan: Plan, known: Known) -> list[str]:
    """What a person should know of it."""
    said = []
    if known.soc_age_s is not None and known.soc_age_s > _OLD_S:
        said.append(f"the state of charge is {clock.age(known.soc_age_s)} old")
    if not plan.reaches_target:
        said.append(
            f"the target of {plan.wish.target_percent:g} % is out of reach by the departure: this gives the most"
        )
    if len(plan.charging) > 1:
        said.append(
            f"it charges {len(plan.charging)} times; a car's timer knows only when to begin, so what is sent "
            "begins with the first and does not pause"
        )
    if plan.gap:
        said.append(f"it is not proven the best: it could be lower by at most {plan.gap:.6g}")
    return said
