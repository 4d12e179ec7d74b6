"""The EPA's tests: what the physics says of them, and what a wrong file is told."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kaido.errors import InvalidInputError
from kaido.services.energy.certification import COLUMNS, Test, predict, read_tests
from kaido.services.energy.cycle import schedule

if TYPE_CHECKING:
    from pathlib import Path

LEAF = "2022,NISSAN,LEAF,KWB115,0,JNSX10050525,UDDS,3875,25.890,0.34490,0.019450,174.0"
HEADER = ",".join(COLUMNS)
NUMBERS = COLUMNS[7:]


def given_rows(*rows: str, header: str = HEADER) -> list[Test]:
    return read_tests(io.StringIO("\n".join([header, *rows]), newline=""))


def changed(**fields: str) -> str:
    row = dict(zip(COLUMNS, LEAF.split(","), strict=True)) | fields
    return ",".join(row[name] for name in COLUMNS)


def test_every_leaf_of_2022_is_within_five_percent(shared_data: Path) -> None:
    with (shared_data / "epa" / "leaf_2022.csv").open(encoding="utf-8", newline="") as lines:
        outcomes = [predict(test) for test in read_tests(lines)]
    assert len(outcomes) == 12
    assert {
        outcome.test.row: round(outcome.error_percent, 1) for outcome in outcomes if abs(outcome.error_percent) > 5
    } == {}


def test_units_are_those_that_the_columns_name() -> None:
    (test,) = given_rows(LEAF)
    assert test.row == 2
    assert test.mass_kg == pytest.approx(1757.67, abs=0.01)
    assert test.road_load.a_n == pytest.approx(115.164, abs=0.001)
    assert test.road_load.b_n_per_mps == pytest.approx(3.4319, abs=0.0001)
    assert test.road_load.c_n_per_mps2 == pytest.approx(0.43293, abs=0.00001)


def test_schedules_are_as_long_as_the_regulation_says() -> None:
    miles = {"UDDS": 7.45, "HWFET": 10.26, "US06": 8.01}
    for name, length in miles.items():
        assert schedule(name).distance_m / 1609.344 == pytest.approx(length, abs=0.01)
    assert schedule("charge depleting highway") is schedule("HWY") is schedule("hwfet")
    assert schedule("US06").speed_mps.max() / 0.44704 == pytest.approx(80.3)


def test_schedules_are_those_of_fastsim() -> None:
    fastsim = pytest.importorskip("fastsim")
    for name in ("udds", "hwfet"):
        theirs = fastsim.Cycle.from_resource(f"{name}.csv").to_dict()
        assert np.allclose(schedule(name).speed_mps, theirs["speed_meters_per_second"], atol=0.005)


def test_columns_may_stand_in_any_order_beside_others() -> None:
    rows = list(csv.reader([HEADER, LEAF]))
    turned = [",".join([*reversed(row), "more"]) for row in rows]
    assert given_rows(turned[1], header="\ufeff" + turned[0]) == given_rows(LEAF)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(column: str) -> None:
    with pytest.raises(InvalidInputError, match=column):
        given_rows(LEAF, header=HEADER.replace(column, "something_else"))


def test_a_column_in_another_unit_is_pointed_at() -> None:
    with pytest.raises(InvalidInputError, match="there is equivalent_test_weight_kg"):
        given_rows(LEAF, header=HEADER.replace("weight_lb", "weight_kg"))


@pytest.mark.parametrize("column", NUMBERS)
@pytest.mark.parametrize("value", ["", "much", "nan", "inf", "1e9", "-1e9"])
def test_a_wrong_number_is_named_by_its_line(column: str, value: str) -> None:
    with pytest.raises(InvalidInputError, match=f"line 3: {column}"):
        given_rows(LEAF, changed(**{column: value}))


def test_all_wrong_rows_are_named() -> None:
    with pytest.raises(InvalidInputError, match=r"line 2: .*UDSD.*UDDS.*; line 4: unadjusted_mpge is empty"):
        given_rows(changed(cycle="UDSD"), LEAF, changed(unadjusted_mpge=""))


@pytest.mark.parametrize("text", ["", "\n\n", HEADER, HEADER + "\n\n"])
def test_a_file_without_tests_is_none(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_tests(io.StringIO(text))


@settings(max_examples=60)
@given(st.lists(st.one_of(st.just(LEAF), st.text(max_size=80)), max_size=6), st.sampled_from([HEADER, "", "a,b"]))
@example(['"', LEAF], HEADER)
@example([LEAF + ",more"], HEADER)
def test_any_text_gives_tests_or_says_why_not(rows: list[str], header: str) -> None:
    try:
        found = given_rows(*rows, header=header)
    except InvalidInputError:
        return
    assert all(test.measured_mpge > 0 for test in found)


@settings(max_examples=25, deadline=None)
@given(
    weight=st.floats(2_000, 9_000),
    a=st.floats(10, 90),
    b=st.floats(-0.3, 1),
    c=st.floats(0.01, 0.06),
    cycle=st.sampled_from(["UDDS", "HWFET", "US06"]),
)
def test_light_and_heavy_vehicles_have_a_plausible_consumption(
    weight: float, a: float, b: float, c: float, cycle: str
) -> None:
    (test,) = given_rows(
        changed(
            equivalent_test_weight_lb=f"{weight}",
            target_a_lbf=f"{a}",
            target_b_lbf_per_mph=f"{b}",
            target_c_lbf_per_mph2=f"{c}",
            cycle=cycle,
        )
    )
    assert 20 < predict(test).predicted_mpge < 500
