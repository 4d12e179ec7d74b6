"""What the twin says of vehicles, for preconditions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kaido.commands.preconditions import Known
from kaido.errors import NotFoundError, UnavailableError
from kaido.twin.client import TwinClient

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa
    from nats.aio.client import Client

SECONDS = 2.0
AT_ONCE = 50

Vehicle = tuple[str, str]
"""A company and a vehicle's id."""


class Twins:
    """Asks for many vehicles at once.

    Args:
        nats: a connected client.
    """

    def __init__(self, nats: Client) -> None:
        self._client = TwinClient(nats, SECONDS)
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def known(self, vehicles: Iterable[Vehicle]) -> dict[Vehicle, dict[str, Known]]:
        """The last values of vehicles, by signal; a vehicle is missing where the twin does not answer."""
        wanted = sorted(set(vehicles))
        answers = await asyncio.gather(*(self._one(*one) for one in wanted))
        return {one: found for one, found in zip(wanted, answers, strict=True) if found is not None}

    async def _one(self, company: str, vehicle: str) -> dict[str, Known] | None:
        async with self._turns:
            try:
                return known_of(await self._client.vehicle(company, vehicle))
            except NotFoundError:
                return {}
            except UnavailableError:
                return None


def known_of(table: pa.Table) -> dict[str, Known]:
    """The rows of ``kaido.twin.columns.VEHICLE_SCHEMA`` by signal."""
    return {row["signal"]: Known(row["value"], row["text"], row["time"], row["arrival"]) for row in table.to_pylist()}
