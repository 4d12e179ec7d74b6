"""A stretch of a car's life: it drives, charges or rests. All its columns follow from the state at its start."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from kaido.sim.profile import Floats, Profile
    from kaido.sim.route import Road

GRAVITY = 9.80665
_BATTERY_S = 5_400.0
_CABIN_S = 900.0
COMFORT_C = 21.0


class Kind(enum.IntEnum):
    """What a car does."""

    PARK = 0
    DRIVE = 1
    CHARGE_AC = 2
    CHARGE_DC = 3


_WARMING_C = {Kind.PARK: 0.0, Kind.DRIVE: 9.0, Kind.CHARGE_AC: 5.0, Kind.CHARGE_DC: 18.0}


@dataclass(frozen=True, eq=False)
class State:
    """The physical state of a car as columns over time.

    Units: m/s, m/s², W (into the battery; traction power is what the motor draws), share of 1, m, degrees, radians
    clockwise from north, radians per metre driven (to the right), °C.
    """

    kind: Floats
    plugged: Floats
    speed: Floats
    acceleration: Floats
    traction_w: Floats
    battery_w: Floats
    hvac_w: Floats
    soc: Floats
    odometer: Floats
    latitude: Floats
    longitude: Floats
    altitude: Floats
    heading: Floats
    curvature: Floats
    battery_c: Floats
    cabin_c: Floats
    limit: Floats
    charge_left_s: Floats

    @classmethod
    def concatenate(cls, parts: list[State]) -> State:
        """One after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)))


@dataclass(frozen=True, eq=False)
class Segment:
    """From ``start`` to ``end`` (Unix seconds).

    Attributes:
        profile: motion, and the energy that traction or charging moves.
        auxiliary_w: drawn from the battery throughout; ``hvac_w`` of it warms or cools the cabin.
        plugged: the cable is in.
        soc, odometer, battery_c, cabin_c: the state at the start (share of 1, m, °C).
        limit: the share of 1 at which charging stops.
        ambient_c: of the air.
        road: where it is, ``from_m`` metres from home at the start, going out (1) or back (-1).
        weight_n: the car's weight: what climbs takes energy, what descends gives it back.
        capacity_j: usable energy of the battery.
    """

    kind: Kind
    start: float
    end: float
    profile: Profile
    auxiliary_w: float
    hvac_w: float
    plugged: bool
    soc: float
    odometer: float
    battery_c: float
    cabin_c: float
    limit: float
    ambient_c: float
    road: Road
    from_m: float
    direction: int
    weight_n: float
    capacity_j: float

    def at(self, times: Floats) -> State:
        """The state at Unix ``times`` within the segment."""
        into = times - self.start
        moment = self.profile.at(into)
        metres = self.from_m + self.direction * moment.distance
        latitude, longitude, heading, altitude = self.road.at(metres)
        climbed = altitude - self.road.height(np.array(self.from_m))
        gained = moment.energy - self.auxiliary_w * into - self.weight_n * climbed
        slope, curvature = self.road.slope_and_curvature(metres)
        climb_w = self.weight_n * self.direction * slope * moment.speed
        driving = self.kind is Kind.DRIVE
        warm = self.ambient_c + _WARMING_C[self.kind]
        cabin = COMFORT_C if driving else self.ambient_c
        ones = np.ones_like(into)
        return State(
            kind=ones * int(self.kind),
            plugged=ones * self.plugged,
            speed=moment.speed,
            acceleration=moment.acceleration,
            traction_w=climb_w - moment.power if driving else 0 * ones,
            battery_w=moment.power - self.auxiliary_w - climb_w,
            hvac_w=ones * self.hvac_w,
            soc=self.soc + gained / self.capacity_j,
            odometer=self.odometer + moment.distance,
            latitude=latitude,
            longitude=longitude,
            altitude=altitude,
            heading=heading if self.direction > 0 else heading + math.pi,
            curvature=self.direction * curvature,
            battery_c=warm + (self.battery_c - warm) * np.exp(-into / _BATTERY_S),
            cabin_c=cabin + (self.cabin_c - cabin) * np.exp(-into / _CABIN_S),
            limit=ones * self.limit,
            charge_left_s=self.profile.duration - into if self.kind >= Kind.CHARGE_AC else 0 * ones,
        )
