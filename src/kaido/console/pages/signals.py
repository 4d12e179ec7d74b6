"""``/signals``: any signals of any cars over any time."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import RedirectResponse, Response

from kaido.console.chosen import ALL, PRESETS, USUAL, Chosen, by_clock, with_zone
from kaido.console.page import Asking, PageRoute, Viewer, link, render

router = APIRouter(route_class=PageRoute)

IN_A_LIST = 100
COMPLETED = 20
EXAMPLES = 3
Names = Annotated[list[str] | None, Query(max_length=1000)]
Text = Annotated[str, Query(max_length=200)]


@router.get("/signals")
async def page(
    request: Request,
    person: Viewer,
    api: Asking,
    vehicle: Names = None,
    signal: Names = None,
    start: Text = USUAL,
    end: Text = "",
) -> Response:
    """What is chosen, and the place where it is drawn."""
    chosen = _chosen(vehicle, signal, with_zone(start, person.zone) or ALL, with_zone(end, person.zone))
    if (start, end) != (chosen.start, chosen.end):  # a time by this person's clock: the URL means the same to all
        return RedirectResponse(chosen.url(), 303)
    times = (*PRESETS, ("All", ALL))
    return render(
        request,
        "signals.html",
        title="Signals",
        chosen=chosen,
        presets=[(text, chosen.with_time(begin).url(), (begin, "") == (start, end)) for text, begin in times],
        start="" if start == ALL else by_clock(start, person.zone),
        end=by_clock(end, person.zone),
        api_url=str(request.base_url).rstrip("/"),
        examples=[one["id"] for one in (await api.get("/vehicles", {"limit": EXAMPLES}))["items"]],
    )


@router.get("/signals/list")
async def list_(
    request: Request,
    person: Viewer,
    api: Asking,
    vehicle: Names = None,
    start: Text = USUAL,
    end: Text = "",
    q: Text = "",
    catalog: Annotated[bool, Query()] = False,
    after: Text = "",
) -> Response:
    """The signals to choose from: those recorded by the chosen vehicles at the chosen time, or all of the catalog."""
    chosen = _chosen(vehicle, None, with_zone(start, person.zone), with_zone(end, person.zone))
    asked: dict[str, Any] = {"search": q.strip(), "limit": IN_A_LIST, "after": after}
    if catalog:
        found = await api.get("/catalog/signals", asked)
    else:
        found = await api.get("/signals/recorded", {**asked, "vehicle": list(chosen.vehicles), **chosen.time()})
    query = {"vehicle": list(chosen.vehicles), "start": start, "end": end, "q": q, "catalog": catalog or None}
    return render(
        request,
        "signals_list.html",
        title="Signals",
        items=found["items"],
        more=link("/signals/list", **query, after=found["next"]) if found["next"] else "",
        first=not after,
        q=q.strip(),
        catalog=catalog,
        whole=chosen.with_time(ALL).url() if chosen.time() else "",
    )


@router.get("/signals/vehicles")
async def vehicles(request: Request, person: Viewer, api: Asking, typed: Text = "") -> Response:
    """Vehicles whose ids begin like that, to complete what is typed: they follow it in the order of ids."""
    del person
    begun = typed.strip()
    found = await api.get("/vehicles", {"limit": COMPLETED, "after": begun})
    known = [one["id"] for one in found["items"] if one["id"].startswith(begun)]
    return render(request, "signals_vehicles.html", title="Vehicles", ids=known)


def _chosen(vehicles: list[str] | None, signals: list[str] | None, start: str, end: str) -> Chosen:
    """In the order of the URL."""
    return Chosen(_each_once(vehicles), _each_once(signals), start, end)


def _each_once(names: list[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in names or () if one))
