"""``/v1/vehicles/{id}/campaigns``: what a vehicle should collect, what it does collect, and why these differ."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.campaign_status import StandingOut
from kaido.api.pages import After, Limit, Page

router = APIRouter(prefix="/vehicles", tags=["vehicles"])


class StandsOut(StandingOut):
    """How a vehicle stands to one campaign."""

    campaign: str
    state: str = Field(description="The campaign's.")


@router.get("/{id}/campaigns", summary="How a vehicle stands to each campaign")
def campaigns(id: str, caller: Reader, rooms: Rooms, limit: Limit = 100, after: After = None) -> Page[StandsOut]:  # noqa: A002  # it is what the field calls it
    """To those that mean it and those that it holds; by name, in pages."""
    now, found = rooms.overviews.of_vehicle(caller.company, id)
    shown = [
        StandsOut(**StandingOut.of(standing, now).model_dump(), campaign=campaign.name, state=campaign.state.value)
        for campaign, standing in found
        if after is None or campaign.name > after
    ]
    return Page[StandsOut].of(shown, limit, lambda one: one.campaign)
