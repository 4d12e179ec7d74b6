"""A hybrid's fuel: how far it goes, from the car's own trips in which fuel alone drove it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.services.energy.forecast import DRAWS, Quantiles
from kaido.services.energy.trips import FUEL_WH_PER_L

if TYPE_CHECKING:
    import pyarrow as pa

    from kaido.services.energy.cycle import Floats

FUEL_LEVEL = "fuel_level"
"""What the tank holds, litres: a role that the range alone reads."""
FUEL_LEVEL_PATH = "Vehicle.Powertrain.FuelSystem.AbsoluteLevel"
LEAST_TRIPS = 3
_SUSTAINED = 0.1
"""What the battery may give or take, as a share of the fuel's energy, where the fuel alone drove."""
_SEED = 20_260_102
_NEEDED = ("distance_m", "fuel_l", "energy_out_wh", "energy_in_wh")


@dataclass(frozen=True, eq=False)
class Burnt:
    """The trips that fuel drove, as columns: the battery ended about as full as it began.

    Attributes:
        distance_m: of each.
        fuel_l: that it took.
    """

    distance_m: Floats
    fuel_l: Floats

    @classmethod
    def of(cls, trips: pa.Table) -> Burnt:
        """From rows of the table ``trips`` of one car."""
        distance, fuel, out, back = (trips[name].to_numpy().astype(np.float64) for name in _NEEDED)
        taken = np.abs(np.nan_to_num(out) - np.nan_to_num(back))
        driven = (distance > 0) & (fuel > 0) & (taken <= _SUSTAINED * FUEL_WH_PER_L * fuel)
        return cls(distance[driven], fuel[driven])

    @classmethod
    def nothing(cls) -> Burnt:
        """No trips."""
        return cls(np.zeros(0), np.zeros(0))

    def __len__(self) -> int:
        """How many trips."""
        return len(self.distance_m)

    def range_m(self, litres: float) -> Quantiles | None:
        """How far so much fuel goes; None where too few trips tell.

        Trips ahead are a mixture of those that were driven; which one, few trips leave open (the Bayesian bootstrap).
        """
        if len(self) < LEAST_TRIPS:
            return None
        mixtures = np.random.default_rng(_SEED).gamma(1.0, size=(DRAWS, len(self)))
        return Quantiles.of(litres * (mixtures @ self.distance_m) / (mixtures @ self.fuel_l))
