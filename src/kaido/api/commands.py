"""``/v1/commands``: setting actuators, and what became of it."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool

from kaido.api import times, twins
from kaido.api.auth import Caller, Commander, Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.command_answers import (
    NAMED,
    CommandOut,
    ExecutionDetail,
    ExecutionOut,
    ReachOut,
    Target,
    TransitionOut,
    Wish,
)
from kaido.api.looks import asks_positions, look
from kaido.api.pages import After, Limit, Page
from kaido.errors import ConflictError, NotFoundError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kaido.api.services import Services
    from kaido.commands import Command
    from kaido.commands.preconditions import Known
    from kaido.commands.sending import Reach

router = APIRouter(prefix="/commands", tags=["commands"])

Word = TypeVar("Word", bound=StrEnum)
_PAGE = 1_000


@router.post("", status_code=201, summary="Command vehicles")
async def send(wish: Wish, caller: Commander, rooms: Rooms) -> CommandOut:
    """Recorded, held against the policy, and delivered at once, or when the vehicle connects in time."""
    sending = _send_to_one if wish.vehicle is not None else _send_to_fleet
    command = await sending(wish, caller, rooms)
    caller.notes.update(command=command.id, signal=command.what, value=command.value, vehicles=command.vehicles)
    _nudge(rooms, command)
    return await run_in_threadpool(_shown, rooms, command)


@router.post("/reach", summary="Count whom a command would reach")
async def reach(target: Target, caller: Commander, rooms: Rooms) -> ReachOut:
    """Nothing is sent."""
    found = await _reach(target, caller, rooms)
    caller.notes.update(signal=target.signal, reaches=len(found.able))
    return ReachOut(
        reaches=len(found.able),
        unable=found.unable,
        vehicles=list(found.able[:NAMED]),
        confirm=_confirmation(target, caller, len(found.able)),
    )


@router.get("", summary="List commands")
def list_(
    caller: Reader,
    rooms: Rooms,
    vehicle: Annotated[str | None, Query(description="Only those to this vehicle.")] = None,
    state: Annotated[
        str | None, Query(description="Only those that are so at one of these vehicles: a `state` of an execution.")
    ] = None,
    outcome: Annotated[str | None, Query(description="Only those with this outcome at one of these vehicles.")] = None,
    issuer: Annotated[str | None, Query(description="Only those that a token or user of this name sent.")] = None,
    start: Annotated[str | None, Query(description="First moment: ISO 8601, `-2h`, `now`.")] = None,
    end: Annotated[str | None, Query(description="The moment after the last.")] = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[CommandOut]:
    """The newest first, in pages."""
    from kaido.commands.model import Outcome, State  # noqa: PLC0415  # heavy, as the rest of the room
    from kaido.commands.records import Wanted  # noqa: PLC0415  # as above

    first, last = times.span(start, end)
    wanted = Wanted(vehicle, _one_of(State, "state", state), _one_of(Outcome, "outcome", outcome), issuer, first, last)
    found = rooms.commands.records.newest(caller.company, limit + 1, after, wanted)
    return Page[CommandOut].of([CommandOut.model_validate(one) for one in found], limit, lambda one: one.id)


@router.get("/{id}", summary="Show a command")
def show(id: str, caller: Reader, rooms: Rooms) -> CommandOut:  # noqa: A002  # it is what the field calls it
    """Where it is for one vehicle, with all that happened to it."""
    return _shown(rooms, rooms.commands.records.get(caller.company, id))


@router.get("/{id}/executions", summary="List what became of a command")
def executions(
    id: str,  # noqa: A002
    caller: Reader,
    rooms: Rooms,
    limit: Limit = 100,
    after: After = None,
) -> Page[ExecutionOut]:
    """By vehicle, in pages."""
    found = rooms.commands.records.executions(caller.company, id, limit + 1, after or "")
    return Page[ExecutionOut].of([ExecutionOut.model_validate(one) for one in found], limit, lambda one: one.vehicle)


@router.get("/{id}/executions/{vehicle}", summary="Show what became of a command at a vehicle")
def execution(id: str, vehicle: str, caller: Reader, rooms: Rooms) -> ExecutionDetail:  # noqa: A002
    """With all that happened to it."""
    return _detail(rooms, caller.company, id, vehicle)


@router.post("/{id}/cancel", summary="Cancel a command")
def cancel(id: str, caller: Commander, rooms: Rooms) -> CommandOut:  # noqa: A002
    """At all vehicles to which it was not sent yet: what was sent cannot be called back."""
    command, count = rooms.commands.records.cancel(caller.company, id, _issuer(caller))
    caller.notes.update(command=id, vehicles=count)
    return _shown(rooms, command)


@router.post("/{id}/approve", summary="Approve a command")
def approve(id: str, caller: Commander, rooms: Rooms) -> CommandOut:  # noqa: A002
    """By another token or user than the one that sent it. Its time begins now. Doing so twice changes nothing."""
    command = rooms.commands.records.approve(caller.company, id, _issuer(caller))
    caller.notes.update(command=id)
    _nudge(rooms, command)
    return _shown(rooms, command)


def _one_of(kind: type[Word], name: str, given: str | None) -> Word | None:
    """The member of an enumeration.

    Raises:
        NotFoundError: there is none of this value.
    """
    known = [one.value for one in kind]
    if given is not None and given not in known:
        raise NotFoundError.of(name, given, known, fix=f"They are: {', '.join(known)}")
    return None if given is None else kind(given)


async def _send_to_one(wish: Wish, caller: Caller, rooms: Services) -> Command:
    assert wish.vehicle is not None
    known = await _known(rooms, caller.company, wish.vehicle, wish.signal)
    return await run_in_threadpool(_send, rooms, caller, wish, (wish.vehicle,), known)


async def _send_to_fleet(wish: Wish, caller: Caller, rooms: Services) -> Command:
    if wish.id is not None:
        again = await run_in_threadpool(_again, rooms, caller, wish)
        if again is not None:
            return again
    found = await _reach(wish, caller, rooms)
    _check_confirmed(wish, caller, len(found.able))
    return await run_in_threadpool(_send, rooms, caller, wish, found.able, {})


def _send(
    rooms: Services, caller: Caller, wish: Wish, vehicles: tuple[str, ...], known: Mapping[str, Mapping[str, Known]]
) -> Command:
    return rooms.commands.send_actuator(
        caller.company,
        _issuer(caller),
        vehicles,
        wish.signal,
        wish.value,
        where=wish.where,
        timeout_ms=_timeout_ms(wish),
        id=wish.id,
        reason=wish.reason,
        known=known,
    )


def _again(rooms: Services, caller: Caller, wish: Wish) -> Command | None:
    """The command, where it was recorded before: whom it reaches was settled then."""
    assert wish.id is not None
    try:
        rooms.commands.records.get(caller.company, wish.id)
    except NotFoundError:
        return None
    return _send(rooms, caller, wish, ("again",), {})  # the vehicles of a condition are not what makes it the same


async def _known(rooms: Services, company: str, vehicle: str, path: str) -> dict[str, dict[str, Known]]:
    """What the twin says that preconditions ask for; nothing where it does not answer: control asks again."""
    from kaido.commands.twins import known_of  # noqa: PLC0415  # heavy, as the rest of the room

    if not await run_in_threadpool(rooms.commands.wanted_signals, company, path):
        return {}
    try:
        return {vehicle: known_of(await twins.vehicle(rooms, company, vehicle))}
    except (NotFoundError, UnavailableError):
        return {}


async def _reach(target: Target, caller: Caller, rooms: Services) -> Reach:
    await run_in_threadpool(rooms.commands.check_value, caller.company, target.signal, target.value)
    if target.where is None:
        found = {str(target.vehicle)}
    else:
        if asks_positions(target.where):
            await run_in_threadpool(look, rooms, caller, {"view": "reach", "where": target.where})
        found, after = set(), ""
        while True:
            table = await twins.fleet(rooms, caller.company, target.where, select=[], limit=_PAGE, after=after)
            page = table["vehicle"].to_pylist()
            found.update(page)
            if len(page) < _PAGE:
                break
            after = page[-1]
    return await run_in_threadpool(rooms.commands.reach, caller.company, target.signal, found)


def _confirmation(target: Target, caller: Caller, count: int) -> str:
    content = json.dumps([caller.company, target.signal, target.value, target.where])
    return f"{count}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"


def _check_confirmed(wish: Wish, caller: Caller, count: int) -> None:
    said = (wish.confirm or "").partition("-")[0]
    most = int(said) if said.isdecimal() and len(said) < _PAGE else -1
    if wish.confirm is not None and wish.confirm == _confirmation(wish, caller, most) and count <= most:
        return
    if wish.confirm is None:
        what, why = "a command to a part of the fleet has to be confirmed", f"it would reach {count} vehicles"
    elif most < count and wish.confirm == _confirmation(wish, caller, most):
        what, why = "more vehicles would be reached than was confirmed", f"they were {most}, and are {count}"
    else:
        what, why = "that confirms another command", "signal, value or condition differ"
    fix = "See whom it reaches and get what confirms it: kaido command send --where … --dry-run"
    raise ConflictError(what, why=why, fix=fix)


def _nudge(rooms: Services, command: Command) -> None:
    from kaido.commands import nudge  # noqa: PLC0415  # as above

    rooms.publish_soon(*nudge(command.company, command.id))


def _issuer(caller: Caller) -> Any:
    from kaido.commands import Issuer  # noqa: PLC0415  # as above

    return Issuer(caller.name, caller.token)


def _timeout_ms(wish: Wish) -> int:
    from kaido.commands.sending import read_timeout  # noqa: PLC0415  # as above

    return read_timeout(wish.timeout)


def _shown(rooms: Services, command: Command) -> CommandOut:
    shown = CommandOut.model_validate(command)
    if command.vehicles == 1:
        (one,) = rooms.commands.records.executions(command.company, command.id, 1)
        shown.execution = _detail(rooms, command.company, command.id, one.vehicle)
    return shown


def _detail(rooms: Services, company: str, command: str, vehicle: str) -> ExecutionDetail:
    from kaido.commands import Key  # noqa: PLC0415  # as above

    found = rooms.commands.records.execution(company, command, vehicle)
    detail = ExecutionDetail.model_validate(found)
    happened = rooms.commands.records.transitions(Key(company, command, vehicle))
    detail.transitions = [TransitionOut.model_validate(one) for one in happened]
    return detail
