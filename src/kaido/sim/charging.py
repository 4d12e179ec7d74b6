"""Charging: power over state of charge, tapering towards the end, integrated into a profile."""

from __future__ import annotations

import numpy as np

from kaido.sim.profile import Floats, Profile

_STEPS = 240
_SHORTEST_J = 1.0

_AC_TAPER = ((0.0, 0.96, 1.0), (1.0, 1.0, 0.2))
_DC_TAPER = ((0.0, 0.08, 0.45, 0.8, 0.9, 1.0), (0.7, 1.0, 1.0, 0.45, 0.22, 0.06))


def power_w(soc: Floats, peak_w: float, *, fast: bool) -> Floats:
    """Power into the battery at a state of charge (0 to 1); DC (``fast``) tapers early, AC at the very end."""
    soc_nodes, shares = _DC_TAPER if fast else _AC_TAPER
    return peak_w * np.interp(soc, soc_nodes, shares)


def charge(soc: float, limit: float, capacity_j: float, peak_w: float, *, fast: bool) -> Profile:
    """The charge from ``soc`` to ``limit`` as a profile at standstill.

    Args:
        soc: state of charge at the start, 0 to 1.
        limit: where it stops.
        capacity_j: usable energy of the battery.
        peak_w: the highest power that socket and car allow.
        fast: DC.
    """
    energy = np.linspace(0.0, max((limit - soc) * capacity_j, _SHORTEST_J), _STEPS + 1)
    middle = soc + (energy[1:] + energy[:-1]) / (2 * capacity_j)
    seconds = np.concatenate([[0.0], np.cumsum(np.diff(energy) / power_w(middle, peak_w, fast=fast))])
    return Profile(seconds, np.zeros_like(seconds), energy)
