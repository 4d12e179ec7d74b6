"""A tariff: what energy costs and emits, at any time and in any amount."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from kaido.errors import InvalidInputError
from kaido.services.tariffs import windows
from kaido.services.tariffs.calendar import Calendar
from kaido.services.tariffs.document import TariffDocument, read_document
from kaido.services.tariffs.zone import US, Zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Times = NDArray[np.int64]
    Moments = ArrayLike | Sequence[datetime]

_WH = 1_000.0
_NEGATIVE = -1e-9


@dataclass(frozen=True)
class Tiers:
    """A price by the consumption of the billing month (段階).

    Attributes:
        ends_wh: where each tier but the last ends, rising.
        prices: of a kWh, a tier each.
    """

    name: str
    ends_wh: tuple[float, ...]
    prices: tuple[float, ...]

    def of(self, used_wh: float) -> float:
        """What a month's consumption costs."""
        starts = (0.0, *self.ends_wh)
        ends = (*self.ends_wh, np.inf)
        return sum(
            price * max(min(used_wh, end) - start, 0.0) / _WH
            for start, end, price in zip(starts, ends, self.prices, strict=True)
        )


@dataclass(frozen=True)
class Demand:
    """A price for the highest power of a billing month, as a mean over an interval.

    Attributes:
        applies: 1 where it counts, 0 elsewhere.
    """

    name: str
    price_per_kw: float
    interval_s: int
    applies: Calendar


@dataclass(frozen=True)
class Cost:
    """What energy costs.

    Attributes:
        amount: all of it, in ``currency``.
        parts: the amount by the parts of the tariff.
        carbon_g: what it emits; None where the tariff does not say.
    """

    amount: float
    currency: str
    parts: dict[str, float] = field(default_factory=dict)
    energy_wh: float = 0.0
    carbon_g: float | None = None


