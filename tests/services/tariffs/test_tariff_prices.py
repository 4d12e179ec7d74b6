"""Prices at any time, held against the calendar and clock of the standard library, one moment after the other."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.errors import InvalidInputError
from kaido.services.tariffs import Tariff, shipped
from kaido.services.tariffs.zone import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, LAST = datetime(2005, 1, 1), datetime(2037, 1, 1)  # noqa: DTZ001  # so does hypothesis want them
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
ZONES = ("America/Los_Angeles", "America/St_Johns", "Asia/Tokyo", "Europe/Berlin", "Australia/Lord_Howe", "UTC")


def flat(price: float = 0.3, **more: Any) -> dict[str, Any]:
    energy = [{"name": "energy", "price_per_kwh": price}]
    return {"name": "made-up", "currency": "USD", "zone": "UTC", "energy": energy} | more


def hours(zone: ZoneInfo, day: datetime) -> Iterator[datetime]:
    """The quarters of an hour of a day on the wall, as moments."""
    at = day.replace(tzinfo=zone).astimezone(UTC)
    end = (day + timedelta(days=1)).replace(tzinfo=zone).astimezone(UTC)
    while at < end:
        yield at
        at += timedelta(minutes=15)


@settings(max_examples=40, deadline=None)
@given(moments=st.lists(MOMENTS, min_size=1, max_size=20), zone=st.sampled_from(ZONES))
def test_local_time_is_the_standard_library_s(moments: list[datetime], zone: str) -> None:
    found = Zone(zone).local(np.array([int(one.timestamp()) * 1_000_000 for one in moments]))
    for moment, day, minute, weekday in zip(moments, found.day, found.minute, found.weekday, strict=True):
        local = moment.replace(microsecond=0).astimezone(ZoneInfo(zone))
        assert (day, minute) == ((local.date() - date(1970, 1, 1)).days, 60 * local.hour + local.minute)
        assert weekday == local.weekday()


@settings(max_examples=30, deadline=None)
@given(
    moments=st.lists(MOMENTS, min_size=1, max_size=10),
    zone=st.sampled_from(ZONES),
    cuts=st.lists(st.integers(1, 1_439), min_size=1, max_size=4, unique=True),
    days=st.sampled_from(["daily", "weekdays", "weekends, holidays"]),
    summer=st.integers(2, 11),
)
def test_a_price_is_that_of_season_day_and_hour(
    moments: list[datetime], zone: str, cuts: list[int], days: str, summer: int
) -> None:
    edges = [0, *sorted(cuts), 1_440]
    seasons = {"cold": f"01-01..{summer:02}-09", "warm": f"{summer:02}-10..12-31"}
    windows = [
        {"season": season, "days": days, "price_per_kwh": number + 10 * part, "hours": f"{clock(low)}-{clock(high)}"}
        for part, season in enumerate(seasons)
        for number, (low, high) in enumerate(pairwise(edges), 1)
    ]
    energy = [{"name": "energy", "windows": windows, "otherwise": 100}]
    tariff = Tariff.read(flat(zone=zone, seasons=seasons, holidays=["07-04", "2026-11-26"], energy=energy))
    for moment, price in zip(moments, tariff.price(moments), strict=True):
        local = moment.astimezone(ZoneInfo(zone))
        off = (local.month, local.day) == (7, 4) or local.date().isoformat() == "2026-11-26"
        kind = "holidays" if off else "weekends" if local.weekday() > 4 else "weekdays"
        if days == "daily" or kind in days:
            minute = 60 * local.hour + local.minute
            number = next(at for at, edge in enumerate(edges) if minute < edge)
            assert price == number + 10 * ((local.month, local.day) >= (summer, 10))
        else:
            assert price == 100


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@pytest.mark.parametrize(
    ("day", "cheap"),
    [("2026-03-08", 5), ("2026-11-01", 7), ("2026-07-01", 6)],
    ids=["23 hours", "25 hours", "24 hours"],
)
def test_a_day_has_as_many_hours_as_it_has(day: str, cheap: int) -> None:
    """Between midnight and six a clock that is set forward has five hours, and seven when it is set back."""
    tariff = Tariff.read(shipped.document("example-us-ev-time-of-use"))
    night = tariff.price(list(hours(ZoneInfo("America/Los_Angeles"), datetime.fromisoformat(day)))) < 0.15
    assert night.sum() == 4 * cheap
    assert len(night) == 4 * (18 + cheap)


def test_a_night_across_midnight_is_both_ends_of_the_day() -> None:
    tariff = Tariff.read(shipped.document("example-jp-night-stages"))
    prices = tariff.price(list(hours(ZoneInfo("Asia/Tokyo"), datetime.fromisoformat("2026-05-05"))))
    night = prices < prices.max()
    assert night[: 4 * 7].all()
    assert not night[4 * 7 : 4 * 23].any()
    assert night[4 * 23 :].all()


def test_a_mean_over_a_change_is_weighted_by_time() -> None:
    tariff = Tariff.read(shipped.document("example-jp-night"))
    start = [datetime(2026, 5, 5, 0, 50, tzinfo=ZoneInfo("Asia/Tokyo"))]
    night, day = 27.5 + 3.5 - 2.1, 36 + 3.5 - 2.1
    assert tariff.mean_price(start, 1_800.0) == pytest.approx((day * 10 + night * 20) / 30)
    assert tariff.mean_price(start, 30.0)[0] == tariff.price(start)[0]


def test_the_tier_is_that_of_the_month_s_consumption() -> None:
    tariff = Tariff.read(shipped.document("example-us-tiers"))
    noon = [datetime(2026, 5, 5, 16, tzinfo=UTC)]
    assert tariff.price(noon, used_kwh=599)[0] == pytest.approx(0.11)
    assert tariff.price(noon, used_kwh=600)[0] == pytest.approx(0.16)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="has no zone"):
        Tariff.read(flat()).price([datetime.fromisoformat("2026-01-01")])
