"""``/commands/-/new``: an actuator, a value, and whom it reaches, with what stands before it."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Form, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import RedirectResponse, Response

from kaido.console.ask import Api
from kaido.console.changing import Changing  # noqa: TC001  # FastAPI reads annotations
from kaido.console.page import Asking, PageRoute, Viewer, name, render
from kaido.errors import KaidoError

if TYPE_CHECKING:
    from kaido.console.person import Person

router = APIRouter(route_class=PageRoute)

IN_A_LIST = 50
COMPLETED = 20
Text = Annotated[str, Query(max_length=512)]
Field = Annotated[str, Form(max_length=4_096)]
Condition = Annotated[str, Form(max_length=20_000)]


@dataclass
class Draft:
    """A command as it is filled in: the state of the page, which its URL holds."""

    signal: str = ""
    value: str = ""
    vehicle: str = ""
    where: str = ""
    to: str = "vehicle"
    timeout: str = "30s"
    reason: str = ""

    @property
    def target(self) -> dict[str, str]:
        """Whom it is for, as the API wants to know."""
        return {"where": self.where} if self.to == "fleet" else {"vehicle": self.vehicle}

    @property
    def has_target(self) -> bool:
        """Whether that is said."""
        return bool(self.where.strip() if self.to == "fleet" else self.vehicle.strip())


def _draft(
    signal: Text = "",
    value: Annotated[str, Query(max_length=4_096)] = "",
    vehicle: Annotated[str, Query(max_length=128)] = "",
    where: Annotated[str, Query(max_length=20_000)] = "",
    to: Annotated[str, Query(max_length=20)] = "",
    timeout: Annotated[str, Query(max_length=40)] = "30s",
    reason: Annotated[str, Query(max_length=2_000)] = "",
) -> Draft:
    return Draft(signal, value, vehicle.strip(), where, to or ("fleet" if where else "vehicle"), timeout, reason)


Asked = Annotated[Draft, Depends(_draft)]


@router.get("/commands/-/new")
async def form(request: Request, person: Viewer, draft: Asked) -> Response:
    """The actuators to choose from, or the form for the chosen one."""
    return await _form(request, person, Api(request, person.csrf), draft)


@router.get("/commands/-/actuators")
async def actuators(request: Request, person: Viewer, api: Asking, q: Text = "", vehicle: Text = "") -> Response:
    """Actuators of the catalog in which all of these words are."""
    del person
    asked = {"search": q, "kind": "actuator", "limit": IN_A_LIST}
    found = await api.get("/catalog/signals", asked)
    return render(
        request, "commands/actuators.html", actuators=found["items"], more=found["next"], q=q, vehicle=vehicle
    )


@router.get("/commands/-/vehicles")
async def vehicles(request: Request, person: Viewer, api: Asking, vehicle: Text = "") -> Response:
    """Vehicles whose ids begin like that, to complete what is typed."""
    del person
    begun = vehicle.strip()
    before = begun[:-1] + chr(ord(begun[-1]) - 1) if begun else None
    found = await api.get("/vehicles", {"limit": COMPLETED, "after": before})
    ids = [one["id"] for one in found["items"] if one["id"].startswith(begun)]
    return render(request, "commands/vehicles.html", ids=ids)


@router.get("/commands/-/preview")
async def preview(request: Request, person: Viewer, draft: Asked) -> Response:
    """What stands before it, whom it would reach, and the button that sends it."""
    api = Api(request, person.csrf)  # to count whom it would reach changes nothing
    return render(request, "commands/preview.html", draft=draft, **await _preview(person, api, draft))


@router.get("/commands/-/preconditions")
async def preconditions(request: Request, person: Viewer, api: Asking, draft: Asked) -> Response:
    """What the policy asks for, with what the twin says now."""
    del person
    return render(request, "commands/preconditions.html", draft=draft, checked=await _checked(api, draft))


@router.post("/commands/-/new")
async def send(
    request: Request,
    person: Viewer,
    api: Changing,
    id: Annotated[str, Form(max_length=128)],  # noqa: A002  # the field's name
    signal: Field,
    value: Field = "",
    vehicle: Field = "",
    where: Condition = "",
    to: Field = "vehicle",
    lasts: Annotated[str, Form(alias="timeout", max_length=40)] = "30s",
    reason: Field = "",
    confirm: Field = "",
) -> Response:
    """Send it once, however often the form arrives: its id was made with the form."""
    draft = Draft(signal, value, vehicle.strip(), where, to, lasts, reason)
    wish = {"signal": signal, "value": value, "timeout": lasts, "reason": reason, "id": id, **draft.target}
    if draft.to == "fleet" and confirm:
        wish["confirm"] = confirm
    try:
        made = await api.post("/commands", wish)
    except KaidoError as error:
        return await _form(request, person, api, draft, error)
    return RedirectResponse(f"/commands/{name(made['id'])}", 303)


async def _form(request: Request, person: Person, api: Api, draft: Draft, error: KaidoError | None = None) -> Response:
    shown: dict[str, Any] = {}
    if draft.signal:
        shown = await _preview(person, api, draft)
    else:
        found = await api.get("/catalog/signals", {"kind": "actuator", "limit": IN_A_LIST})
        shown = {"actuators": found["items"], "more": found["next"], "q": "", "vehicle": draft.vehicle}
        shown["lacks"] = person.lacks("command")
    return render(
        request,
        "commands/new.html",
        error.status if error else 200,
        title="New command",
        draft=draft,
        id=f"console-{secrets.token_hex(8)}",
        error=error,
        **shown,
    )


async def _preview(person: Person, api: Api, draft: Draft) -> dict[str, Any]:
    checked = await _checked(api, draft)
    reach: dict[str, Any] | None = None
    unreachable: KaidoError | None = None
    lacks = person.lacks("command")
    if draft.to == "fleet" and draft.where.strip() and draft.value and not checked["value_problem"] and not lacks:
        try:
            asked = {"signal": draft.signal, "value": draft.value, "where": draft.where}
            reach = await api.post("/commands/reach", asked)
        except KaidoError as error:
            unreachable = error
    return {
        "checked": checked,
        "reach": reach,
        "unreachable": unreachable,
        "lacks": lacks,
        "count": reach["reaches"] if reach else 1,
        "ready": _is_ready(draft, checked, reach),
        "query": asdict(draft),
    }


async def _checked(api: Api, draft: Draft) -> dict[str, Any]:
    asked = {"signal": draft.signal, "value": draft.value or None}
    if draft.to == "vehicle" and draft.vehicle:
        asked["vehicle"] = draft.vehicle
    found: dict[str, Any] = await api.get("/command-policy/check", asked)
    return found


def _is_ready(draft: Draft, checked: dict[str, Any], reach: dict[str, Any] | None) -> str:
    """What is missing before it can be sent; empty where nothing is."""
    if not draft.value:
        return "Give a value."
    if not draft.has_target:
        return "Say for which vehicle, or for which of the fleet."
    if checked["value_problem"] or checked["vehicle_problem"] or checked["objection"]:
        return "See what is wrong above."
    if checked["reason_needed"] and not draft.reason.strip():
        return "The policy asks for a reason."
    if draft.to == "fleet" and (reach is None or not reach["reaches"]):
        return "It would reach no vehicle."
    return ""
