"""One week of a car: a routine's outings joined by parking and charging, each beginning as the one before ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.sim.charging import charge
from kaido.sim.drives import BASE_AUXILIARY_W
from kaido.sim.profile import Profile, resting
from kaido.sim.routine import WEEK_S
from kaido.sim.segment import COMFORT_C, Kind, Segment

if TYPE_CHECKING:
    from kaido.sim.markets import City
    from kaido.sim.route import Road
    from kaido.sim.routine import Outing

ASLEEP_W = 12.0
CONNECT_S = 60.0
"""Between arriving and charging, and between charging and leaving."""
TURN_ROUND_S = 180.0
_WORTH_PLUGGING_S = 1_800.0
_HVAC_IDLE_K = 3.0
_HVAC_W_PER_K = 90.0
_HVAC_MOST_W = 3_500.0
_FAST_LIMIT = 0.8
_HOME_AGAIN_WITH = 0.4
"""State of charge with which a car is back at home: enough for any next way out; else it charges before it returns."""


@dataclass(frozen=True, eq=False)
class Way:
    """To a place and back, by the same cycles in the other order, so that both are as long."""

    out: Profile
    back: Profile
    road: Road


@dataclass(frozen=True, eq=False)
class Body:
    """What of a car its weeks need.

    Attributes:
        phase: its own share in the city's weather, radians.
        weight_n: newton.
        capacity_j: usable energy of the battery as it is today.
        limit: state of charge at which charging stops, share of 1.
        plug_below: state of charge below which it is plugged in at home.
        home_w, fast_w: what reaches the battery at home and at a fast charger, at most.
        ways: one for each place of its routine.
    """

    city: City
    phase: float
    weight_n: float
    capacity_j: float
    limit: float
    plug_below: float
    home_w: float
    fast_w: float
    ways: tuple[Way, ...]

    def ambient(self, time: float) -> float:
        """The air's temperature, °C, at a Unix time."""
        return float(self.city.ambient(np.array(time), self.phase))


def plan(body: Body, outings: tuple[Outing, ...], start: float, odometer: float) -> list[Segment]:
    """The segments of the week that begins at Unix time ``start``, at home, charged to the limit."""
    days = _Days(body, start, odometer)
    for outing in outings:
        way = body.ways[outing.place]
        depart = max(start + outing.depart_s, days.now + TURN_ROUND_S)
        days.at_home(depart, way.road)
        days.drive(way.out, direction=1)
        days.stay(days.now + outing.stay_s, way.back)
        days.drive(way.back, direction=-1)
    days.at_home(start + WEEK_S, days.road, last=True)
    return days.segments


class _Days:
    """The state at the end of what is planned so far."""

    def __init__(self, body: Body, start: float, odometer: float) -> None:
        self.body = body
        self.now = start
        self.soc = body.limit
        self.odometer = odometer
        self.battery_c = self.cabin_c = body.ambient(start)
        self.road = body.ways[0].road
        self.from_m = 0.0
        self.segments: list[Segment] = []

    def drive(self, profile: Profile, *, direction: int) -> None:
        off = max(abs(self.body.ambient(self.now) - COMFORT_C) - _HVAC_IDLE_K, 0.0)
        hvac = min(off * _HVAC_W_PER_K, _HVAC_MOST_W)
        until = self.now + profile.duration
        self._add(Kind.DRIVE, profile, until, BASE_AUXILIARY_W + hvac, hvac_w=hvac, direction=direction)
        self.from_m = profile.length if direction > 0 else 0.0

    def stay(self, until: float, back: Profile) -> None:
        """At a place: a fast charge if the way back needs it."""
        left = self.soc + back.energy[-1] / self.body.capacity_j
        if left < _HOME_AGAIN_WITH:
            self._rest(self.now + CONNECT_S)
            self._charge(Kind.CHARGE_DC, min(self.body.limit, _FAST_LIMIT), self.body.fast_w)
            until = max(until, self.now + CONNECT_S)
        self._rest(until)

    def at_home(self, until: float, road: Road, *, last: bool = False) -> None:
        """At home: plugged in when low, and in the last night of the week in any case."""
        self.road = road
        if not self.segments:
            self._rest(until, plugged=True)
        elif last or (until - self.now > _WORTH_PLUGGING_S and self.soc < self.body.plug_below):
            self._rest(self.now + CONNECT_S)
            self._charge(Kind.CHARGE_AC, self.body.limit, self.body.home_w, until)
            self._rest(until, plugged=True)
        else:
            self._rest(until)

    def _charge(self, kind: Kind, limit: float, peak_w: float, until: float = float("inf")) -> None:
        if self.soc < limit:
            profile = charge(self.soc, limit, self.body.capacity_j, peak_w, fast=kind is Kind.CHARGE_DC)
            self._add(kind, profile, min(self.now + profile.duration, until), plugged=True, limit=limit)

    def _rest(self, until: float, *, plugged: bool = False) -> None:
        drawn = 0.0 if plugged else ASLEEP_W
        self._add(Kind.PARK, resting(until - self.now), until, drawn, plugged=plugged)

    def _add(
        self,
        kind: Kind,
        profile: Profile,
        until: float,
        auxiliary_w: float = 0.0,
        *,
        hvac_w: float = 0.0,
        plugged: bool = False,
        direction: int = 1,
        limit: float | None = None,
    ) -> None:
        if until <= self.now:
            return
        segment = Segment(
            kind,
            self.now,
            until,
            profile,
            auxiliary_w,
            hvac_w,
            plugged,
            self.soc,
            self.odometer,
            self.battery_c,
            self.cabin_c,
            self.body.limit if limit is None else limit,
            self.body.ambient(self.now),
            self.road,
            self.from_m,
            direction,
            self.body.weight_n,
            self.body.capacity_j,
        )
        self.segments.append(segment)
        end = segment.at(np.array([until]))
        self.now = until
        self.soc = float(end.soc[0])
        self.odometer = float(end.odometer[0])
        self.battery_c = float(end.battery_c[0])
        self.cabin_c = float(end.cabin_c[0])
