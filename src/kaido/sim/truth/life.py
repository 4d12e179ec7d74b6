"""One day of a car, from four in the morning to four: outings, what it charges between them, and rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.sim.truth.charging import charge
from kaido.sim.truth.cycles import drive
from kaido.sim.truth.driving import power
from kaido.sim.truth.stretch import AWAKE_W, Stretch

if TYPE_CHECKING:
    from kaido.sim.markets import City
    from kaido.sim.truth.battery import Battery
    from kaido.sim.truth.cycles import Drive
    from kaido.sim.truth.models import TruthModel

DAY_S = 86_400
_WORTH_PLUGGING_US = 2_400_000_000
_LAST_HOME_S = 18.5 * 3_600
"""Since four in the morning: who would be home later stays at home, so that nights are for charging."""
_LEAST_SOC = 0.10
_COMFORT_C, _NEED_NOTHING_K, _HVAC_W_PER_K, _HVAC_MOST_W = 21.0, 3.0, 80.0, 3_500.0
_ASLEEP_W = {"bev": 12.0, "phev": 4.0, "series": 0.3}
_WARMER_C = {"trip": 6.0, "AC": 4.0, "DC": 15.0, "idle": 0.0}


@dataclass(frozen=True)
class Habits:
    """What one car's people do.

    Attributes:
        work: a place of ``cycles.PLACES``, and ``variant`` which one of its kind.
        limit: state of charge at which charging stops, share of 1.
        plug_below: it is plugged in at home below this.
        fast: how likely a stay far away begins with a fast charge, needed or not.
        load: factor on the road load.
        ac_w: what the socket at home brings into the battery at most.
    """

    work: str
    variant: int
    limit: float
    plug_below: float
    fast: float
    load: float
    ac_w: float


class Day:
    """A day as it is being lived: call the three verbs, then read ``stretches``, ``soc`` and ``odometer_m``."""

    def __init__(
        self,
        model: TruthModel,
        market: str,
        city: City,
        battery: Battery,
        habits: Habits,
        begin_us: int,
        soc: float,
        odometer_m: float,
        rng: np.random.Generator,
    ) -> None:
        self.model, self.market, self.city, self.battery, self.habits = model, market, city, battery, habits
        self.begin_us = self.now_us = begin_us
        self.soc, self.odometer_m = soc, odometer_m
        self.rng = rng
        self.place = (city.lat, city.lon)
        self.stretches: list[Stretch] = []

    def live(self) -> None:
        """The whole day."""
        for depart_s, place, stay_s in _outings(self.habits, self.begin_us, self.rng):
            self._outing(depart_s, place, stay_s)
        self._at_home(self.begin_us + DAY_S * 1_000_000, night=True)

    def _outing(self, depart_s: float, place: str, stay_s: float) -> None:
        variant = self.habits.variant % 3
        out, back = (drive(self.market, self.city.name, place, variant, back=which) for which in (False, True))
        depart_us = max(self.begin_us + round(depart_s * 1e6), self.now_us + 180_000_000)
        home_us = depart_us + round((out.duration + stay_s + back.duration) * 1e6)
        if home_us > self.begin_us + _LAST_HOME_S * 1e6 or not self._reaches(out):
            return
        self._at_home(depart_us)
        self._drive(out)
        until_us = self.now_us + round(stay_s * 1e6)
        wish = place in {"highway", "far"} and self.rng.random() < self.habits.fast
        if self.model.fast_w and (wish or not self._reaches(back)):
            self._rest(self.now_us + round(self.rng.uniform(60, 180) * 1e6), plug_s=-8.0)
            self._charge("DC", self.rng.uniform(0.72, 0.85), self.model.fast_w * self.rng.uniform(0.45, 1.0), until_us)
            until_us = max(until_us, self.now_us + 150_000_000)
        self._rest(until_us)
        self._drive(back)

    def _reaches(self, way: Drive) -> bool:
        if self.model.kind != "bev":
            return True
        flow = power(self.model, self.battery, way, self.soc, self.habits.load, AWAKE_W + self._hvac_w()).battery
        return self.soc + 1.08 * float(flow.sum()) / 3_600 / self.battery.capacity_wh > _LEAST_SOC

    def _hvac_w(self) -> float:
        off = max(abs(self._ambient() - _COMFORT_C) - _NEED_NOTHING_K, 0.0)
        return min(off * _HVAC_W_PER_K, _HVAC_MOST_W)

    def _ambient(self) -> float:
        return float(self.city.ambient(np.array(self.now_us / 1e6)))

    def _drive(self, way: Drive) -> None:
        auxiliary_w = AWAKE_W + self._hvac_w()
        flows = power(self.model, self.battery, way, self.soc, self.habits.load, auxiliary_w)
        more = {"generator_w": flows.generator, "fuel_lph": flows.fuel, "engine_rpm": flows.engine}
        self._add("trip", way.seconds, flows.battery, auxiliary_w, drive=way, **more)
        self.odometer_m += float(way.metres[-1])
        self.place = (float(way.latitude[-1]), float(way.longitude[-1]))

    def _at_home(self, until_us: int, *, night: bool = False) -> None:
        low = self.soc < self.habits.plug_below or (night and self.rng.random() < 0.3)  # noqa: PLR2004
        worth = until_us - self.now_us > _WORTH_PLUGGING_US and self.soc < self.habits.limit - 0.01
        if self.model.onboard_w and low and worth:
            self._rest(self.now_us + round(self.rng.uniform(60, 900) * 1e6), plug_s=-8.0)
            self._charge("AC", self.habits.limit + self.rng.uniform(-0.004, 0.004), self.habits.ac_w, until_us)
        self._rest(until_us, plugged=self._charged())

    def _charged(self) -> bool:
        return bool(self.stretches) and self.stretches[-1].kind in {"AC", "DC"}

    def _charge(self, kind: str, target: float, peak_w: float, until_us: int) -> None:
        most_s = (until_us - self.now_us) / 1e6 - 240 if kind == "AC" else 5_400.0
        if target < self.soc + 0.005:
            return
        pauses = [self.rng.uniform(60, 400)] if self.rng.random() < 0.06 else []  # noqa: PLR2004
        seconds, flow, delivering = charge(self.battery, kind, self.soc, target, peak_w, most_s, pauses)
        self._add(kind, seconds, flow, 0.0, delivering=delivering)

    def _rest(self, until_us: int, *, plug_s: float | None = None, plugged: bool = False) -> None:
        """Until then; plugged in from ``plug_s`` (before the end) on, or ``plugged`` until shortly before the end."""
        seconds = (until_us - self.now_us) / 1e6
        if seconds <= 0:
            return
        cable = None if plug_s is None else (max(seconds + plug_s, 0.0), np.inf)
        if plugged or (plug_s is None and self._charged()):
            cable = (-np.inf, max(seconds - 40.0, 0.0))
        drawn = np.full(2, -_ASLEEP_W[self.model.kind])
        self._add("idle", np.array([0.0, seconds]), drawn, -float(drawn[0]), plugged_s=cable)

    def _add(self, kind: str, seconds: np.ndarray, flow_w: np.ndarray, auxiliary_w: float, **more: object) -> None:
        flow = self.battery.carry(seconds, flow_w, self.soc)
        ambient = self._ambient()
        stretch = Stretch(
            kind=kind,
            start_us=self.now_us,
            seconds=seconds,
            flow=flow,
            ambient_c=ambient,
            battery_c=ambient + _WARMER_C[kind],
            auxiliary_w=auxiliary_w,
            odometer_m=self.odometer_m,
            place=self.place,
            ohms=self.battery.ohms,
            **more,  # type: ignore[arg-type]  # columns of Stretch, named by the callers above
        )
        self.stretches.append(stretch)
        self.now_us = stretch.end_us
        self.soc = float(flow.soc[-1])


def _outings(habits: Habits, begin_us: int, rng: np.random.Generator) -> list[tuple[float, str, float]]:
    """Seconds since four in the morning, where to, and seconds there."""
    weekday = (begin_us // 1_000_000 // DAY_S + 3) % 7
    outings = []
    if weekday < 5:  # noqa: PLR2004  # Monday to Friday
        if rng.random() < 0.92:  # noqa: PLR2004
            outings.append((rng.uniform(2.2, 4.5), habits.work, rng.uniform(7.5, 9.0)))
        if rng.random() < 0.35:  # noqa: PLR2004
            outings.append((rng.uniform(14.2, 15.5), "shop", rng.uniform(0.3, 1.2)))
    else:
        if rng.random() < 0.7:  # noqa: PLR2004
            outings.append((rng.uniform(5.0, 6.5), "shop", rng.uniform(0.2, 1.0)))
        if rng.random() < 0.5:  # noqa: PLR2004
            outings.append((rng.uniform(8.0, 9.5), ("far", "highway", "road", "suburb")[rng.integers(4)], 2.5))
    return [(hours * 3_600, place, stay * 3_600) for hours, place, stay in outings]
