"""Wishes to plan: made up, by chance or by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from kaido.services.planning import Car, Site, Wish
from kaido.services.tariffs import Tariff

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = 3_600


def hourly(prices: Sequence[float], **more: Any) -> Tariff:
    """A tariff in UTC with a price for each hour of the day."""
    windows = [{"hours": f"{hour:02}:00-{hour + 1:02}:00", "price_per_kwh": price} for hour, price in enumerate(prices)]
    energy = [{"name": "energy", "windows": windows, "otherwise": 1.0}, *more.pop("parts", [])]
    return Tariff.read({"name": "made-up", "currency": "USD", "zone": "UTC", "energy": energy} | more)


def car(**more: Any) -> Car:
    """A car of 60 kWh at 20 % that takes up to 7.2 kW."""
    given = {"capacity_wh": 60_000, "soc_percent": 20, "max_w": 7_200, "efficiency": 0.9}
    return Car(**(given | more))


def wish(tariff: Tariff, hours: float, target_percent: float, *, step_s: int = HOUR, **more: Any) -> Wish:
    """A wish from midnight on."""
    given: dict[str, Any] = {"car": car(), "site": Site(), "start": START} | more
    departure = given["start"] + timedelta(hours=hours)
    return Wish(tariff=tariff, departure=departure, target_percent=target_percent, step_s=step_s, **given)


def by_chance(chance: np.random.Generator, most_hours: int = 9) -> Wish:
    """A wish whose numbers are drawn: few prices, so that many steps are equal."""
    hours = int(chance.integers(2, most_hours + 1))
    some = chance.uniform(0.05, 0.5, int(chance.integers(1, 5))).round(3)
    export = float(chance.choice([0, 0.1, 0.3]))
    tariff = hourly(chance.choice(some, 24).tolist(), export_price_per_kwh=export)
    site = Site(
        limit_w=float(chance.choice([8_000, 20_000])),
        base_w=chance.uniform(0, 6_000, hours).tolist() if chance.random() < 0.5 else 0,
        solar_w=(chance.integers(0, 2, hours) * chance.uniform(0, 6_000, hours)).tolist()
        if chance.random() < 0.4
        else 0,
    )
    soc = float(chance.uniform(5, 50))
    given = car(
        soc_percent=soc,
        min_w=float(chance.choice([0, 1_400, 3_000, 7_200])),
        efficiency=float(chance.choice([0.85, 1.0])),
        standby_w=float(chance.choice([0, 0, 200])),
    )
    target = min(100.0, soc + float(chance.uniform(0.5, 9)) * hours)
    return wish(tariff, hours, target, car=given, site=site)
