"""Certification tests on a dynamometer: reading the EPA's rows, and what the model says of each.

Nothing here knows a make. A row's weight and road load are all that distinguishes it from another.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.errors import InvalidInputError, NotFoundError, TooLargeError, nearest_names
from kaido.services.energy.cycle import MPH_MPS, known, left_out, schedule
from kaido.services.energy.physics import drive
from kaido.services.energy.vehicle import RoadLoad, Vehicle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

POUND_KG = 0.45359237
POUND_FORCE_N = 4.4482216152605
MILE_M = 1_609.344
GALLON_WH = 33_705.0
"""Energy of a gallon of gasoline equivalent at the wall (40 CFR 600.002)."""
MOST_ROWS = 100_000

_TEXTS = ("model_year", "make", "model", "test_vehicle", "configuration", "test_number", "cycle")
_NUMBERS: dict[str, tuple[float, float]] = {
    "equivalent_test_weight_lb": (500, 30_000),
    "target_a_lbf": (-200, 1_000),
    "target_b_lbf_per_mph": (-20, 20),
    "target_c_lbf_per_mph2": (-0.1, 1),
    "unadjusted_mpge": (1, 1_000),
}
"""Column → what a light or medium vehicle can have; beyond it, the unit is another one."""
COLUMNS = (*_TEXTS, *_NUMBERS)
_SHOWN_PROBLEMS = 10


@dataclass(frozen=True)
class Test:
    """One row, in SI units.

    Attributes:
        row: its line in the file, the header is line 1.
        title: year, make, model, vehicle, configuration and number of the test.
        cycle: as the row names it; one that ``cycle.left_out`` knows is not driven.
        mass_kg: the equivalent test weight.
        road_load: the target coefficients.
        measured_mpge: unadjusted.
    """

    __test__ = False  # it is no pytest class

    row: int
    title: str
    cycle: str
    mass_kg: float
    road_load: RoadLoad
    measured_mpge: float

    @property
    def vehicle(self) -> Vehicle:
        """The model with nothing but physical defaults beside the row's weight and road load."""
        return Vehicle(name=self.title, mass_kg=self.mass_kg, road_load=self.road_load)


@dataclass(frozen=True)
class Outcome:
    """What the model says of a test."""

    test: Test
    predicted_mpge: float

    @property
    def error_percent(self) -> float:
        """Against what was measured; positive where the model is too economical."""
        return 100 * (self.predicted_mpge / self.test.measured_mpge - 1)


def predict(test: Test) -> Outcome:
    """Drive the test's cycle at 20 °C, for which its road load is stated, and charge again from the wall."""
    account = drive(test.vehicle, schedule(test.cycle))
    wall_wh = account.cells_j / 3_600 / test.vehicle.charging.efficiency
    wh_per_mile = wall_wh / (account.distance_m / MILE_M)
    return Outcome(test, GALLON_WH / wh_per_mile)


def read_tests(lines: Iterable[str]) -> list[Test]:
    """The tests of a CSV file with the ``COLUMNS``, in its order; further columns are let be.

    Raises:
        InvalidInputError: it is no such file, or rows are wrong; each is named by its line.
    """
    reader = csv.DictReader(lines, strict=True)
    try:
        header = [(name or "").strip().lower().removeprefix("\ufeff") for name in reader.fieldnames or []]
        _check_header(header)
        reader.fieldnames = header
        tests, problems = _rows(reader)
    except csv.Error as error:
        raise InvalidInputError(f"line {reader.line_num} of the tests is no CSV", why=str(error)) from error
    except UnicodeDecodeError as error:
        raise InvalidInputError("the tests are no text", why=f"byte {error.start} is not UTF-8") from error
    if problems:
        more = len(problems) - _SHOWN_PROBLEMS
        shown = "; ".join(problems[:_SHOWN_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")
        wrong = f"{len(problems)} of the tests cannot be read" if len(problems) > 1 else "a test cannot be read"
        raise InvalidInputError(wrong, why=shown)
    if not tests:
        raise InvalidInputError("the file holds no test", why="there is nothing below the header")
    return tests


def _check_header(header: Sequence[str]) -> None:
    if not header:
        raise InvalidInputError("the file of tests is empty", fix=f"Its first line names columns: {','.join(COLUMNS)}")
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        others = [name for name in header if name not in COLUMNS]
        near = {name: nearest_names(name, others, 1) for name in missing}
        hints = [f"{name} (there is {near[name][0]})" if near[name] else name for name in missing]
        raise InvalidInputError(
            f"the tests lack the column{'s' * (len(missing) > 1)} {', '.join(hints)}",
            fix="Names say units: pounds, pound-force, miles an hour, and miles per gallon equivalent",
        )
    twice = {name for name in header if name in COLUMNS and header.count(name) > 1}
    if twice:
        raise InvalidInputError(f"the tests have a column twice: {', '.join(sorted(twice))}")


def _rows(reader: csv.DictReader[str]) -> tuple[list[Test], list[str]]:
    tests: list[Test] = []
    problems: list[str] = []
    for fields in reader:
        if len(tests) + len(problems) >= MOST_ROWS:
            raise TooLargeError("the file of tests is too long", why=f"at most {MOST_ROWS:,} rows are read")
        try:
            tests.append(_test(reader.line_num, fields))
        except ValueError as error:
            problems.append(f"line {reader.line_num}: {error}")
    return tests, problems


def _test(row: int, fields: dict[str, str | None]) -> Test:
    """One row; ValueError says what is wrong with it."""
    if None in fields:
        raise ValueError("it has more fields than the header")
    texts = {name: (fields[name] or "").strip() for name in COLUMNS}
    numbers = {name: _number(name, texts[name]) for name in _NUMBERS}
    cycle = texts["cycle"]
    try:
        if not left_out(cycle):
            schedule(cycle)
    except NotFoundError as error:
        raise ValueError(f"{error.what}, only {', '.join(known())}") from error
    vehicle = f"{texts['test_vehicle']}/{texts['configuration']}".strip("/")
    return Test(
        row=row,
        title=" ".join(part for part in (*(texts[n] for n in _TEXTS[:3]), vehicle, texts["test_number"]) if part),
        cycle=cycle,
        mass_kg=numbers["equivalent_test_weight_lb"] * POUND_KG,
        road_load=RoadLoad(
            numbers["target_a_lbf"] * POUND_FORCE_N,
            numbers["target_b_lbf_per_mph"] * POUND_FORCE_N / MPH_MPS,
            numbers["target_c_lbf_per_mph2"] * POUND_FORCE_N / MPH_MPS**2,
        ),
        measured_mpge=numbers["unadjusted_mpge"],
    )


def _number(column: str, text: str) -> float:
    low, high = _NUMBERS[column]
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{column} is no number but '{text[:40]}'" if text else f"{column} is empty") from None
    if not math.isfinite(value) or not low <= value <= high:
        raise ValueError(f"{column} is {text[:40]}, outside of {low:g} to {high:g}: is it in another unit?")
    return value
