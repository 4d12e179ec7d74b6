"""``/v1/campaigns``: what vehicles collect and send, and the life of it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from kaido.api.auth import Caller, Reader, Rooms, Writer  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import After, Limit, Page
from kaido.control import CampaignSpec
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from kaido.api.services import Services
    from kaido.control import By, Campaign, Change

router = APIRouter(prefix="/campaigns", tags=["campaigns"])

_EXAMPLE = {"name": "speed", "signals": ["Vehicle.Speed"], "period": "1s", "targets": {"model": "leaf"}}
_LEAST = {"name", "signals", "period", "condition"}
Wish = Annotated[
    dict[str, Any],
    Body(
        description="`name`, `signals` (VSS paths, patterns, or mappings of `path` and its own settings) and either "
        "`period` or `condition`; and, where they are wanted, "
        + ", ".join(f"`{name}`" for name in CampaignSpec.model_fields if name not in _LEAST)
        + ".",
        examples=[_EXAMPLE],
    ),
]
_Why = Annotated[str, Query(alias="reason", max_length=500, description="Why; it is kept in the history.")]


class CampaignOut(BaseModel):
    """A campaign."""

    name: str
    sync_id: str
    state: str = Field(description="`draft`, `running`, `paused`, `suspended`, `stopped` or `expired`.")
    created: datetime
    version: int = Field(description="An edit makes the next one.")
    changed: datetime = Field(description="When its version, state or wave last changed.")
    why: str = Field(description="The reason that was given then.")
    spec: dict[str, Any] = Field(description="What it asks for.", examples=[_EXAMPLE])

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        """As the API shows it."""
        return cls(
            name=campaign.name,
            sync_id=campaign.sync_id,
            state=campaign.state.value,
            created=campaign.created,
            version=campaign.version,
            changed=campaign.changed,
            why=campaign.why,
            spec=campaign.spec.to_document(),
        )


class CampaignText(CampaignOut):
    """A campaign, as a person would write it too."""

    text: str = Field("", description="What it asks for as YAML, without what it is by itself.")


class ChangeOut(BaseModel):
    """A change of a campaign."""

    id: int
    moment: datetime
    who: str = Field(description="The token's name; `kaido` where it changed by itself.")
    what: str
    why: str
    version: int = Field(description="The version behind it; so are `state` and `wave`.")
    state: str
    wave: int = Field(description="From 1.")

    @classmethod
    def of(cls, number: int, change: Change) -> Self:
        """As the API shows it."""
        return cls(
            id=number,
            moment=change.moment,
            who=change.who,
            what=change.what.value,
            why=change.why,
            version=change.version,
            state=change.state.value,
            wave=change.wave + 1,
        )


class VersionOut(BaseModel):
    """A version of a campaign."""

    version: int
    sync_id: str
    created: datetime
    spec: dict[str, Any]
    text: str = Field(description="As YAML, without what it is by itself.")


class Extension(BaseModel):
    """Until when."""

    model_config = ConfigDict(extra="forbid")

    expiry: datetime | None = Field(description="UTC; null is for ever.", examples=["2030-01-01T00:00:00Z"])


@router.post("", status_code=201, summary="Start a campaign, or keep a draft")
def create(wish: Wish, caller: Writer, rooms: Rooms, draft: bool = False, reason: _Why = "") -> CampaignOut:
    """Vehicles get it within seconds, or when they connect. Starting the very same one again changes nothing."""
    campaign = rooms.campaigns.create(caller.company, wish, _by(caller, reason), draft=draft)
    return _done(campaign, caller, rooms)


@router.get("", summary="List campaigns")
def list_(
    caller: Reader,
    rooms: Rooms,
    search: Annotated[str, Query(max_length=200, description="Only those with this in what they ask for.")] = "",
    state: Annotated[list[str] | None, Query(description="Only those in one of these states.")] = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[CampaignOut]:
    """By name, in pages."""
    word = search.strip().casefold()
    found = [
        CampaignOut.of(one)
        for one in rooms.campaigns.list(caller.company)
        if (after is None or one.name > after) and (not state or one.state.value in state)
    ]
    shown = [one for one in found if not word or word in json.dumps(one.spec, ensure_ascii=False).casefold()]
    return Page[CampaignOut].of(shown, limit, lambda one: one.name)


@router.get("/{name}", summary="Show a campaign")
def show(name: str, caller: Reader, rooms: Rooms) -> CampaignText:
    """What it asks for, and whether it runs."""
    campaign = rooms.campaigns.get(caller.company, name)
    return CampaignText.of(campaign).model_copy(update={"text": _text(campaign.spec)})


@router.put("/{name}", summary="Change a campaign")
def edit(name: str, wish: Wish, caller: Writer, rooms: Rooms, reason: _Why = "") -> CampaignOut:
    """A new version with a sync id of its own; the old ones stay on record. The very same changes nothing.

    Where it changes what is collected, waves begin anew, and vehicles whose wave has not come keep what they had.
    """
    return _done(rooms.campaigns.edit(caller.company, name, wish, _by(caller, reason)), caller, rooms)


@router.post("/{name}/start", summary="Start a draft")
def start(name: str, caller: Writer, rooms: Rooms, reason: _Why = "") -> CampaignOut:
    """Doing so twice changes nothing."""
    return _done(rooms.campaigns.start(caller.company, name, _by(caller, reason)), caller, rooms)


@router.post("/{name}/suspend", summary="Suspend a campaign")
def suspend(name: str, caller: Writer, rooms: Rooms, reason: _Why = "") -> CampaignOut:
    """Vehicles drop it until it is resumed. Doing so twice changes nothing."""
    return _done(rooms.campaigns.suspend(caller.company, name, _by(caller, reason)), caller, rooms)


@router.post("/{name}/resume", summary="Resume a campaign")
def resume(name: str, caller: Writer, rooms: Rooms, reason: _Why = "") -> CampaignOut:
    """One that is suspended, or that a limit paused; it goes on in its wave. Doing so twice changes nothing."""
    return _done(rooms.campaigns.resume(caller.company, name, _by(caller, reason)), caller, rooms)


@router.post("/{name}/extend", summary="Extend a campaign")
def extend(name: str, until: Extension, caller: Writer, rooms: Rooms, reason: _Why = "") -> CampaignOut:
    """Another expiry, sooner or later; one that has expired runs again. It is a version of its own."""
    return _done(rooms.campaigns.extend(caller.company, name, until.expiry, _by(caller, reason)), caller, rooms)


@router.post("/{name}/advance", summary="Begin the next wave")
def advance(name: str, caller: Writer, rooms: Rooms, reason: _Why = "") -> CampaignOut:
    """Of one that rolls out in waves, before the time of the present one is over."""
    return _done(rooms.campaigns.advance(caller.company, name, _by(caller, reason)), caller, rooms)


@router.post("/{name}/stop", summary="Stop a campaign")
def stop(name: str, caller: Writer, rooms: Rooms, reason: _Why = "") -> CampaignOut:
    """Vehicles drop it, for good. Doing so twice changes nothing."""
    return _done(rooms.campaigns.stop(caller.company, name, _by(caller, reason)), caller, rooms)


@router.delete("/{name}", status_code=204, summary="Delete a campaign")
def delete(name: str, caller: Writer, rooms: Rooms, reason: _Why = "") -> None:
    """Stop it and forget it, but for its history. What it collected stays."""
    rooms.campaigns.delete(caller.company, name, _by(caller, reason))
    rooms.announce(caller.company, "campaign")


@router.get("/{name}/history", summary="Who changed a campaign, when and why")
def history(name: str, caller: Reader, rooms: Rooms, limit: Limit = 100, after: After = None) -> Page[ChangeOut]:
    """The newest first, in pages; also of campaigns that had the name before, and of deleted ones."""
    if after is not None and not (after.isascii() and after.isdigit() and len(after) < 19):  # noqa: PLR2004  # 64 bits
        raise InvalidInputError(f"'{after:.40}' is not where a page ended", fix="Give `next` of the page before")
    before = None if after is None else int(after)
    found = rooms.campaign_history.changes(caller.company, name, limit=limit + 1, before=before)
    return Page[ChangeOut].of([ChangeOut.of(*one) for one in found], limit, lambda one: str(one.id))


@router.get("/{name}/versions/{version}", summary="Show a version of a campaign")
def version(name: str, version: Annotated[int, Path(ge=1, lt=2**31)], caller: Reader, rooms: Rooms) -> VersionOut:
    """As it was asked for then."""
    found = rooms.campaign_history.version(caller.company, name, version)
    return VersionOut(
        version=found.version,
        sync_id=found.sync_id,
        created=found.created,
        spec=found.spec.to_document(),
        text=_text(found.spec),
    )


def _text(spec: CampaignSpec) -> str:
    from kaido.control.text import written  # noqa: PLC0415  # as above

    return written(spec)


def _by(caller: Caller, why: str) -> By:
    from kaido.control import By  # noqa: PLC0415  # the catalog is heavy; most commands do without

    return By(caller.name, why)


def _done(campaign: Campaign, caller: Caller, rooms: Services) -> CampaignOut:
    caller.notes["campaign"] = campaign.name
    rooms.announce(caller.company, "campaign")
    return CampaignOut.of(campaign)
