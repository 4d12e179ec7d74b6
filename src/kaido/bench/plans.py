"""Charge plans of 48 hours in steps of 15 minutes, on one core; beside scipy's HiGHS where that is installed."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from kaido.bench.figure import Figure, Runs
from kaido.errors import KaidoError
from kaido.services.planning import Car, Site, Wish, plan, plan_many
from kaido.services.planning.problem import Problem
from kaido.services.tariffs import Tariff, shipped

if TYPE_CHECKING:
    from kaido.bench.options import BenchOptions

PLANS = 10_000
MOST_SECONDS = 20.0
HOURS, STEP_S = 48, 900
TARIFFS = ("example-us-ev-time-of-use", "example-ca-overnight", "example-jp-night", "example-kr-seasons")
_START = datetime(2026, 6, 30, 20, tzinfo=UTC)
_NEAR = 1e-6


class DearerError(KaidoError):
    """A plan costs something else than the linear program: its rate means nothing."""


def run(options: BenchOptions) -> list[Figure]:
    """Plan for a fleet: what is simple together, what is not one by one."""
    count = options.pick(PLANS, 200)
    fleet = _fleet(count)
    few = options.pick(100, 4)
    peer, left_out = _peer(options, fleet[::3][:few])
    together = options.repeat(lambda: plan_many(fleet), runs=options.pick(3, 1))
    options.remark(
        f"{count:,} cars of {HOURS} hours in {STEP_S // 60} minutes' steps, four tariffs, every hour of the day: "
        "a third take any power, a third at least 6 A with a standby of 150 W, a third are on or off"
    )
    with options.profiled("plans of a fleet"):
        plan_many(fleet)
    rate = together.map_to_rate(count)
    figures = [
        Figure.of(
            "all plans of the fleet", together, "s", bound=None if options.quick else MOST_SECONDS, better="lower"
        ),
        Figure.of(
            "plans of a fleet",
            rate,
            "plans/s",
            peer="scipy linprog" if peer else "",
            peer_value=peer,
            left_out=left_out,
        ),
    ]
    for name, wishes in _hard(options.pick(20, 2)):
        taken = options.repeat(partial(_one_by_one, wishes), runs=options.pick(3, 1), warm=False)
        figures.append(Figure.of(name, taken.map_to_rate(len(wishes)), "plans/s"))
    return figures


def _one_by_one(wishes: list[Wish]) -> None:
    for wish in wishes:
        plan(wish)


def _fleet(count: int) -> list[Wish]:
    chance = np.random.default_rng(1)
    tariffs = [Tariff.read(shipped.document(name)) for name in TARIFFS]
    kinds: tuple[dict[str, Any], ...] = ({}, {"min_w": 1_440, "standby_w": 150}, {"min_w": 7_200})
    return [
        _wish(
            tariffs[number % len(tariffs)],
            number % 24,
            _car(
                soc_percent=float(chance.uniform(5, 60)),
                capacity_wh=float(chance.uniform(40e3, 100e3)),
                **kinds[number % 3],
            ),
        )
        for number in range(count)
    ]


def _hard(count: int) -> list[tuple[str, list[Wish]]]:
    """Wishes that are solved one by one."""
    chance = np.random.default_rng(2)
    tariff, demand, tiers = (
        Tariff.read(shipped.document(name)) for name in (TARIFFS[0], "example-us-demand", "example-us-tiers")
    )
    steps = HOURS * 3_600 // STEP_S
    least: dict[str, Any] = {"min_w": 1_440, "standby_w": 150}
    taper = ((80.0, 11_000.0), (90.0, 5_000.0), (95.0, 3_000.0), (100.0, 1_500.0))

    def house() -> Site:
        return Site(limit_w=8_000, base_w=chance.uniform(300, 3_300, steps).tolist())

    def some(of: Tariff, site: bool = False, target: float = 80, **more: Any) -> list[Wish]:
        return [_wish(of, number % 24, _car(**more), house() if site else Site(), target) for number in range(count)]

    return [
        ("under a house limit that binds, 6 A at least, standby", some(tariff, site=True, **least)),
        ("to 100 % against the battery's own limits", some(tariff, target=100, taper=taper, **least)),
        ("with a demand charge", some(demand, **least)),
        ("with tiers over two months", some(tiers)),
    ]


def _car(**more: Any) -> Car:
    given = {"capacity_wh": 75_000, "soc_percent": 20, "max_w": 7_200, "efficiency": 0.9}
    return Car(**(given | more))


def _wish(tariff: Tariff, hour: int, car: Car, site: Site | None = None, target: float = 80) -> Wish:
    start = _START + timedelta(hours=hour)
    departure = start + timedelta(hours=HOURS)
    return Wish(
        car=car,
        tariff=tariff,
        start=start,
        departure=departure,
        target_percent=target,
        site=site or Site(),
        step_s=STEP_S,
    )


def _peer(options: BenchOptions, wishes: list[Wish]) -> tuple[float | None, str]:
    """Plans a second of scipy's ``linprog`` over the same numbers, held against ours; or why there are none."""
    try:
        from scipy.optimize import linprog  # noqa: PLC0415  # only the peer needs it
    except ImportError:
        return None, "scipy is not installed (extra dev)"
    problems = [Problem.of(wish) for wish in wishes]
    seconds = []
    for wish, problem in zip(wishes, problems, strict=True):
        high = problem.high_w * problem.hours
        share = np.full((1, len(high)), problem.charger.efficiency)
        began = time.perf_counter()
        solved = linprog(
            problem.grid_price, A_eq=share, b_eq=[problem.need_wh], bounds=np.stack([0 * high, high], axis=1)
        )
        seconds.append(time.perf_counter() - began)
        ours = plan(wish).value
        if solved.status != 0 or abs(ours - solved.fun) > _NEAR * max(abs(solved.fun), 1.0):
            raise DearerError(f"a plan costs {ours:g}, and the linear program {solved.fun:g}: {solved.message}")
    options.remark(f"{len(wishes)} plans of any power cost what scipy's linprog (HiGHS) finds, each within {_NEAR:g}")
    return Runs(tuple(1 / one for one in seconds)).median, ""
