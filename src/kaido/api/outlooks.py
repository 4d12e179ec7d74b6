"""A vehicle as the energy model takes it: from its trips, its charges and what it said last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.api import twins
from kaido.errors import NotFoundError
from kaido.runtime import clock
from kaido.services.energy import stored

if TYPE_CHECKING:
    from kaido.api.services import Services
    from kaido.services.energy.outlook import Outlook


def outlook(rooms: Services, company: str, vehicle: str, said: dict[str, tuple[float, float]]) -> Outlook:
    """What is known of a vehicle. Blocks.

    Raises:
        NotFoundError: there is no such vehicle.
    """
    model = rooms.vehicles.get(company, vehicle).model
    return stored.outlook(rooms.lake(company), vehicle, model, clock.now(), data=rooms.settings.data, said=said)


async def said(rooms: Services, company: str, vehicle: str) -> dict[str, tuple[float, float]]:
    """What the vehicle said last, by role, with its age in seconds."""
    try:
        rows = (await twins.vehicle(rooms, company, vehicle)).to_pylist()
    except NotFoundError:
        rows = []
    return stored.said(((row["signal"], row["value"], row["time"]) for row in rows), clock.now())
