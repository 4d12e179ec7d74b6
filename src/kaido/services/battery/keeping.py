"""The table ``battery`` of a company kept up, with what its vehicles' models say of their batteries."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from kaido.errors import ConflictError
from kaido.flow_electric import BATTERY
from kaido.services import progress
from kaido.services.battery import monthly
from kaido.services.battery.packs import pack

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.company import Vehicles
    from kaido.lake import Lake

_MOST_VEHICLES = 1_000_000


def keep_up(lake: Lake, vehicles: Vehicles, data: Path) -> int | None:
    """Estimate what is new in ``charges``.

    Args:
        lake: of a company.
        vehicles: the registered ones.
        data: the data folder.

    Returns:
        How many vehicles were looked at; None where nothing is new, or somebody else is at it.

    Raises:
        UnavailableError: the disk is full or away. The same call again is safe.
        InvalidInputError: the company's file of batteries is wrong.
    """
    if not monthly.is_behind(lake):
        return None
    with suppress(ConflictError), progress.alone(lake.folder, BATTERY.name):
        return _estimate(lake, vehicles, data)
    return None


def _estimate(lake: Lake, vehicles: Vehicles, data: Path) -> int | None:
    models = {vehicle.id: vehicle.model for vehicle in vehicles.list(lake.company, _MOST_VEHICLES)}
    return monthly.update(lake, lambda vehicle: pack(models.get(vehicle), data, lake.company))
