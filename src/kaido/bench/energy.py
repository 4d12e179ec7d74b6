"""The energy model against dynamometer tests, against a peer, and its ranges against cars whose truth is known."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kaido.bench.figure import Figure
from kaido.errors import InvalidInputError, KaidoError
from kaido.services.energy import Capacity, RoadLoad, Trips, Vehicle, fit, forecast, vehicle_of
from kaido.services.energy.certification import predict, read_tests
from kaido.services.energy.cycle import left_out, schedule
from kaido.services.energy.models import UNKNOWN
from kaido.services.energy.physics import drive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.bench.options import BenchOptions
    from kaido.services.energy.certification import Outcome, Test
    from kaido.sim.truth import TruthCar

MEDIAN_PERCENT, NINETIETH_PERCENT = 5.0, 12.0
WITHIN_PERCENT = 5.0
COVERED_PERCENT = 70.0
"""Of an interval that states 80 %: the floor on cars that no constant was ever held against."""
LEARN_DAYS, AHEAD_DAYS, MOMENTS = 30, 25, 4
PEER_CYCLES = {"UDDS": "town", "HWFET": "highway"}


def run(options: BenchOptions) -> list[Figure]:
    """Certification rows, fastsim on the same cycles, and how often ranges hold what they state."""
    return [*_certification(options), *_beside_fastsim(), *_ranges(options)]


def _certification(options: BenchOptions) -> list[Figure]:
    file = options.tests or _shared()
    if not file.is_file():
        if options.tests:
            raise InvalidInputError(f"the file {file} cannot be read", why="there is no such file")
        return [Figure.missing("certification, median of absolute errors", "%", "no tests: give --tests FILE.csv")]
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            tests = read_tests(lines)
    except OSError as error:
        raise InvalidInputError(f"the file {file} cannot be read", why=error.strerror or str(error)) from error
    outcomes = [predict(test) for test in tests if not left_out(test.cycle)]
    figures = [_of_test(predict(t)) if not left_out(t.cycle) else _not_driven(t) for t in tests]
    if not outcomes:
        return figures
    errors = np.abs([outcome.error_percent for outcome in outcomes])
    options.remark(
        f"certification: {len(outcomes)} tests; the model knows each one's weight and road load, everything else is "
        f"the same for all; mean error {np.mean([outcome.error_percent for outcome in outcomes]):+.2f} %"
    )
    of = f"of {len(outcomes)} tests"
    return [
        *figures,
        Figure.of(
            f"median of absolute errors {of}", float(np.median(errors)), "%", bound=MEDIAN_PERCENT, better="lower"
        ),
        Figure.of(
            f"90th percentile of absolute errors {of}",
            float(np.quantile(errors, 0.9)),
            "%",
            bound=NINETIETH_PERCENT,
            better="lower",
        ),
        Figure.of(f"largest absolute error {of}", float(errors.max()), "%", better="lower"),
        Figure.of(f"within {WITHIN_PERCENT:g} % {of}", 100 * float(np.mean(errors <= WITHIN_PERCENT)), "%"),
    ]


def _shared() -> Path:
    return Path(os.environ.get("KAIDO_SHARED_DATA", "../shared/data")) / "epa" / "leaf_2022.csv"


def _of_test(outcome: Outcome) -> Figure:
    test = outcome.test
    name = f"{test.cycle} {test.title}: {outcome.predicted_mpge:.1f} for {test.measured_mpge:.1f} MPGe, error"
    return Figure.of(name, outcome.error_percent, "%")


def _not_driven(test: Test) -> Figure:
    return Figure.missing(f"{test.cycle} {test.title}, error", "%", left_out(test.cycle) or "")


def _beside_fastsim() -> Iterator[Figure]:
    """Traction energy at the battery: weight and body are FASTSim's own, losses are each model's."""
    try:
        from kaido.sim import drives, models  # noqa: PLC0415  # the extra `sim`

        drives.check_installed()
    except KaidoError as missing:
        yield Figure.missing("traction, beside fastsim", "Wh/km", str(missing), peer="fastsim")
        return
    for model in models.MODELS:
        for name, theirs in PEER_CYCLES.items():
            account, profile = (
                drive(vehicle_of(model.name), schedule(name), auxiliary_w=0.0),
                drives.drive(model, theirs),
            )
            ours = (account.out_j - account.in_j) / 3.6 / account.distance_m
            peer = -float(profile.energy[-1]) / 3.6 / profile.length
            title = f"traction, {model.name}, {name}: {ours:.1f} Wh/km, fastsim {peer:.1f} Wh/km, difference"
            yield Figure.of(title, 100 * (ours / peer - 1), "%")


@dataclass(frozen=True)
class _Held:
    """A range that was stated, and the distance that the car then went."""

    p10: float
    p50: float
    p90: float
    true: float


def _ranges(options: BenchOptions) -> Iterator[Figure]:
    from kaido.sim import truth  # noqa: PLC0415  # heavy

    cars = options.pick(60, 4)
    for title, known, days in (
        ("model known, 30 days of trips", True, LEARN_DAYS),
        ("model unknown, 30 days of trips", False, LEARN_DAYS),
        ("model known, 3 days of trips", True, 3),
    ):
        held = [one for car in truth.fleet(cars, "bev", seed=7) for one in _held(car, days, known=known)]
        if not held:
            yield Figure.missing(f"range: {title}", "%", "no car drove far enough")
            continue
        covered = [one.p10 <= one.true <= one.p90 for one in held]
        below = [one.true < one.p10 for one in held]
        width = [(one.p90 - one.p10) / one.p50 for one in held]
        off = [abs(one.p50 / one.true - 1) for one in held]
        options.remark(
            f"range: {title}: {len(held)} moments; {100 * np.mean(below):.0f} % went less far than p10; "
            f"p10 to p90 is {100 * np.median(width):.0f} % of p50 wide"
        )
        yield Figure.of(
            f"range: {title}, truths between p10 and p90 (80 stated)",
            100 * float(np.mean(covered)),
            "%",
            bound=COVERED_PERCENT,
        )
        yield Figure.of(f"range: {title}, median error of p50", 100 * float(np.median(off)), "%", better="lower")


def _held(car: TruthCar, days: int, *, known: bool) -> Iterator[_Held]:
    """Ranges at moments after ``days`` of learning, and how far the energy of that moment then lasted."""
    from kaido.sim import truth  # noqa: PLC0415  # heavy

    true = car.days(truth.START, days + AHEAD_DAYS)
    trips = Trips.of(true.trips)
    model = car.model
    vehicle = (
        Vehicle(name=model.name, mass_kg=model.mass_kg, road_load=RoadLoad(*model.road_load)) if known else UNKNOWN
    )
    capacity_wh = float(true.capacities["capacity_wh"][0].as_py())
    chance = np.random.default_rng(car.seed)
    for _ in range(MOMENTS):
        now = truth.START.timestamp() + (days + chance.uniform(0, 7)) * 86_400
        soc = float(chance.uniform(30, 95))
        error = float(chance.normal(0, 0.02))
        ahead = trips.take(trips.start_s >= now)
        used, metres = (np.append(0.0, np.cumsum(column)) for column in (ahead.net_wh, ahead.distance_m))
        if used[-1] <= capacity_wh * soc / 100:
            continue
        driven = slice(0, max(int(np.searchsorted(used, capacity_wh * soc / 100)), 1))
        weather_c = np.average(ahead.temperature_c[driven], weights=ahead.distance_m[driven]) + chance.normal(0, 1.5)
        said = forecast(
            fit(vehicle, trips.take(trips.start_s < now)),
            Capacity(capacity_wh * (1 + error), 0.02 * capacity_wh, "known within 2 %"),
            soc_percent=round(soc),
            temperature_c=float(weather_c),
        ).range_m
        yield _Held(said.p10, said.p50, said.p90, float(np.interp(capacity_wh * soc / 100, used, metres)))
