"""What energy costs, by every part of a tariff, held against plain arithmetic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.errors import InvalidInputError
from kaido.services.tariffs import Tariff, shipped
from tests.services.tariffs.test_tariff_prices import flat

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
ENERGY = st.lists(st.floats(0, 20_000), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(energy=ENERGY, name=st.sampled_from(shipped.names()), hour=st.integers(0, 20_000))
def test_the_parts_add_up_and_cost_is_price_times_energy(energy: list[float], name: str, hour: int) -> None:
    tariff = Tariff.read(shipped.document(name))
    starts = [NEW_YEAR + timedelta(hours=hour, minutes=5 * number) for number in range(len(energy))]
    cost = tariff.cost(starts, energy)
    assert cost.amount == pytest.approx(sum(cost.parts.values()))
    assert cost.currency == tariff.currency
    assert cost.energy_wh == pytest.approx(sum(energy))
    timed = float(tariff.mean_price(starts, 300) @ np.array(energy)) / 1_000
    monthly = {*(tier.name for tier in tariff.tiers), *([tariff.demand.name] if tariff.demand else [])}
    assert sum(amount for part, amount in cost.parts.items() if part not in monthly) == pytest.approx(timed)


@settings(max_examples=40, deadline=None)
@given(energy=ENERGY, split=st.integers(0, 40), used=st.floats(0, 500))
def test_tiers_do_not_care_how_energy_is_counted(energy: list[float], split: int, used: float) -> None:
    tariff = Tariff.read(shipped.document("example-jp-night-stages"))
    starts = [NEW_YEAR + timedelta(minutes=5 * number) for number in range(len(energy))]
    first, then = (slice(split), slice(split, None))
    whole = tariff.cost(starts, energy, used_kwh=used).amount
    begun = tariff.cost(starts[first], energy[first], used_kwh=used) if energy[first] else None
    before = used + (begun.energy_wh / 1_000 if begun else 0)
    rest = tariff.cost(starts[then], energy[then], used_kwh=before).amount if energy[then] else 0.0
    assert whole == pytest.approx((begun.amount if begun else 0.0) + rest, abs=1e-6)


def test_a_billing_month_begins_on_its_day() -> None:
    tariff = Tariff.read(shipped.document("example-us-tiers"))
    starts = [datetime(2026, 5, 14, 16, tzinfo=UTC), datetime(2026, 5, 15, 16, tzinfo=UTC)]
    cost = tariff.cost(starts, [100_000, 100_000], used_kwh=600)
    assert cost.parts["blocks"] == pytest.approx(100 * 0.16 + 100 * 0.11)


def test_the_highest_mean_power_is_paid_once_and_only_above_what_was() -> None:
    tariff = Tariff.read(shipped.document("example-us-demand"))
    wednesday = datetime(2026, 6, 3, 23, tzinfo=UTC)  # 16:00 in Phoenix
    starts = [wednesday + timedelta(minutes=15 * number) for number in range(8)]
    energy = [1_000.0, 3_000, 2_000, 2_000, 0, 0, 0, 0]  # half hours of 8, 8 and 0 kW
    demand = tariff.cost(starts, energy, interval_s=900).parts["on-peak demand"]
    assert demand == pytest.approx(8 * 14.5)
    known = tariff.cost(starts, energy, interval_s=900, peak_kw=5).parts["on-peak demand"]
    assert known == pytest.approx(3 * 14.5)
    saturday = [one + timedelta(days=3) for one in starts]
    assert tariff.cost(saturday, energy, interval_s=900).parts["on-peak demand"] == 0


def test_an_interval_longer_than_that_of_the_demand_is_spread() -> None:
    tariff = Tariff.read(shipped.document("example-us-demand"))
    start = [datetime(2026, 6, 3, 22, tzinfo=UTC)]  # an hour before the peak, three in it
    assert tariff.cost(start, [8_000], interval_s=4 * 3_600).parts["on-peak demand"] == pytest.approx(2 * 14.5)


def test_carbon_is_told_where_the_tariff_says_it() -> None:
    start = [datetime(2026, 6, 3, 2, tzinfo=UTC)]
    assert Tariff.read(shipped.document("example-jp-night")).cost(start, [2_000]).carbon_g == pytest.approx(2 * 380)
    assert Tariff.read(flat()).cost(start, [2_000]).carbon_g is None


def test_nothing_costs_nothing() -> None:
    cost = Tariff.read(shipped.document("example-us-demand")).cost([], [])
    assert (cost.amount, cost.energy_wh) == (0, 0)


@pytest.mark.parametrize(
    ("energy", "why"), [([-1.0], "not negative"), ([float("nan")], "not negative"), ([1.0, 2.0], "differ in number")]
)
def test_energy_that_cannot_be_is_refused(energy: list[float], why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        Tariff.read(flat()).cost([NEW_YEAR], energy)


@pytest.mark.parametrize(
    ("starts", "why"),
    [
        ([datetime(1969, 12, 31, tzinfo=UTC)], "1970 to 2100"),
        ([datetime(9999, 12, 31, 23, 59, tzinfo=UTC)], "1970 to 2100"),
        ([NEW_YEAR, NEW_YEAR + timedelta(days=6 * 366)], "more than five years"),
    ],
)
def test_times_that_no_tariff_knows_are_refused(starts: list[datetime], why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        Tariff.read(flat()).cost(starts, [1.0] * len(starts))


@pytest.mark.parametrize("year", [1, 1969, 2101, 9999])
def test_a_wall_s_clock_has_bounds_too(year: int) -> None:
    zone, moment = Tariff.read(flat(zone="Asia/Tokyo")).zone, datetime(year, 12, 31, 23, tzinfo=UTC)
    with pytest.raises(InvalidInputError, match="1970 to 2100"):
        zone.shown(moment)
    with pytest.raises(InvalidInputError, match="1970 to 2100"):
        zone.moment(moment.replace(tzinfo=None))
