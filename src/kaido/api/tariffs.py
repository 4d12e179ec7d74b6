"""``/v1/tariffs``: what energy costs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from kaido.api.auth import Reader, Rooms, Writer  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import After, Limit, Page

if TYPE_CHECKING:
    from kaido.services.tariffs import Cost
    from kaido.services.tariffs.records import Kept

router = APIRouter(prefix="/tariffs", tags=["tariffs"])

MOST_INTERVALS = 100_000
_EXAMPLE = {
    "name": "home-night",
    "currency": "JPY",
    "zone": "Asia/Tokyo",
    "energy": [
        {
            "name": "energy",
            "windows": [{"name": "night", "hours": "23:00-07:00", "price_per_kwh": 27.5}],
            "otherwise": 36.0,
        }
    ],
}
Document = Annotated[
    dict[str, Any],
    Body(description="A tariff, as docs/methods/tariffs.md describes it.", examples=[_EXAMPLE]),
]
Energy = Annotated[float, Field(ge=0, le=1e12)]


class TariffOut(BaseModel):
    """A tariff."""

    name: str
    currency: str
    zone: str
    example: bool = Field(description="Whether it is one of the examples, whose numbers are invented.")
    created: datetime | None
    changed: datetime | None
    document: dict[str, Any] = Field(description="As it was written.", examples=[_EXAMPLE])

    @classmethod
    def of(cls, kept: Kept) -> Self:
        """As the API shows it."""
        tariff = kept.tariff
        return cls(
            name=tariff.name,
            currency=tariff.currency,
            zone=tariff.zone.name,
            example=kept.created is None,
            created=kept.created,
            changed=kept.changed,
            document=tariff.document.to_document(),
        )


class EnergyWish(BaseModel):
    """Energy whose cost is asked for."""

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={"examples": [{"starts": ["2026-01-31T14:00:00Z"], "energy_wh": [7000], "interval_s": 3600}]},
    )

    starts: list[datetime] = Field(min_length=1, max_length=MOST_INTERVALS, description="Of the intervals, with zone.")
    energy_wh: list[Energy] = Field(description="From the grid in each, Wh.", max_length=MOST_INTERVALS)
    interval_s: float = Field(300, gt=0, le=86_400, description="How long each is.")
    used_kwh: float = Field(0, ge=0, le=1e9, description="Used in the billing month before; it decides the tier.")
    peak_kw: float = Field(0, ge=0, le=1e6, description="The highest power of that month before.")


class CostOut(BaseModel):
    """What energy costs."""

    model_config = ConfigDict(from_attributes=True)

    amount: float
    currency: str
    parts: dict[str, float] = Field(description="By the parts of the tariff.")
    energy_wh: float = Field(description="From the grid.")
    carbon_g: float | None = Field(description="What it emits; null where the tariff does not say.")

    @classmethod
    def of(cls, cost: Cost) -> Self:
        """As the API shows it."""
        return cls.model_validate(cost)


@router.post("", status_code=201, summary="Keep a tariff")
def create(document: Document, caller: Writer, rooms: Rooms, replace: bool = False) -> TariffOut:
    """Keeping the very same one again changes nothing; with `replace` one of that name is changed."""
    kept = rooms.tariffs.create(caller.company, document, replace=replace)
    caller.notes["tariff"] = kept.tariff.name
    return TariffOut.of(kept)


@router.post("/check", summary="Check a tariff")
def check(document: Document, caller: Reader) -> TariffOut:
    """Whether it can be read, without keeping it."""
    del caller  # whoever may read may ask
    from kaido.services.tariffs import Tariff  # noqa: PLC0415  # most requests do without
    from kaido.services.tariffs.records import Kept  # noqa: PLC0415  # as above

    return TariffOut.of(Kept(Tariff.read(document)))


@router.get("", summary="List tariffs")
def list_(caller: Reader, rooms: Rooms, limit: Limit = 100, after: After = None) -> Page[TariffOut]:
    """The company's, and the examples; by name, in pages."""
    kept = rooms.tariffs.list(caller.company)
    found = [TariffOut.of(one) for one in kept if after is None or one.tariff.name > after]
    return Page[TariffOut].of(found, limit, lambda one: one.name)


@router.get("/{name}", summary="Show a tariff")
def show(name: str, caller: Reader, rooms: Rooms) -> TariffOut:
    """As it was written."""
    return TariffOut.of(rooms.tariffs.get(caller.company, name))


@router.delete("/{name}", status_code=204, summary="Delete a tariff")
def delete(name: str, caller: Writer, rooms: Rooms) -> None:
    """What was calculated by it stays."""
    rooms.tariffs.delete(caller.company, name)
    caller.notes["tariff"] = name


@router.post("/{name}/cost", summary="Say what energy costs")
def cost(name: str, wish: EnergyWish, caller: Reader, rooms: Rooms) -> CostOut:
    """What the energy adds to the bill: nothing of what is fixed per month."""
    tariff = rooms.tariffs.get(caller.company, name).tariff
    found = tariff.cost(
        wish.starts, wish.energy_wh, interval_s=wish.interval_s, used_kwh=wish.used_kwh, peak_kw=wish.peak_kw
    )
    return CostOut.of(found)
