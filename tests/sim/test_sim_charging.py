from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.sim.charging import charge, power_w

CAPACITY_J = 40 * 3.6e6


@given(st.floats(0, 0.99), st.floats(0.001, 1), st.booleans())
def test_a_charge_brings_the_battery_to_its_limit_and_no_further(soc: float, share: float, fast: bool) -> None:
    limit = soc + share * (1 - soc)
    profile = charge(soc, limit, CAPACITY_J, 50_000, fast=fast)
    assert profile.energy[-1] == pytest.approx(max((limit - soc) * CAPACITY_J, 1.0))
    assert (np.diff(profile.energy) > 0).all()
    assert not profile.speed.any()


@pytest.mark.parametrize("fast", [False, True])
def test_power_never_passes_the_socket_and_tapers_at_the_end(fast: bool) -> None:
    profile = charge(0.1, 1.0, CAPACITY_J, 50_000, fast=fast)
    power = profile.at(np.linspace(0, profile.duration, 500)).power
    assert power.max() <= 50_000 * (1 + 1e-9)
    assert power[-1] < 0.5 * power.max()


def test_fast_charging_tapers_early_and_home_charging_late() -> None:
    half_full = np.array([0.85])
    assert power_w(half_full, 1.0, fast=True) < 0.5
    assert power_w(half_full, 1.0, fast=False) == 1.0
