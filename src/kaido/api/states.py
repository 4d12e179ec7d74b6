"""``/v1/state-templates``: signals whose newest values vehicles send."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from kaido.api.auth import Caller, Commander, Reader, Rooms, Writer  # noqa: TC001  # FastAPI reads annotations
from kaido.api.command_answers import CommandOut
from kaido.api.pages import After, Limit, Page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kaido.api.services import Services
    from kaido.control.templates import StateTemplate

router = APIRouter(prefix="/state-templates", tags=["state templates"])

_EXAMPLE = {"name": "doors", "signals": ["Vehicle.Cabin.Door.*"], "on_change": True, "targets": {"model": "leaf"}}
_Wish = Annotated[
    dict[str, Any],
    Body(
        description="`name`, `signals` (VSS paths or patterns), either `on_change: true` or `period`, and `targets` "
        "(`all`, a list of vehicle ids, or any of `model`, `market`, `platform`, `where`: a condition over the fleet).",
        examples=[_EXAMPLE],
    ),
]


class StateTemplateOut(BaseModel):
    """A state template."""

    name: str
    sync_id: str
    created: datetime
    changed: datetime
    spec: dict[str, Any] = Field(description="What it asks for.", examples=[_EXAMPLE])
    problems: list[str] = Field(description="What keeps vehicles from getting it.")

    @classmethod
    def of(cls, template: StateTemplate, problems: Mapping[str, Sequence[str]]) -> Self:
        """As the API shows it."""
        return cls(
            name=template.name,
            sync_id=template.sync_id,
            created=template.created,
            changed=template.changed,
            spec=template.spec.to_document(),
            problems=list(problems[template.name]),
        )


class StateWish(BaseModel):
    """A command about state templates."""

    model_config = ConfigDict(extra="forbid")

    timeout: str | float = Field("30s", description="Until its outcome: `30s`, `500ms`, `2min`, or seconds.")
    id: str | None = Field(None, description="Given, the same call again changes nothing; one is made otherwise.")
    reason: str = Field("", description="Why; it is kept with the command.")


class ForVehicles(StateWish):
    """A command about a state template to some vehicles."""

    vehicles: list[str] | None = Field(
        None,
        min_length=1,
        max_length=10_000,
        description="Ids; all that are to hold it otherwise.",
        examples=[["car-1"]],
    )


class Activation(ForVehicles):
    """From when until when vehicles send."""

    deactivate_after: str | float | None = Field(
        None, description="When it ends by itself: `10min`, `1h`, or seconds; never otherwise."
    )


class SentOut(BaseModel):
    """What was sent: a command for all vehicles that hold the template under the same id."""

    commands: list[CommandOut]


@router.post("", status_code=201, summary="Make a state template")
def create(wish: _Wish, caller: Writer, rooms: Rooms, replace: bool = False) -> StateTemplateOut:
    """Vehicles get it within seconds, or when they connect, and send nothing before it is activated.

    Making the very same one again changes nothing. With `replace` one of that name is changed: to vehicles that is
    another template, which has to be activated.
    """
    template = rooms.state_templates.create(caller.company, wish, replace=replace)
    caller.notes["state_template"] = template.name
    rooms.announce(caller.company, "state template")
    return StateTemplateOut.of(template, rooms.state_templates.problems(caller.company))


@router.get("", summary="List state templates")
def list_(caller: Reader, rooms: Rooms, limit: Limit = 100, after: After = None) -> Page[StateTemplateOut]:
    """By name, in pages."""
    templates = rooms.state_templates.list(caller.company)
    problems = rooms.state_templates.problems(caller.company)
    found = [StateTemplateOut.of(one, problems) for one in templates if after is None or one.name > after]
    return Page[StateTemplateOut].of(found, limit, lambda one: one.name)


@router.get("/{name}", summary="Show a state template")
def show(name: str, caller: Reader, rooms: Rooms) -> StateTemplateOut:
    """What it asks for."""
    template = rooms.state_templates.get(caller.company, name)
    return StateTemplateOut.of(template, rooms.state_templates.problems(caller.company))


@router.delete("/{name}", status_code=204, summary="Delete a state template")
def delete(name: str, caller: Writer, rooms: Rooms) -> None:
    """Vehicles drop it. What they sent stays."""
    rooms.state_templates.delete(caller.company, name)
    rooms.announce(caller.company, "state template")


@router.post("/{name}/activate", status_code=201, summary="Let vehicles send")
def activate(name: str, wish: Activation, caller: Commander, rooms: Rooms) -> SentOut:
    """At once what they know; then what changes, or every period what came.

    Activating what is active sets its end anew.
    """
    return operate(
        rooms, caller, "activate", wish, templates=[name], vehicles=wish.vehicles, after=wish.deactivate_after
    )


@router.post("/{name}/deactivate", status_code=201, summary="Let vehicles send no more")
def deactivate(name: str, wish: ForVehicles, caller: Commander, rooms: Rooms) -> SentOut:
    """They keep it, and can be asked to activate it again."""
    return operate(rooms, caller, "deactivate", wish, templates=[name], vehicles=wish.vehicles)


@router.post("/{name}/fetch", status_code=201, summary="Let vehicles send once")
def fetch(name: str, wish: ForVehicles, caller: Commander, rooms: Rooms) -> SentOut:
    """All they know, whether it is active or not. The values come to the twin, each with its own time."""
    return operate(rooms, caller, "fetch", wish, templates=[name], vehicles=wish.vehicles)


def operate(
    rooms: Services,
    caller: Caller,
    operation: str,
    wish: StateWish,
    *,
    templates: Sequence[str] | None,
    vehicles: Sequence[str] | None,
    after: str | float | None = None,
) -> SentOut:
    """Send commands about state templates, and tell control."""
    from kaido.commands import Issuer, nudge  # noqa: PLC0415  # heavy, most requests do without
    from kaido.commands.sending import read_timeout  # noqa: PLC0415  # as above
    from kaido.control.state_commands import Operation, StateCommands  # noqa: PLC0415  # as above

    sent = StateCommands(rooms.store, rooms.commands).send(
        caller.company,
        Issuer(caller.name, caller.token),
        Operation(operation),
        timeout_ms=read_timeout(wish.timeout),
        templates=templates,
        vehicles=vehicles,
        seconds=0 if after is None else -(-read_timeout(after) // 1_000),
        id=wish.id,
        reason=wish.reason,
    )
    caller.notes.update(commands=[one.id for one in sent], states=templates, operation=operation)
    for one in sent:
        rooms.publish_soon(*nudge(one.company, one.id))
    return SentOut(commands=[CommandOut.model_validate(one) for one in sent])
