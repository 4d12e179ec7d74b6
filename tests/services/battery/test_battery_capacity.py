from __future__ import annotations

import pytest

from kaido.errors import NotFoundError
from kaido.services.battery.capacity import Capacities, capacities
from kaido.services.battery.chemistry import chemistries, chemistry
from kaido.services.battery.sensor import Sensor
from kaido.services.battery.sessions import Sessions
from tests.services.battery.charging import charges

NMC = chemistry("NMC")


def of(count: int, **options: object) -> Capacities:
    return capacities(Sessions.read(charges(count, **options)), NMC)  # type: ignore[arg-type]  # what the table takes


def test_many_sessions_give_the_capacity_with_all_that_belongs_to_it() -> None:
    found = of(30).charge
    assert found.value == pytest.approx(100.0, rel=0.01)
    assert found.low is not None
    assert found.high is not None
    assert 97.5 < found.low < 100 < found.high < 102.5
    assert (found.unit, found.sessions, found.left_out, found.missing) == ("Ah", 30, 0, "")
    assert found.date is not None
    assert found.date.isoformat().startswith("2024-02")
    assert "change of state of charge" in found.method


def test_energy_is_that_at_rest_and_half_charge() -> None:
    found = of(30, amperes=(20.0, 120.0)).energy
    assert found.value == pytest.approx(36_000, rel=0.01)
    assert found.unit == "Wh"


def test_nothing_is_no_number() -> None:
    found = capacities(Sessions.read(charges(3, complete=[False] * 3)), NMC)
    assert found.charge.value is found.charge.low is found.energy.value is None
    assert "no complete charge" in found.charge.missing


def test_small_changes_are_no_number_but_their_interval_holds_the_truth() -> None:
    found = of(2, change=(1.0, 2.0)).charge
    assert found.value is None
    assert "wider than" in found.missing
    assert found.low is not None
    assert found.low < 100
    assert found.high is None or found.high > 120


def test_one_large_charge_is_enough_and_says_how_sure_it_is() -> None:
    one, many = of(1, change=(50.0, 60.0)).charge, of(40, change=(50.0, 60.0)).charge
    for found in (one, many):
        assert found.low is not None
        assert found.high is not None
        assert found.low < 100 < found.high
    assert one.high - one.low > 1.5 * (many.high - many.low)  # type: ignore[operator]  # checked above


def test_an_offset_is_told_from_charges_at_different_power() -> None:
    slow = of(40, offset_a=1.0, amperes=(20.0,))
    both = of(40, offset_a=1.0, amperes=(20.0, 120.0))
    told = capacities(Sessions.read(charges(40, offset_a=1.0, amperes=(20.0, 120.0))), NMC, Sensor(offset_a=2.0))
    assert slow.charge.value == pytest.approx(105, rel=0.01)
    assert abs((both.charge.value or 0) - 100) < 3
    assert told.charge.value == pytest.approx(100, rel=0.006)


def test_a_steeper_loss_is_told_over_two_years_and_not_over_two_months() -> None:
    long = of(80, yearly_loss=0.05, days=730).fade
    short = of(20, yearly_loss=0.05, days=60).fade
    assert long.value == pytest.approx(5.0, abs=0.8)
    assert short.value is None
    assert "too little time" in short.missing


def test_a_wrong_session_is_left_out_and_counted() -> None:
    table = charges(20)
    ends = table["soc_end_percent"].to_pylist()
    ends[7] -= 20
    found = of(20, soc_end_percent=ends).charge
    assert found.left_out == 1
    assert found.value == pytest.approx(100, rel=0.01)


def test_charge_that_moves_nothing_is_no_capacity() -> None:
    found = of(4, soc_end_percent=[20.0] * 4, soc_start_percent=[30.0] * 4)
    assert found.charge.value is None
    assert "does not rise" in found.charge.missing


@pytest.mark.parametrize("name", list(chemistries()))
def test_no_chemistry_moves_the_value_it_only_widens(name: str) -> None:
    sessions = Sessions.read(charges(30))
    best, this = capacities(sessions, NMC).charge, capacities(sessions, chemistry(name)).charge
    assert this.value == pytest.approx(100, rel=0.02)
    assert this.high - this.low >= 0.99 * (best.high - best.low)  # type: ignore[operator]  # both are bounded


def test_chemistries_that_there_are_not() -> None:
    assert chemistry(None).name == "unknown"
    with pytest.raises(NotFoundError, match="NMC"):
        chemistry("NCM")
