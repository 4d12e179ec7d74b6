"""Cars whose truth is known, and what their sensors say: what the electric services are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kaido.sim.truth.car import START, TruthCar, samples_of
from kaido.sim.truth.measuring import Measured, Measuring, Meter
from kaido.sim.truth.models import MODELS, Kind, TruthModel, models_of
from kaido.sim.truth.tables import Truth
from kaido.sim.truth.writing import tables, write

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

__all__ = [
    "MODELS",
    "START",
    "Kind",
    "Measured",
    "Measuring",
    "Meter",
    "Truth",
    "TruthCar",
    "TruthModel",
    "fleet",
    "models_of",
    "samples_of",
    "tables",
    "write",
]

SENSORS: tuple[Measuring, ...] = (
    Measuring(),
    Measuring(soc_step=1.0, current_step=0.5, voltage_step=0.5, odometer_step=1.0),
    Measuring(soc_step=0.5, soc_cut=True, text_states=True),
    Measuring(soc_step=1.0, power=True, wall=False),
)
"""Kinds of sensors, dealt out in turn to the cars of a fleet."""


def fleet(
    count: int,
    kind: Kind = "bev",
    seed: int = 0,
    *,
    start: dt.datetime = START,
    measuring: Sequence[Measuring] = SENSORS,
) -> list[TruthCar]:
    """So many cars of a kind of powertrain, ``{kind}-{seed}-0001`` and on, in several models and markets.

    Args:
        count: how many.
        kind: "bev", "phev" or "series".
        seed: the same seed gives the same cars.
        start: the first day that can be asked for.
        measuring: how well their sensors measure, dealt out in turn.
    """
    rng = np.random.default_rng([seed, 7])
    models = models_of(kind)
    cars = []
    for number in range(1, count + 1):
        model = models[int(rng.integers(len(models)))]
        market = model.markets[int(rng.integers(len(model.markets)))]
        how = measuring[(number - 1) % len(measuring)]
        cars.append(TruthCar(f"{kind}-{seed}-{number:04d}", model, market, seed * 100_000 + number, how, start))
    return cars
