"""Drives: `fastsim` solves each vehicle model over each drive cycle once; trips are cycles one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from kaido.errors import UnavailableError
from kaido.sim.profile import Profile

if TYPE_CHECKING:
    from kaido.sim.models import VehicleModel

CYCLES: dict[str, tuple[str, float, int]] = {
    "errand": ("udds.csv", 1.0, 506),
    "town": ("udds.csv", 1.0, 0),
    "slow town": ("udds.csv", 0.85, 0),
    "brisk town": ("udds.csv", 1.12, 0),
    "highway": ("hwfet.csv", 1.0, 0),
    "fast highway": ("hwfet.csv", 1.25, 0),
}
"""Name → fastsim's cycle, a factor on its speed, and how many of its points, one a second, are driven (0: all).

UDDS: urban dynamometer driving schedule, its first 505 s stand on their own; HWFET: highway fuel economy test (EPA).
"""

BASE_AUXILIARY_W = 250.0
"""What computers, pumps and lights draw while the car is on."""


@dataclass(frozen=True)
class Physics:
    """What `fastsim` knows of a model: mass kg, usable battery energy J, motor power W."""

    mass_kg: float
    usable_j: float
    motor_w: float


def check_installed() -> None:
    """Say early, before anything is started, that there is no `fastsim`.

    Raises:
        UnavailableError: `fastsim` is not installed.
    """
    if find_spec("fastsim") is None:
        _fastsim()


def _fastsim() -> Any:
    try:
        import fastsim  # noqa: PLC0415  # an extra; a second to import, and only simulation needs it
    except ImportError as error:
        raise UnavailableError(
            "the simulated fleet needs the package fastsim",
            why="it is not installed",
            fix="Install the extra: pip install 'kaido[sim]'",
        ) from error
    return fastsim


@cache
def physics(model: VehicleModel) -> Physics:
    """Mass, battery and motor of a model.

    Raises:
        UnavailableError: `fastsim` is not installed.
    """
    vehicle = _solved(model, "errand")  # the mass of some models is known only after a run
    battery, motor = vehicle["pt_type"]["BEV"]["res"], vehicle["pt_type"]["BEV"]["em"]
    return Physics(
        mass_kg=vehicle["state"]["mass_kilograms"],
        usable_j=battery["energy_capacity_joules"] * (battery["max_soc"] - battery["min_soc"]),
        motor_w=motor["pwr_out_max_watts"],
    )


@cache
def drive(model: VehicleModel, cycle: str) -> Profile:
    """A model's drive over one of ``CYCLES``: traction only, without auxiliary power. It starts and ends standing."""
    vehicle = _solved(model, cycle)
    time = np.array(vehicle["history"]["time_seconds"], np.float64)
    power = np.array(vehicle["pt_type"]["BEV"]["res"]["history"]["pwr_out_prop_watts"], np.float64)
    energy = np.concatenate([[0.0], -np.cumsum(power[1:] * np.diff(time))])
    return Profile(time - time[0], np.array(vehicle["history"]["speed_ach_meters_per_second"]), energy)


@cache
def trip(model: VehicleModel, cycles: tuple[str, ...]) -> Profile:
    """Cycles one after the other."""
    profile = drive(model, cycles[0])
    for cycle in cycles[1:]:
        profile = profile.then(drive(model, cycle))
    return profile


def _solved(model: VehicleModel, cycle: str) -> dict[str, Any]:
    """The vehicle after `fastsim` drove the cycle on a flat road, with its history: about 30 ms."""
    fastsim = _fastsim()
    source, factor, points = CYCLES[cycle]
    given = fastsim.Cycle.from_resource(source).to_dict()
    count = points or len(given["time_seconds"])
    given = {key: value[:count] if isinstance(value, list) else value for key, value in given.items()}
    given["speed_meters_per_second"] = [factor * speed for speed in given["speed_meters_per_second"]]
    given |= {"dist_meters": [], "elev_meters": [], "grade": []}  # fastsim works them out anew
    vehicle = fastsim.Vehicle.from_resource(model.resource)
    vehicle.set_save_interval(1)
    run = fastsim.SimDrive(vehicle, fastsim.Cycle.from_dict(given))
    run.run()
    solved: dict[str, Any] = run.to_dict()["veh"]
    return solved
