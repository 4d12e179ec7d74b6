"""``/v1/markets``: how cars are sold, read, charged and certified somewhere."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from kaido.api.auth import Reader  # noqa: TC001  # FastAPI reads annotations

router = APIRouter(prefix="/markets", tags=["markets"])


class MarketOut(BaseModel):
    """A market."""

    code: str = Field(description="ISO 3166, as a vehicle's `market`.")
    name: str
    currency: str = Field(description="ISO 4217.")
    zones: list[str] = Field(description="IANA time zones.")
    units: dict[str, Any] = Field(description="In which people read distance, speed, temperature and consumption.")
    connectors: dict[str, list[str]] = Field(description="`ac` and `dc`.")
    home: dict[str, float] = Field(description="A usual charger at home: watts, volts, phases.")
    cycles: list[dict[str, Any]] = Field(description="Certification cycles.")
    tariff: str = Field(description="An example of a tariff.")
    residency: dict[str, Any] = Field(description="Where data of cars may lie without more ado, and after which law.")


class MarketsOut(BaseModel):
    """All markets."""

    items: list[MarketOut]


@router.get("", summary="List markets")
def list_(caller: Reader) -> MarketsOut:
    """All of them, by code."""
    del caller  # the same for every company
    from kaido.services.markets import markets  # noqa: PLC0415  # most requests do without

    return MarketsOut(items=[MarketOut.model_validate(one.to_document()) for one in markets().values()])
