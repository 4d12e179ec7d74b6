"""``/v1/campaigns/{name}/status`` and ``/vehicles``: which vehicle holds what, and why not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import After, Limit, Page
from kaido.errors import NotFoundError

if TYPE_CHECKING:
    from kaido.control import Campaign
    from kaido.control.convergence import Standing
    from kaido.control.overview import Overview

router = APIRouter(prefix="/campaigns", tags=["campaigns"])


class StandingOut(BaseModel):
    """How a vehicle stands to a campaign."""

    vehicle: str
    reason: str = Field(description="A word for programs.")
    wanted: str | None = Field(description="The sync id that it should hold; null for none.")
    held: list[str] = Field(description="Those of the campaign's that it holds.")
    since: datetime | None = Field(description="Since when it is so, where that is known.")
    since_s: float | None = Field(description="Seconds from then to now.")
    detail: str
    checkin: datetime | None = Field(description="When it last said what it holds.")

    @classmethod
    def of(cls, standing: Standing, now: datetime) -> Self:
        """As the API shows it."""
        since = standing.since
        return cls(
            vehicle=standing.vehicle,
            reason=standing.reason.value,
            wanted=standing.wanted,
            held=list(standing.held),
            since=since,
            since_s=None if since is None else round((now - since).total_seconds(), 1),
            detail=standing.detail,
            checkin=standing.checkin,
        )


class ReasonOut(BaseModel):
    """Vehicles that stand alike."""

    reason: str
    meaning: str
    vehicles: int
    examples: list[StandingOut]


class WaveOut(BaseModel):
    """Where a roll-out is."""

    number: int = Field(description="From 1.")
    of: int
    what: dict[str, Any] = Field(description="`percent`, or `vehicles`; and how long it `lasts`.")
    since: datetime
    since_s: float
    next: datetime | None = Field(description="When the next wave begins by itself; null where it does not.")


class UsedOut(BaseModel):
    """What vehicles sent for a campaign since it was created, counted as it arrived."""

    vehicles: int = Field(description="That sent anything.")
    events: int
    bytes: int = Field(description="Of payloads, as they were sent.")
    quarantined: int = Field(description="Payloads that could not be read.")
    day_events: int = Field(description="Of them, in the present day (UTC); so are `day_bytes`.")
    day_bytes: int
    last: datetime | None = Field(description="When something last came in.")
    last_age_s: float | None


class NearestOut(BaseModel):
    """The vehicle that is nearest to a limit."""

    model_config = ConfigDict(from_attributes=True)

    what: str = Field(description="`bytes`, `events` or `quarantined`.")
    vehicle: str
    counted: int = Field(description="In the present hour or day (UTC), as the limits say.")
    limit: int


class CompiledOut(BaseModel):
    """What vehicles with one manifest hold of a campaign."""

    model_config = ConfigDict(from_attributes=True)

    sync_id: str = Field(description="The lake's column `campaign` says so.")
    manifest: str | None = Field(description="Null for what only vehicles still know.")
    version: int | None = Field(description="The campaign's; likewise.")
    wanted: int = Field(description="Vehicles that should hold it.")
    held: int = Field(description="Vehicles that do.")


class StatusOut(BaseModel):
    """How a campaign stands."""

    name: str
    state: str
    version: int
    sync_id: str = Field(description="The document's; what vehicles hold and the lake names is in `compiled`.")
    compiled: list[CompiledOut] = Field(description="What its vehicles should hold or hold, manifest by manifest.")
    changed: datetime
    changed_s: float = Field(description="Seconds from then to now.")
    why: str = Field(description="The reason that was given then.")
    expiry: datetime | None
    wave: WaveOut | None
    base_version: int | None = Field(description="What vehicles hold whose wave has not come.")
    limits: dict[str, Any] | None
    nearest: list[NearestOut] = Field(description="By limit, the vehicle that has sent most.")
    next_vehicles: int | None = Field(
        description="How many would get it besides, were the draft started or the next wave begun; null: it cannot."
    )
    vehicles: int = Field(description="That it means, or that hold it.")
    converged: int = Field(description="As they should be.")
    reasons: list[ReasonOut]
    used: UsedOut
    problems: list[str]
    time: datetime = Field(description="Of this status.")

    @classmethod
    def of(cls, overview: Overview) -> Self:
        """As the API shows it."""
        from kaido.control.convergence import MEANINGS  # noqa: PLC0415  # heavy; most commands do without

        campaign, used, now = overview.campaign, overview.used, overview.now
        limits = campaign.spec.rollout.limits if campaign.spec.rollout else None
        return cls(
            name=campaign.name,
            state=campaign.state.value,
            version=campaign.version,
            sync_id=campaign.sync_id,
            compiled=[CompiledOut.model_validate(one) for one in overview.compiled],
            changed=campaign.changed,
            changed_s=round((now - campaign.changed).total_seconds(), 1),
            why=campaign.why,
            expiry=campaign.spec.expiry,
            wave=_wave(campaign, now),
            base_version=campaign.base.version if campaign.base else None,
            limits=limits.model_dump(mode="json", exclude_none=True) if limits else None,
            nearest=[NearestOut.model_validate(one) for one in overview.nearest],
            next_vehicles=overview.next_vehicles,
            vehicles=len(overview.standings),
            converged=overview.converged,
            reasons=[
                ReasonOut(
                    reason=reason.value,
                    meaning=MEANINGS[reason],
                    vehicles=count,
                    examples=[StandingOut.of(one, now) for one in overview.examples[reason]],
                )
                for reason, count in overview.counts.items()
            ],
            used=UsedOut(
                vehicles=used.vehicles,
                events=used.events,
                bytes=used.bytes,
                quarantined=used.quarantined,
                day_events=used.day_events,
                day_bytes=used.day_bytes,
                last=used.last,
                last_age_s=None if used.last is None else round((now - used.last).total_seconds(), 1),
            ),
            problems=overview.problems,
            time=now,
        )


@router.get("/{name}/status", summary="How a campaign stands")
def status(name: str, caller: Reader, rooms: Rooms) -> StatusOut:
    """Its state, version and wave; its vehicles, counted by the reason why they hold it or not; what they sent."""
    return StatusOut.of(rooms.overviews.of(caller.company, name))


@router.get("/{name}/vehicles", summary="How each vehicle stands to a campaign")
def vehicles(
    name: str,
    caller: Reader,
    rooms: Rooms,
    reason: Annotated[str | None, Query(description="Only those that stand so: a `reason` of the status.")] = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[StandingOut]:
    """By id, in pages."""
    from kaido.control.convergence import Reason  # noqa: PLC0415  # as above

    if reason is not None and reason not in set(Reason):
        raise NotFoundError.of("reason", reason, [one.value for one in Reason], fix="They are: " + ", ".join(Reason))
    overview = rooms.overviews.of(caller.company, name)
    found = (one for one in overview.standings if after is None or one.vehicle > after)
    chosen = [one for one in found if reason is None or one.reason == reason][: limit + 1]
    return Page[StandingOut].of([StandingOut.of(one, overview.now) for one in chosen], limit, lambda one: one.vehicle)


def _wave(campaign: Campaign, now: datetime) -> WaveOut | None:
    rollout = campaign.spec.rollout
    if rollout is None or not rollout.waves:
        return None
    wave = rollout.waves[campaign.wave]
    is_last = campaign.wave == len(rollout.waves) - 1
    goes_on = campaign.state.value == "running" and not is_last and wave.lasts is not None
    return WaveOut(
        number=campaign.wave + 1,
        of=len(rollout.waves),
        what=wave.model_dump(mode="json", exclude_none=True),
        since=campaign.wave_since,
        since_s=round((now - campaign.wave_since).total_seconds(), 1),
        next=campaign.wave_since + timedelta(seconds=wave.lasts or 0) if goes_on else None,
    )
