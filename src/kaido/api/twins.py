"""The twin as the API asks it: of the running ingest, or from the disk where no platform runs."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from kaido.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from kaido.api.services import Services


class Value(BaseModel):
    """The last value of a signal."""

    value: float | None = Field(None, description="A number; null where the value is a text.")
    text: str | None = None
    unit: str | None = None
    time: datetime = Field(description="When the vehicle had it.")
    age_s: float = Field(description="Seconds from then to now.")

    @classmethod
    def of(cls, value: float | None, text: str | None, unit: str | None, time: datetime, now: datetime) -> Value:
        """A value; JSON has no NaN and no infinity, so those are texts."""
        if value is not None and not math.isfinite(value):
            value, text = None, str(value)
        return cls(value=value, text=text, unit=unit, time=time, age_s=round((now - time).total_seconds(), 3))


async def vehicle(rooms: Services, company: str, vehicle_id: str) -> pa.Table:
    """What is known of a vehicle (``kaido.twin.VEHICLE_SCHEMA``)."""
    if rooms.embedded:
        from kaido.twin import offline  # noqa: PLC0415  # not needed where a platform runs

        return await run_in_threadpool(offline.vehicle, rooms.settings, company, vehicle_id)
    return await _client(rooms).vehicle(company, vehicle_id)


async def fleet(
    rooms: Services, company: str, where: str, *, select: Sequence[str], limit: int, after: str
) -> pa.Table:
    """The vehicles for which ``where`` holds; see :meth:`kaido.twin.fleet.FleetQuestions.ask`."""
    if rooms.embedded:
        from kaido.twin import offline  # noqa: PLC0415  # as above

        return await run_in_threadpool(
            offline.fleet, rooms.settings, rooms.store, company, where, select=select, limit=limit, after=after
        )
    return await _client(rooms).fleet(company, where, select=select, limit=limit, after=after)


async def units(rooms: Services, company: str) -> dict[str, str]:
    """The unit of each signal that has one."""
    signals = await run_in_threadpool(rooms.catalog.signals, company)
    return {signal.path: signal.unit for signal in signals if signal.unit}


def _client(rooms: Services) -> Any:
    from kaido.twin import TwinClient  # noqa: PLC0415  # as above

    if rooms.journal is None:
        raise UnavailableError("the twin cannot be asked", why="NATS is away", fix="See: kaido doctor")
    return TwinClient(rooms.journal.nats)
