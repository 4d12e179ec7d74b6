"""A car whose whole life is known: what it did, and what its sensors said."""

from __future__ import annotations

import datetime as dt
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kaido import flow
from kaido.errors import InvalidInputError
from kaido.sim.markets import market as market_of
from kaido.sim.truth import signals as names
from kaido.sim.truth import tables
from kaido.sim.truth.battery import Ageing, Battery
from kaido.sim.truth.life import DAY_S, Day, Habits
from kaido.sim.truth.measuring import Measured, Measuring, Meter

if TYPE_CHECKING:
    from kaido.sim.truth.models import TruthModel
    from kaido.sim.truth.stretch import Stretch

START = dt.datetime(2025, 1, 6, tzinfo=dt.UTC)
_US = 1_000_000
_YEAR_S = 365.2425 * DAY_S
_BEGIN_H = 4
_WORK = ("town", "suburb", "road", "highway")


class TruthCar:
    """A car of a model in a market. Everything about it follows from these, the seed and the first day.

    Args:
        id: its name in the tables.
        model: one of ``models.MODELS`` (or one's own).
        market: "US", "JP"…
        seed: any number.
        measuring: how well its sensors measure.
        start: its first day; days before cannot be asked for, and later ones are lived through once.

    Attributes:
        offset_a: what its current sensor shows when none flows; ``gain`` is the share that all it shows is wrong by.
        ageing: how its battery ages.
    """

    def __init__(
        self,
        id: str,  # noqa: A002  # it is what the field calls it
        model: TruthModel,
        market: str,
        seed: int,
        measuring: Measuring | None = None,
        start: dt.datetime = START,
    ) -> None:
        self.id, self.model, self.seed = id, model, seed
        self.market = market_of(market)
        self.measuring = measuring or Measuring()
        rng = np.random.default_rng([seed, zlib.crc32(model.name.encode()), zlib.crc32(market.encode())])
        self.city = self.market.cities[rng.integers(len(self.market.cities))]
        self.habits = Habits(
            work=_WORK[rng.integers(len(_WORK))],
            variant=int(rng.integers(3)),
            limit=float(rng.choice([0.8, 0.9, 1.0])) - 0.004,
            plug_below=float(rng.uniform(0.35, 0.75)),
            fast=float(rng.uniform(0.0, 0.5)),
            load=float(rng.normal(1.0, 0.05)),
            ac_w=min(model.onboard_w, 0.9 * self.market.home_w) * float(rng.uniform(0.9, 1.0)),
        )
        self.ageing = Ageing(
            born_s=start.timestamp() - float(rng.uniform(0.1, 6.0)) * _YEAR_S,
            per_root_year=float(rng.uniform(0.015, 0.035)),
            per_thousand_cycles=float(rng.uniform(0.03, 0.10)),
            fast=float(rng.uniform(0.2, 0.8)),
            cycles_per_year=float(rng.uniform(30, 90)),
            fast_share=self.habits.fast / 2,
            mean_c=self.city.climate[0],
        )
        self.offset_a = float(rng.normal(0.0, self.measuring.current_offset))
        self.gain = float(rng.normal(0.0, self.measuring.current_gain))
        self._claimed = float(rng.normal(0.0, 1.5))  # the car's own idea of its health is off by this, percent
        self._first = self._day_of(start)
        soc = 0.52 if model.kind == "series" else self.habits.limit
        self._begins: list[tuple[float, float]] = [(soc, float(rng.uniform(3e6, 9e7)))]

    def battery(self, time_s: float) -> Battery:
        """The battery at a Unix time."""
        model = self.model
        return Battery(model.chemistry, model.cells, model.capacity_ah * self.ageing.health(time_s), model.ohms)

    def days(self, start: dt.datetime, days: int) -> tables.Truth:
        """The truth of so many of the car's days (four in the morning to four, local time) from ``start``'s on."""
        first = self._day_of(start)
        stretches = [one for number in range(first, first + days) for one in self._live(number)]
        trips, charges, idles = [], [], []
        resting: list[Stretch] = []
        for one in stretches:
            if one.kind == "idle":
                resting.append(one)
                continue
            if resting:
                idles.append(tables.idle_row(self.id, resting))
                resting = []
            if one.kind == "trip":
                trips.append(tables.trip_row(self.id, one))
            else:
                charges.append(tables.charge_row(self.id, self.market.code, one))
        if resting:
            idles.append(tables.idle_row(self.id, resting))
        capacities = [self._capacity(number) for number in range(first, first + days)]
        return tables.Truth(
            pa.Table.from_pylist(trips, tables.TRIPS),
            pa.Table.from_pylist(charges, tables.CHARGES),
            pa.Table.from_pylist(idles, tables.IDLES),
            pa.Table.from_pylist(capacities, tables.CAPACITIES),
        )

    def samples(self, start: dt.datetime, end: dt.datetime) -> pa.Table:
        """What its sensors said (SAMPLE_SCHEMA, texts as dictionaries) from ``start`` to before ``end``."""
        low, high = round(start.timestamp() * _US), round(end.timestamp() * _US)
        numbers = range(self._day_of(start), self._day_of(end - dt.timedelta(microseconds=1)) + 1)
        found = Measured.concatenate(self.day(number) for number in numbers)
        kept = (found.time_us >= low) & (found.time_us < high)
        if not kept.all():
            found = Measured(found.code[kept], found.time_us[kept], found.value[kept])
        return samples_of([(self, found)])

    def day(self, number: int) -> Measured:
        """The samples of its day of that number (see ``day_number``)."""
        stretches = self._live(number)
        time_s = stretches[0].start_us / _US
        meter = self.meter(time_s)
        rng = np.random.default_rng([self.seed, number, 1])
        return Measured.concatenate(meter.measure(one, rng) for one in stretches)

    def day_number(self, time: dt.datetime) -> int:
        """The number of its day in which a moment lies."""
        return self._day_of(time)

    def stretches(self, start: dt.datetime, days: int) -> list[Stretch]:
        """The truth behind ``days`` as columns over time."""
        first = self._day_of(start)
        return [one for number in range(first, first + days) for one in self._live(number)]

    def meter(self, time_s: float) -> Meter:
        """Its sensors at a Unix time."""
        health = 100 * self.ageing.health(time_s) + self._claimed
        return Meter(self.measuring, self.offset_a, self.gain, self.market, health)

    def _live(self, number: int) -> list[Stretch]:
        if number < self._first:
            raise InvalidInputError(
                f"car {self.id} has no day {number}", why="it is before its first", fix="Make it with an earlier start"
            )
        while len(self._begins) <= number - self._first:
            self._lived(self._first + len(self._begins) - 1)
        return self._lived(number).stretches

    def _lived(self, number: int) -> Day:
        soc, odometer_m = self._begins[number - self._first]
        begin_us = self._begin_us(number)
        rng = np.random.default_rng([self.seed, number])
        battery = self.battery(begin_us / _US)
        day = Day(self.model, self.market.code, self.city, battery, self.habits, begin_us, soc, odometer_m, rng)
        day.live()
        if len(self._begins) == number - self._first + 1:
            self._begins.append((day.soc, day.odometer_m))
        return day

    def _capacity(self, number: int) -> dict[str, object]:
        begin_us = self._begin_us(number)
        battery = self.battery(begin_us / _US)
        return {
            "vehicle": self.id,
            "time": begin_us,
            "capacity_ah": battery.capacity_ah,
            "capacity_wh": battery.capacity_wh,
            "health_percent": 100 * battery.capacity_ah / self.model.capacity_ah,
        }

    def _begin_us(self, number: int) -> int:
        return round((number * DAY_S + (_BEGIN_H - self.city.utc_offset_h) * 3_600) * _US)

    def _day_of(self, time: dt.datetime) -> int:
        return int((time.timestamp() - (_BEGIN_H - self.city.utc_offset_h) * 3_600) // DAY_S)


_TYPES = pa.schema(
    [
        field.with_type(pa.dictionary(pa.int32(), pa.string())) if field.name in {"vehicle", "signal"} else field
        for field in flow.SAMPLE_SCHEMA
    ]
)


def samples_of(parts: list[tuple[TruthCar, Measured]]) -> pa.Table:
    """The samples of several cars as one table (SAMPLE_SCHEMA, vehicles and signals as dictionaries)."""
    whole = Measured.concatenate(measured for _, measured in parts)
    cars = np.repeat(np.arange(len(parts), dtype=np.int32), [len(measured.code) for _, measured in parts])
    said = np.array([car.measuring.text_states for car, _ in parts], bool)[cars] if parts else np.zeros(0, bool)
    as_text = said & (whole.code == names.CODES[names.STATE])
    count = len(cars)
    return pa.Table.from_arrays(
        [
            pa.DictionaryArray.from_arrays(pa.array(cars), pa.array([car.id for car, _ in parts], pa.string())),
            pa.DictionaryArray.from_arrays(pa.array(whole.code.astype(np.int32)), pa.array(names.ALL)),
            pa.array(whole.time_us).cast(pa.timestamp("us", tz="UTC")),
            pa.array(whole.value, mask=as_text) if as_text.any() else pa.array(whole.value),
            _texts(whole, as_text),
            pa.nulls(count, pa.string()),
            pa.nulls(count, pa.uint32()),
        ],
        schema=_TYPES,
    )


def _texts(whole: Measured, chosen: np.ndarray) -> pa.Array:
    if not chosen.any():
        return pa.nulls(len(chosen), pa.string())
    spelled = np.full(len(chosen), None, object)
    spelled[chosen] = [names.STATE_TEXTS[value] for value in whole.value[chosen]]
    return pa.array(spelled, pa.string())
