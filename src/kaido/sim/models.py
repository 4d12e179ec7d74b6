"""The vehicle models of the fleet: what `fastsim` does not say about them."""

from __future__ import annotations

from dataclasses import dataclass

from kaido.errors import NotFoundError


@dataclass(frozen=True)
class VehicleModel:
    """A battery-electric model.

    Attributes:
        resource: the name of its file in `fastsim`, which gives mass, motor, road load and battery capacity.
        cells_in_series: of the traction battery.
        cell_volts: open-circuit voltage of a cell at 0, 10, 50, 90 and 100 % state of charge.
        pack_ohms: resistance of the whole battery.
        onboard_w: power of the charger in the car (AC).
        fast_w: highest power of a DC charge.
        gear_ratio: motor turns per wheel turn.
        wheel_radius_m: rolling radius.
    """

    name: str
    resource: str
    markets: tuple[str, ...]
    cells_in_series: int
    cell_volts: tuple[float, float, float, float, float]
    pack_ohms: float
    onboard_w: float
    fast_w: float
    gear_ratio: float
    wheel_radius_m: float


_NMC = (3.05, 3.45, 3.68, 4.05, 4.17)
_LFP = (2.85, 3.22, 3.30, 3.34, 3.42)

MODELS: tuple[VehicleModel, ...] = (
    VehicleModel(
        "Nissan Leaf 30 kWh",
        "2016 Nissan Leaf 30 kWh thrml.yaml",
        ("US", "CA", "JP", "DE", "FR"),
        cells_in_series=96,
        cell_volts=_NMC,
        pack_ohms=0.10,
        onboard_w=6_600,
        fast_w=44_000,
        gear_ratio=8.19,
        wheel_radius_m=0.316,
    ),
    VehicleModel(
        "Renault Zoe ZE50",
        "2022_Renault_Zoe_ZE50_R135.yaml",
        ("DE", "FR"),
        cells_in_series=96,
        cell_volts=_NMC,
        pack_ohms=0.09,
        onboard_w=22_000,
        fast_w=46_000,
        gear_ratio=9.32,
        wheel_radius_m=0.310,
    ),
    VehicleModel(
        "Chevrolet Bolt EV",
        "2020 Chevrolet Bolt EV thrml.yaml",
        ("US", "CA"),
        cells_in_series=96,
        cell_volts=_NMC,
        pack_ohms=0.08,
        onboard_w=7_200,
        fast_w=53_000,
        gear_ratio=7.05,
        wheel_radius_m=0.315,
    ),
    VehicleModel(
        "Tesla Model 3 RWD",
        "2022 Tesla Model 3 RWD thrml.yaml",
        ("US", "CA", "JP", "DE", "FR"),
        cells_in_series=106,
        cell_volts=_LFP,
        pack_ohms=0.06,
        onboard_w=11_000,
        fast_w=150_000,
        gear_ratio=9.04,
        wheel_radius_m=0.334,
    ),
)


def model(name: str) -> VehicleModel:
    """The model of that name.

    Raises:
        NotFoundError: there is none.
    """
    for candidate in MODELS:
        if candidate.name == name:
            return candidate
    raise NotFoundError.of("vehicle model", name, [known.name for known in MODELS])


def models_in(market: str) -> tuple[VehicleModel, ...]:
    """The models that are sold in a market."""
    return tuple(candidate for candidate in MODELS if market in candidate.markets)
