"""What is known of one car's battery: estimates, what they are held against, and how it was used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kaido.services.battery.capacity import Capacities, capacities
from kaido.services.battery.driving import Driven, driven
from kaido.services.battery.estimate import Estimate

if TYPE_CHECKING:
    import pyarrow as pa

    from kaido.services.battery.packs import Pack
    from kaido.services.battery.sessions import Sessions

HEALTH = "share of the capacity when new"
_UNKNOWN_NEW = "what this model's battery holds when new is not known: see battery-models/COMPANY.yaml"


@dataclass(frozen=True)
class Use:
    """How a battery was charged, over the sessions that count.

    Attributes:
        fast_share: of the energy, by DC, %.
        mean_temperature_c: of the battery while charging; None where it is not measured.
        mean_depth_percent: change of state of charge of a charge.
        full_charges_a_year: charge counted over capacity and time; None for less than a week.
    """

    fast_share_percent: float | None = None
    mean_temperature_c: float | None = None
    mean_depth_percent: float | None = None
    full_charges_a_year: float | None = None

    @classmethod
    def of(cls, sessions: Sessions) -> Use:
        """From sessions; all None where there are none."""
        if not len(sessions):
            return cls()
        warm = sessions.celsius[np.isfinite(sessions.celsius)]
        years = -float(sessions.years[0])
        change = float(sessions.change[1:].sum())
        return cls(
            fast_share_percent=100 * float(sessions.energy_wh[sessions.fast].sum() / sessions.energy_wh.sum()),
            mean_temperature_c=float(warm.mean()) if len(warm) else None,
            mean_depth_percent=100 * float(sessions.change.mean()),
            full_charges_a_year=change / years if years > 7 / 365 else None,
        )


@dataclass(frozen=True)
class Health:
    """What is known of one car's battery.

    Attributes:
        found: capacities and ageing, from charges.
        health: charge (or energy) capacity as a share of that when new, %.
        driven: the cross-check.
        use: how it was charged.
        pack: the model's battery when new.
    """

    found: Capacities
    health: Estimate
    driven: Driven
    use: Use
    pack: Pack

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """All of them, the most used first."""
        found, driven_ = self.found, self.driven
        return (found.charge, found.energy, self.health, found.fade, driven_.energy, driven_.distance)

    @property
    def agreement_percent(self) -> float | None:
        """Energy by driving over energy by charging, less one; some per cent below 0 are heat, more are a fault."""
        driven_wh, charged_wh = self.driven.energy.value, self.found.energy.value
        return None if driven_wh is None or charged_wh is None else 100 * (driven_wh / charged_wh - 1)


def health(sessions: Sessions, trips: pa.Table, pack: Pack) -> Health:
    """All estimates of one car."""
    found = capacities(sessions, pack.chemistry)
    return Health(found, health_of(found, pack), driven(trips, pack.chemistry), Use.of(sessions), pack)


def health_of(found: Capacities, pack: Pack) -> Estimate:
    """Capacity over that when new: by charge where that is known, else by energy."""
    if pack.capacity_ah is not None:
        return found.charge.scaled(100 / pack.capacity_ah, HEALTH, "%")
    if pack.capacity_wh is not None:
        return found.energy.scaled(100 / pack.capacity_wh, HEALTH, "%")
    return Estimate.nothing(HEALTH, "%", found.charge.method, _UNKNOWN_NEW, sessions=found.charge.sessions)
