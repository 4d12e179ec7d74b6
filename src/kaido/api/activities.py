"""What ``/v1/trips``, ``/v1/charges`` and ``/v1/idles`` have in common: rows of a derived table as pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from kaido.api import times
from kaido.api.looks import look
from kaido.api.pages import After, Limit  # noqa: TC001  # FastAPI reads annotations
from kaido.errors import NotFoundError

if TYPE_CHECKING:
    from kaido.api.auth import Caller
    from kaido.api.pages import Page
    from kaido.api.services import Services

Vehicle = Annotated[str | None, Query(max_length=255, description="Only of this vehicle.")]
Start = Annotated[str | None, Query(description="Those that begin then or later: ISO 8601, `-7d`, `now`.")]
End = Annotated[str | None, Query(description="Those that begin before.")]


@dataclass(frozen=True)
class Asked:
    """Of which vehicle and time, and which page."""

    vehicle: Vehicle = None
    start: Start = None
    end: End = None
    limit: Limit = 100
    after: After = None


Listing = Annotated[Asked, Depends()]
"""What is asked of a list."""


class Activity(BaseModel):
    """Some time of a vehicle. Energies are Wh, powers W; what could not be known is null."""

    model_config = ConfigDict(extra="ignore")

    id: str
    vehicle: str
    start: datetime
    end: datetime
    soc_start_percent: float | None
    soc_end_percent: float | None
    temperature_c: float | None = Field(description="Of the air outside, the mean.")
    complete: bool = Field(description="Whether it is over and was heard throughout.")
    notes: str | None = Field(description="What is odd about it.")
    stored_start_wh: float | None = Field(description="What the battery stored, as the car says.")
    stored_end_wh: float | None
    measured_s: float | None = Field(description="For how long its battery's power was known.")


class Metered(Activity):
    """A trip or charge: how its energy is known, and what its current sensor's offset has to do with it."""

    energy_by: str | None = Field(
        None, description="What energies come from: `current` (by voltage), the car's signal of `power`, or unknown."
    )
    current_offset_a: float | None = Field(
        None, description="What the car's sensor shows without a current, from many trips and charges of that month."
    )
    current_offset_sd_a: float | None = Field(None, description="How sure that is: its standard deviation.")
    corrected: bool = Field(
        False,
        description="Whether it is taken out of the charge and of energies by `current`: only what differs from 0 is.",
    )


Kind = TypeVar("Kind", bound=Activity)


def page(
    pages: type[Page[Kind]], kind: type[Kind], table: str, rooms: Services, caller: Caller, asked: Asked
) -> Page[Kind]:
    """The newest first."""
    from kaido.services import tables  # noqa: PLC0415  # DuckDB is heavy, most commands do without

    first, last = times.span(asked.start, asked.end)
    rows = tables.read(
        rooms.lake(caller.company),
        table,
        vehicle=asked.vehicle,
        start=first,
        end=last,
        after=asked.after,
        limit=asked.limit + 1,
    )
    if not len(rows) and asked.vehicle is not None:
        rooms.vehicles.get(caller.company, asked.vehicle)  # says so where the name is a mistake
    if len(rows):
        look(rooms, caller, {"view": table, "vehicle": asked.vehicle, "start": asked.start, "end": asked.end})
    items = [kind(**row) for row in better(table, rooms, caller, rows.to_pylist())]
    return pages.of(items, asked.limit, lambda one: tables.place(one.start, one.id))


def better(table: str, rooms: Services, caller: Caller, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of trips and charges less what their current sensors are off by, and how that is known; others unchanged."""
    from kaido.services.corrected import corrected  # noqa: PLC0415  # as above

    return corrected(rooms.lake(caller.company), table, rows) if table in {"trips", "charges"} else rows


def one(table: str, rooms: Services, caller: Caller, id: str) -> dict[str, Any]:  # noqa: A002  # it is what the field calls it
    """The row of an id.

    Raises:
        NotFoundError: there is none.
    """
    from kaido.services import tables  # noqa: PLC0415  # as above

    rows = tables.read(rooms.lake(caller.company), table, id=id, limit=1).to_pylist()
    if not rows:
        noun = table.removesuffix("s")
        raise NotFoundError(f"no {noun} '{id}'", fix=f"List them: kaido {table}")
    found: dict[str, Any] = rows[0]
    return found


def shown(table: str, rooms: Services, caller: Caller, id: str) -> dict[str, Any]:  # noqa: A002  # as above
    """The row of an id to be shown: it says where the vehicle was.

    Raises:
        NotFoundError: there is none.
    """
    found = one(table, rooms, caller, id)
    look(rooms, caller, {"view": table, "id": id, "vehicle": found["vehicle"]})
    return better(table, rooms, caller, [found])[0]