class Tariff:
    """A tariff that was read and checked. Make it with ``Tariff.read``.

    Attributes:
        document: as it was written.
        tiers: the parts by the month's consumption.
        demand: the charge for power, or None.
        export_price_per_kwh: what the grid pays for solar energy.
    """

    def __init__(self, document: TariffDocument) -> None:
        self.document = document
        self.zone = Zone(document.zone)
        year = windows.year(self.zone, document.seasons, document.holidays)
        self._timed: dict[str, Calendar] = {}
        self.tiers: list[Tiers] = []
        for part in document.energy:
            if part.name in self._names():
                raise InvalidInputError(f"two parts of the tariff are called '{part.name}'", fix="Rename one")
            if part.tiers is not None:
                ends = tuple(_WH * tier.up_to_kwh for tier in part.tiers if tier.up_to_kwh is not None)
                self.tiers.append(Tiers(part.name, ends, tuple(tier.price_per_kwh for tier in part.tiers)))
            else:
                listed = [(window, window.price_per_kwh) for window in part.windows or []]
                always = part.otherwise if part.windows else part.price_per_kwh
                self._timed[part.name] = windows.calendar(f"the part '{part.name}'", year, listed, always)
        self._price = _sum(self.zone, list(self._timed.values()))
        self.demand = _demand(document, year)
        self._carbon = _carbon(document, year)
        self.export_price_per_kwh = document.export_price_per_kwh
        self._check()

    @classmethod
    def read(cls, document: object) -> Tariff:
        """The tariff in a JSON-like document.

        Raises:
            InvalidInputError: a field cannot be, windows overlap or leave a hole, there is no such zone, or energy
                would have a negative price.
        """
        return cls(read_document(document))

    @property
    def name(self) -> str:
        """Its name."""
        return self.document.name

    @property
    def currency(self) -> str:
        """ISO 4217."""
        return self.document.currency

    @property
    def has_carbon(self) -> bool:
        """Whether it says what energy emits."""
        return self._carbon is not None

    def price(self, times: Moments, *, used_kwh: float = 0.0) -> Floats:
        """The price of a kWh at moments, where a month's consumption so far is ``used_kwh``.

        Args:
            times: µs since 1970 (UTC), ``datetime64`` or aware ``datetime``.
            used_kwh: the consumption of the billing month, which decides the tier.
        """
        return self._price.at(as_us(times)) + self.tier_price(used_kwh)

    def tier_price(self, used_kwh: float) -> float:
        """What the tiers add to the price of the next kWh."""
        return sum(tier.prices[int(np.searchsorted(tier.ends_wh, _WH * used_kwh, side="right"))] for tier in self.tiers)

    def mean_price(self, starts: Moments, seconds: float | Floats) -> Floats:
        """The mean price of a kWh over intervals, without tiers."""
        return self._price.mean(as_us(starts), seconds)

    def carbon(self, starts: Moments, seconds: float | Floats) -> Floats:
        """Mean g/kWh over intervals.

        Raises:
            InvalidInputError: the tariff does not say.
        """
        if self._carbon is None:
            raise InvalidInputError(
                f"the tariff '{self.name}' does not say what energy emits", fix="Give it `carbon`, or plan for cost"
            )
        return self._carbon.mean(as_us(starts), seconds)

    def billing_month(self, times: Moments) -> NDArray[np.int64]:
        """The number of the billing month of moments; only equality means something."""
        day = self.zone.local(as_us(times)).day - (self.document.billing_day - 1)
        return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)

    def cost(
        self,
        starts: Moments,
        energy_wh: ArrayLike,
        *,
        interval_s: float | Floats = 300.0,
        used_kwh: float = 0.0,
        peak_kw: float = 0.0,
    ) -> Cost:
        """What energy in intervals costs: what it adds to the bill, so nothing of what is fixed per month.

        Args:
            starts: of the intervals: µs since 1970 (UTC), ``datetime64`` or aware ``datetime``; in any order.
            energy_wh: from the grid, not negative; drawn evenly over its interval.
            interval_s: how long the intervals are.
            used_kwh: what was used in the first interval's billing month before; later months begin at 0.
            peak_kw: the highest power of that month before, as the demand charge counts it.

        Raises:
            InvalidInputError: energy is negative or no number, or there are not as many starts.
        """
        at, energy = as_us(starts), np.atleast_1d(np.asarray(energy_wh, np.float64))
        lengths = np.broadcast_to(np.asarray(interval_s, np.float64), energy.shape)
        _check_intervals(at, energy, lengths)
        parts = dict.fromkeys(self._names(), 0.0)
        if len(at):
            for name, calendar in self._timed.items():
                parts[name] = float(calendar.mean(at, lengths) @ energy) / _WH
            months = self.billing_month(at)
            for tier in self.tiers:
                parts[tier.name] = _of_tiers(tier, months, energy, _WH * used_kwh)
            if self.demand is not None:
                parts[self.demand.name] = self._of_demand(self.demand, at, energy, lengths, peak_kw)
        carbon = float(self._carbon.mean(at, lengths) @ energy) / _WH if self._carbon is not None and len(at) else None
        return Cost(sum(parts.values()), self.currency, parts, float(energy.sum()), carbon)

    def _of_demand(self, demand: Demand, at: Times, energy: Floats, lengths: Floats, peak_kw: float) -> float:
        """For each billing month, how much higher its peak becomes."""
        when, power_kw = _mean_power_kw(at, energy, lengths, demand.interval_s)
        power_kw = power_kw * demand.applies.at(when)
        months = self.billing_month(when)
        first = int(months.min())
        peaks = {int(month): float(power_kw[months == month].max()) for month in np.unique(months)}
        before = {first: peak_kw}
        return demand.price_per_kw * sum(max(peak - before.get(month, 0.0), 0.0) for month, peak in peaks.items())

    def _names(self) -> list[str]:
        demand = getattr(self, "demand", None)
        return [*self._timed, *(tier.name for tier in self.tiers), *([demand.name] if demand else [])]

    def _check(self) -> None:
        if self.demand is not None and self._names().count(self.demand.name) > 1:
            raise InvalidInputError(f"two parts of the tariff are called '{self.demand.name}'", fix="Rename one")
        least = self._price.least + sum(min(tier.prices) for tier in self.tiers)
        if least < _NEGATIVE:
            raise InvalidInputError(
                "energy would have a negative price at some time",
                why=f"the least that the parts add up to is {least:g} {self.currency}/kWh",
                fix="Parts may be negative, their sum may not",
            )


