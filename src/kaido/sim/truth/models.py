"""What the cars of the truth are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kaido.errors import NotFoundError

Kind = Literal["bev", "phev", "series"]

# Open-circuit voltage of a cell at these states of charge (share of 1).
_NODES = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
CELL_VOLTS: dict[str, tuple[float, ...]] = {
    "NMC": (3.05, 3.32, 3.45, 3.56, 3.68, 3.90, 4.05, 4.17),
    "LFP": (2.85, 3.12, 3.20, 3.27, 3.30, 3.32, 3.34, 3.42),
    "solid-state": (2.90, 3.58, 3.60, 3.61, 3.62, 3.63, 3.64, 4.05),
}
SOC_NODES = _NODES


@dataclass(frozen=True)
class TruthModel:
    """A vehicle model.

    Attributes:
        kind: battery-electric, plug-in hybrid or series hybrid.
        chemistry: a key of ``CELL_VOLTS``.
        markets: where it is sold; by them its DC connector.
        cells: in series.
        capacity_ah: usable, when new.
        ohms: of the whole battery.
        mass_kg: with a driver.
        road_load: A (N), B (N s/m), C (N s²/m²).
        onboard_w, fast_w: AC and DC power into the battery, at most; 0: cannot.
        generator_w: electrical, of the generator or by the engine in a plug-in hybrid.
    """

    name: str
    kind: Kind
    chemistry: str
    markets: tuple[str, ...]
    cells: int
    capacity_ah: float
    ohms: float
    mass_kg: float
    road_load: tuple[float, float, float]
    onboard_w: float = 0.0
    fast_w: float = 0.0
    generator_w: float = 0.0


MODELS: tuple[TruthModel, ...] = (
    TruthModel(
        "Compact 62", "bev", "NMC", ("US", "CA", "JP", "DE"), 96, 165.0, 0.085, 1_770, (120, 1.2, 0.44), 6_300, 95_000
    ),
    TruthModel("Compact 40", "bev", "NMC", ("US", "JP", "FR"), 96, 110.0, 0.12, 1_620, (115, 1.1, 0.42), 6_000, 46_000),
    TruthModel(
        "Saloon 60", "bev", "LFP", ("US", "CA", "JP", "DE"), 106, 172.0, 0.07, 1_850, (125, 0.9, 0.36), 10_500, 150_000
    ),
    TruthModel(
        "Crossover 90",
        "bev",
        "solid-state",
        ("US", "JP", "DE"),
        192,
        130.0,
        0.10,
        2_250,
        (170, 1.5, 0.52),
        10_800,
        210_000,
    ),
    TruthModel(
        "Plug-in 18", "phev", "NMC", ("US", "JP", "DE"), 84, 52.0, 0.16, 1_880, (160, 1.3, 0.48), 3_300, 0.0, 60_000
    ),
    TruthModel(
        "Plug-in 14", "phev", "NMC", ("CA", "JP", "FR"), 84, 40.0, 0.18, 1_720, (140, 1.2, 0.45), 3_300, 0.0, 55_000
    ),
    TruthModel(
        "Series 2", "series", "NMC", ("JP", "US", "DE"), 96, 5.6, 0.25, 1_490, (120, 1.1, 0.42), 0.0, 0.0, 52_000
    ),
)

CONNECTORS = {"US": ("J1772", "CCS1"), "CA": ("J1772", "CCS1"), "JP": ("J1772", "CHAdeMO")}
"""AC and DC by market; elsewhere Type 2 and CCS2."""


def models_of(kind: Kind) -> tuple[TruthModel, ...]:
    """The models of a kind of powertrain.

    Raises:
        NotFoundError: there is no such kind.
    """
    found = tuple(model for model in MODELS if model.kind == kind)
    if not found:
        raise NotFoundError.of("kind of car", kind, ["bev", "phev", "series"])
    return found
