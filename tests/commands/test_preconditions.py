from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.commands.policy import Precondition
from kaido.commands.preconditions import Answer, Known, judge, signals

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
STANDS = Precondition(condition="Vehicle.Speed == 0", max_age="5s")


def known(value: float | None, age_s: float, late_s: float = 0.0, text: str | None = None) -> Known:
    time = NOW - timedelta(seconds=age_s)
    return Known(value, text, time, time + timedelta(seconds=late_s))


@given(st.floats(-100, 100), st.floats(-100, 100), st.sampled_from([0.0, 1.0]))
def test_it_holds_only_of_a_value_that_is_right_and_young_by_both_clocks(
    age_s: float, late_s: float, value: float
) -> None:
    one = known(value, age_s, late_s)
    answer = judge([STANDS], {"Vehicle.Speed": one}, NOW).answer
    young = max(age_s, age_s - late_s) <= 5
    assert (answer is Answer.YES) == (young and value == 0)
    assert (answer is Answer.NO) == (young and value != 0)


def test_what_is_missing_is_not_known() -> None:
    assert judge([STANDS], {}, NOW).answer is Answer.UNKNOWN
    assert judge([], {}, NOW).answer is Answer.YES


def test_one_that_does_not_hold_counts_more_than_one_that_nobody_knows() -> None:
    locked = Precondition(condition="Vehicle.Locked")
    verdict = judge([locked, STANDS], {"Vehicle.Speed": known(3, 1)}, NOW)
    assert verdict.answer is Answer.NO
    assert verdict.why == "Vehicle.Speed == 0 is asked for, and Vehicle.Speed is 3"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ('Vehicle.Gear == "P" and Vehicle.Speed < 1', True),
        ('Vehicle.Gear != "P" or Vehicle.Speed > 1', False),
        ("age(Vehicle.Speed) < 3", True),
        ("not (Vehicle.Speed >= 1)", True),
        ('Vehicle.Gear in ("P", "N")', True),
    ],
)
def test_conditions_are_those_of_fleet_questions(condition: str, holds: bool) -> None:
    values = {"Vehicle.Gear": known(None, 1, text="P"), "Vehicle.Speed": known(0.5, 2)}
    answer = judge([Precondition(condition=condition)], values, NOW).answer
    assert answer is (Answer.YES if holds else Answer.NO)


def test_the_signals_that_are_asked_for() -> None:
    wanted = [STANDS, Precondition(condition='Vehicle.Gear == "P" and market == "JP"')]
    assert signals(wanted) == {"Vehicle.Speed", "Vehicle.Gear"}
