"""``/energy``: what a fleet drives, charges and keeps in its batteries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import RedirectResponse, Response

from kaido.console.chosen import ALL, by_clock, with_zone
from kaido.console.energy_rows import battery_rows, cohort_rows, consumption_rows, hours, residual_rows, residual_scale
from kaido.console.page import Asking, PageRoute, Viewer, link, render

router = APIRouter(route_class=PageRoute)

USUAL = "-30d"
PRESETS = (("24 h", "-1d"), ("7 d", "-7d"), ("30 d", USUAL), ("1 year", "-365d"), ("All", ALL))
VIEWS = (
    ("Consumption", "/energy"),
    ("Charging", "/energy/charging"),
    ("Batteries", "/energy/batteries"),
    ("Balance", "/energy/balance"),
    ("Plug-in and hybrid", "/energy/powertrain"),
)
IN_A_LIST = 50
GROUPED = 1_000
Text = Annotated[str, Query(max_length=255)]


@dataclass(frozen=True)
class Of:
    """What the numbers are of; all of it is in the URL.

    Attributes:
        path: of the view.
        start: as the API takes it, or ``ALL``.
    """

    path: str
    start: str
    end: str
    model: str
    market: str

    def url(self, path: str = "", **more: Any) -> str:
        """The page about it; of another view, where one is named."""
        asked = {"start": self.start if self.start != USUAL else "", "end": self.end}
        return link(path or self.path, **asked, model=self.model, market=self.market, **more)

    def at(self, start: str) -> str:
        """The page from another time on."""
        return replace(self, start=start, end="").url()

    def only(self, **kind: str) -> str:
        """The page about another model or market."""
        return replace(self, **kind).url()

    @property
    def time(self) -> dict[str, str]:
        """As the API is asked for it."""
        return {"start": "" if self.start == ALL else self.start, "end": self.end}

    @property
    def kind(self) -> dict[str, str]:
        """Likewise."""
        return {"model": self.model, "market": self.market}


def about(request: Request, start: Text = USUAL, end: Text = "", model: Text = "", market: Text = "") -> Of:
    """What a view is asked about."""
    return Of(request.url.path, start.strip() or ALL, end.strip(), model, market)


About = Annotated[Of, Depends(about)]
After = Annotated[str, Query(max_length=1_000)]


@router.get("/energy")
async def consumption(request: Request, person: Viewer, api: Asking, of: About) -> Response:
    """What driving takes."""

    async def grouped(by: str) -> list[dict[str, Any]]:
        asked = {"by": by, "limit": GROUPED, **of.time, **of.kind}
        return list((await api.get("/energy/consumption", asked))["items"])

    fleet = await grouped("fleet")
    groups = {by: consumption_rows(await grouped(by), by, person.reading) for by in ("model", "market", "temperature")}
    return _view(request, person, of, "energy_consumption.html", fleet=fleet[0] if fleet else None, groups=groups)


@router.get("/energy/charging")
async def charging(request: Request, person: Viewer, api: Asking, of: About) -> Response:
    """What was charged, and when."""

    async def grouped(by: str) -> list[dict[str, Any]]:
        asked = {"by": by, "limit": GROUPED, "zone": person.zone.key, **of.time, **of.kind}
        return list((await api.get("/energy/charging", asked))["items"])

    fleet = await grouped("fleet")
    values = {by: await grouped(by) for by in ("model", "market", "hour")}
    day = hours(values.pop("hour"))
    return _view(request, person, of, "energy_charging.html", fleet=fleet[0] if fleet else None, groups=values, day=day)


@router.get("/energy/batteries")
async def batteries(request: Request, person: Viewer, api: Asking, of: About, after: After = "") -> Response:
    """How much batteries hold, each with its interval, and beside their like."""
    asked = {"order": "health", "limit": IN_A_LIST, "after": after, **of.kind}
    page = await api.get("/battery", asked)
    cohorts = [] if after else (await api.get("/battery/cohorts", {"limit": GROUPED, **of.kind}))["items"]
    rows, scale = battery_rows(page["items"])
    beside, effects = cohort_rows(cohorts)
    return _view(
        request,
        person,
        of,
        "energy_batteries.html",
        rows=rows,
        scale=scale,
        cohorts=beside,
        effects=effects,
        more=of.url(after=page["next"]) if page["next"] else "",
        later=bool(after),
    )


@router.get("/energy/balance")
async def balance(request: Request, person: Viewer, api: Asking, of: About, after: After = "") -> Response:
    """Where each battery's energy came from and went to, and what is left unexplained."""
    page = await api.get("/energy/balance", {"limit": IN_A_LIST, "after": after, **of.time})
    return _view(
        request,
        person,
        of,
        "energy_balance.html",
        rows=residual_rows(page["items"]),
        scale=residual_scale(page["items"]),
        more=of.url(after=page["next"]) if page["next"] else "",
    )


@router.get("/energy/powertrain")
async def powertrain(request: Request, person: Viewer, api: Asking, of: About, after: After = "") -> Response:
    """What moved each vehicle: grid, fuel and generator."""
    page = await api.get("/energy/powertrain", {"limit": IN_A_LIST, "after": after, **of.time})
    more = of.url(after=page["next"]) if page["next"] else ""
    return _view(request, person, of, "energy_powertrain.html", rows=page["items"], more=more)


def _view(request: Request, person: Viewer, of: Of, template: str, **values: Any) -> Response:
    clear = replace(of, start=with_zone(of.start, person.zone), end=with_zone(of.end, person.zone))
    if clear != of:  # a time by this person's clock: the URL means the same to all
        return RedirectResponse(clear.url(), 303)
    return render(
        request,
        template,
        title="Energy",
        of=of,
        views=[(text, of.url(path), path == of.path) for text, path in VIEWS],
        presets=[(text, of.at(start), (start, "") == (of.start, of.end)) for text, start in PRESETS],
        start="" if of.start == ALL else by_clock(of.start, person.zone),
        end=by_clock(of.end, person.zone),
        **values,
    )
