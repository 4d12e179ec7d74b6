"""The power of a charge over time: constant, then tapering; with interruptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from kaido.sim.profile import Floats
    from kaido.sim.truth.battery import Battery

AC_STEP_S, DC_STEP_S = 10.0, 2.0
_POINTS = 240
_TAPER = {
    "AC": ((0.0, 0.96, 1.0), (1.0, 1.0, 0.3)),
    "DC": ((0.0, 0.08, 0.45, 0.8, 0.9, 1.0), (0.7, 1.0, 1.0, 0.45, 0.22, 0.08)),
}


def charge(
    battery: Battery, kind: str, soc: float, target: float, peak_w: float, most_s: float, pauses: list[float]
) -> tuple[Floats, Floats, Floats]:
    """Seconds, power into the battery and whether it flows (0 or 1), from ``soc`` to ``target``.

    Args:
        battery: which one.
        kind: "AC" or "DC".
        soc: where it begins, share of 1.
        target: where it stops.
        peak_w: the most that charger and car allow.
        most_s: when it is unplugged at the latest.
        pauses: seconds that each interruption lasts; they are spread over the charge.
    """
    grid = np.linspace(soc, target, _POINTS + 1)
    shares = np.interp((grid[1:] + grid[:-1]) / 2, *_TAPER[kind])
    needed = np.concatenate([[0.0], np.cumsum(np.diff(grid) * battery.capacity_wh * 3_600 / (peak_w * shares))])
    step = AC_STEP_S if kind == "AC" else DC_STEP_S
    seconds = np.arange(0.0, min(needed[-1], most_s) + step, step)
    level = np.interp(seconds, needed, grid)
    power: Floats = peak_w * np.interp(level, *_TAPER[kind])
    flows = np.ones_like(power)
    for number, pause in enumerate(pauses, 1):
        at = len(power) * number // (len(pauses) + 1)
        rest = np.zeros(max(int(pause / step), 2))
        power = np.concatenate([power[:at], rest, power[at:]])
        flows = np.concatenate([flows[:at], rest, flows[at:]])
    seconds = step * np.arange(len(power), dtype=np.float64)
    last = int(np.searchsorted(seconds, most_s, side="right"))
    seconds, power, flows = seconds[:last], power[:last], flows[:last]
    flows[-1] = power[-1] = power[0] = 0.0
    return seconds, power, flows