def as_us(times: Moments) -> Times:
    """Moments as µs since 1970 (UTC).

    Raises:
        InvalidInputError: a ``datetime`` has no zone.
    """
    if isinstance(times, datetime):
        times = [times]
    if isinstance(times, list | tuple) and times and isinstance(times[0], datetime):
        if any(one.tzinfo is None for one in times):
            raise InvalidInputError("a time has no zone", fix="Give it one: datetime(…, tzinfo=UTC)")
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return np.array([(one - epoch) // timedelta(microseconds=1) for one in times], np.int64)
    found: NDArray[Any] = np.atleast_1d(np.asarray(times))
    if np.issubdtype(found.dtype, np.datetime64):
        found = found.astype("datetime64[us]")
    return found.astype(np.int64)


def _sum(zone: Zone, calendars: list[Calendar]) -> Calendar:
    if not calendars:
        return Calendar.constant(zone, 0.0)
    first, *others = calendars
    for other in others:
        first = first.plus(other)
    return first


def _demand(document: TariffDocument, year: windows.Year) -> Demand | None:
    given = document.demand
    if given is None:
        return None
    applies = windows.calendar(f"the charge '{given.name}'", year, [(one, 1.0) for one in given.windows], 0.0)
    return Demand(given.name, given.price_per_kw, 60 * given.interval_minutes, applies)


def _carbon(document: TariffDocument, year: windows.Year) -> Calendar | None:
    given = document.carbon
    if given is None:
        return None
    listed = [(one, one.g_per_kwh) for one in given.windows or []]
    return windows.calendar("`carbon`", year, listed, given.otherwise)


def _check_intervals(at: Times, energy: Floats, lengths: Floats) -> None:
    if at.shape != energy.shape:
        raise InvalidInputError("energy and its intervals differ in number", why=f"{len(energy)} and {len(at)}")
    if not np.isfinite(energy).all() or (energy < 0).any():
        raise InvalidInputError("energy from the grid is a number that is not negative")
    if not (lengths > 0).all():
        raise InvalidInputError("an interval lasts longer than nothing")


def _of_tiers(tier: Tiers, months: Times, energy: Floats, used_wh: float) -> float:
    total = 0.0
    for number, month in enumerate(np.unique(months)):
        before = 0.0 if number else used_wh
        total += tier.of(before + float(energy[months == month].sum())) - tier.of(before)
    return total


def _mean_power_kw(at: Times, energy: Floats, lengths: Floats, interval_s: int) -> tuple[Times, Floats]:
    """Starts of the demand intervals (whole ones since 1970) that the energy touches, and the mean power in each."""
    size = interval_s * US
    ends = at + np.round(lengths * 1e6).astype(np.int64)
    first, count = at // size, (ends - 1) // size - at // size + 1
    row = np.repeat(np.arange(len(at)), count)
    index = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    overlap = np.minimum(ends[row], (index + 1) * size) - np.maximum(at[row], index * size)
    share = overlap / (ends - at)[row]
    slots, where = np.unique(index, return_inverse=True)
    found = np.zeros(len(slots))
    np.add.at(found, where, share * energy[row])
    return slots * size, found / _WH / (interval_s / 3_600)


__all__ = ["Cost", "Demand", "Tariff", "Tiers", "as_us"]
