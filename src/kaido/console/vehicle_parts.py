"""The parts of a vehicle's page below its charts: what each one asks the API."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from kaido.console.page import name
from kaido.errors import KaidoError, NotFoundError
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.console.ask import Api

ROWS = 25
EVENTS_OF = 10
"""Campaigns whose events are asked for."""
SOON_DAYS = 30
"""A certificate that ends within it is a problem."""
CONVERGED = ("holds", "dropped")
"""Reasons of a standing that are as they should be (``GET /v1/vehicles/{id}/campaigns``)."""


class Part(Protocol):
    """Asks what a part shows: of the vehicle, from the place in a list where a page begins."""

    async def __call__(self, api: Api, vehicle: str, after: str) -> dict[str, Any]:
        """What its template is given."""
        ...


async def state(api: Api, vehicle: str, after: str) -> dict[str, Any]:
    """The last known state: every signal's newest value."""
    del after
    return {"values": (await api.get(f"/vehicles/{name(vehicle)}/twin"))["values"]}


async def trips(api: Api, vehicle: str, after: str) -> dict[str, Any]:
    """The newest trips."""
    return {"page": await api.get("/trips", {"vehicle": vehicle, "limit": ROWS, "after": after})}


async def charges(api: Api, vehicle: str, after: str) -> dict[str, Any]:
    """The newest charging sessions."""
    return {"page": await api.get("/charges", {"vehicle": vehicle, "limit": ROWS, "after": after})}


async def battery(api: Api, vehicle: str, after: str) -> dict[str, Any]:
    """How much the battery holds; a vehicle of which nothing is known has an error that says why."""
    del after
    try:
        return {"battery": await api.get(f"/vehicles/{name(vehicle)}/battery"), "error": None}
    except KaidoError as error:
        return {"battery": None, "error": error}


async def holds(api: Api, vehicle: str, after: str) -> dict[str, Any]:
    """Campaigns that mean it or that it holds."""
    found = await api.get(f"/vehicles/{name(vehicle)}/campaigns", {"limit": ROWS, "after": after})
    detail = await api.get(f"/vehicles/{name(vehicle)}")
    return {"page": found, "manifest": detail["manifest"] or detail["model"]}


async def commands(api: Api, vehicle: str, after: str) -> dict[str, Any]:
    """The newest commands, with what became of them at this vehicle."""
    page = await api.get("/commands", {"vehicle": vehicle, "limit": ROWS, "after": after})
    paths = [f"/commands/{name(one['id'])}/executions/{name(vehicle)}" for one in page["items"]]
    for one, execution in zip(page["items"], await asyncio.gather(*map(api.get, paths)), strict=True):
        one["execution"] = execution
    return {"page": page}


async def events(api: Api, vehicle: str, after: str) -> dict[str, Any]:
    """What it collected in the last day, by campaign."""
    del after
    standing = await api.get(f"/vehicles/{name(vehicle)}/campaigns", {"limit": EVENTS_OF})
    campaigns = [one["campaign"] for one in standing["items"]]
    asked = {"vehicle": vehicle, "limit": ROWS}
    found = await asyncio.gather(*(api.get(f"/campaigns/{name(one)}/events", asked) for one in campaigns))
    return {"campaigns": [(one, events["items"]) for one, events in zip(campaigns, found, strict=True)]}


async def problems(api: Api, vehicle: str, after: str) -> dict[str, Any]:
    """All that is wrong with it, each with its reason; and its payloads that could not be read."""
    detail, standing, trips, charges, quarantine = await asyncio.gather(
        api.get(f"/vehicles/{name(vehicle)}"),
        api.get(f"/vehicles/{name(vehicle)}/campaigns", {"limit": 1_000}),
        api.get("/trips", {"vehicle": vehicle, "limit": ROWS}),
        api.get("/charges", {"vehicle": vehicle, "limit": ROWS}),
        api.get("/quarantine", {"vehicle": vehicle, "limit": ROWS, "after": after}),
    )
    found = _of_vehicle(detail) + [
        _problem(f"Campaign {one['campaign']}: {one['reason'].replace('_', ' ')}", one["detail"], one["since"])
        for one in standing["items"]
        if one["reason"] not in CONVERGED
    ]
    for kind, items in (("Trip", trips["items"]), ("Charge", charges["items"])):
        found += [_problem(f"{kind} with a note", one["notes"], one["start"]) for one in items if one["notes"]]
    return {"problems": found, "quarantine": quarantine}


PARTS: dict[str, tuple[str, Part]] = {
    "state": ("Last known state", state),
    "trips": ("Trips", trips),
    "charges": ("Charges", charges),
    "battery": ("Battery", battery),
    "holds": ("Holds", holds),
    "events": ("Events", events),
    "commands": ("Commands", commands),
    "problems": ("Problems", problems),
}
"""By its name in the URL: its title, and what it asks."""


def part(wanted: str) -> Part:
    """The part of a name.

    Raises:
        NotFoundError: there is none.
    """
    if wanted not in PARTS:
        raise NotFoundError.of("part of a vehicle's page", wanted, PARTS)
    return PARTS[wanted][1]


def _of_vehicle(detail: dict[str, Any]) -> list[dict[str, Any]]:
    """What its registration, certificates and connection say."""
    if detail["revoked"]:
        return [_problem("Revoked", "the platform refuses its connection", detail["revoked"])]
    found = []
    enrol = f"kaido vehicle enrol {detail['id']}"
    valid = [one["not_after"] for one in detail["certificates"] if not one["revoked"]]
    if valid:
        days = (datetime.fromisoformat(max(valid)) - clock.now()).total_seconds() / 86_400
        if days < SOON_DAYS:
            told = f"ends in {days:.0f} days" if days >= 0 else "has ended"
            found.append(_problem(f"Its certificate {told}", f"renew it: {enrol}", max(valid)))
    connection = detail["connection"]
    if connection is None:
        found.append(_problem("Never connected", f"enrol it: {enrol}", detail["registered"]))
    elif connection["connected"] is False:
        found.append(_problem("Not connected", "no gateway holds a connection of it", connection["last_seen"]))
    return found


def _problem(what: str, why: str, since: str | None) -> dict[str, Any]:
    return {"what": what, "why": why, "since": since}
