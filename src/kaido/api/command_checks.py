"""``/v1/command-policy/check``: what stands before a command, before there is one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from kaido.api import twins
from kaido.api.auth import Caller, Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.catalog import SignalOut
from kaido.errors import KaidoError, NotFoundError, UnavailableError
from kaido.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from kaido.api.services import Services
    from kaido.commands.policy import Policy, Precondition
    from kaido.commands.preconditions import Known

router = APIRouter(prefix="/command-policy", tags=["command policy"])


class ReadingOut(twins.Value):
    """What the twin says of a signal that a precondition is about."""

    signal: str


class PreconditionOut(BaseModel):
    """What the twin must say of a vehicle before it is commanded."""

    condition: str
    max_age_s: float = Field(description="How old the values may be.")
    answer: str | None = Field(
        description="Of the vehicle: `yes`, `no`, or `unknown` where a value is missing or too old. Null without one."
    )
    why: str
    readings: list[ReadingOut] = Field(description="Those that there are.")


class RateOut(BaseModel):
    """How often may be commanded."""

    model_config = ConfigDict(from_attributes=True)

    of: str = Field(description="`vehicle` or `issuer`.")
    rate: str = Field(description="`60/min`.")
    actuators: list[str] = Field(description="The patterns that count; empty: all.")


class CheckOut(BaseModel):
    """What stands before a command to an actuator."""

    signal: SignalOut
    value_problem: str = Field(description="Why the value cannot be; empty where it can, or none was given.")
    vehicle_problem: str = Field(description="Why the vehicle cannot be commanded; likewise.")
    objection: str = Field(description="Why this caller may not command it, by the policy; empty where they may.")
    approval: bool = Field(description="Whether somebody else has to approve it.")
    approval_why: str
    approve_within_s: float
    reason_needed: bool
    preconditions: list[PreconditionOut]
    rates: list[RateOut]


@router.get("/check", summary="Check what stands before a command")
async def check(
    caller: Reader,
    rooms: Rooms,
    signal: Annotated[str, Query(max_length=512, description="The actuator's path.")],
    vehicle: Annotated[str | None, Query(max_length=128, description="The vehicle, where it is one.")] = None,
    value: Annotated[str | None, Query(max_length=4_096, description="The value, as text.")] = None,
) -> CheckOut:
    """The policy's rules for it, the preconditions with what the twin says now, and what is wrong. Nothing is sent."""
    known: dict[str, Known] = {}
    if vehicle is not None:
        known = await _known(rooms, caller.company, vehicle)
    return await run_in_threadpool(_check, rooms, caller, signal, vehicle, value, known)


async def _known(rooms: Services, company: str, vehicle: str) -> dict[str, Known]:
    from kaido.commands.twins import known_of  # noqa: PLC0415  # heavy, as the rest of the room

    try:
        return known_of(await twins.vehicle(rooms, company, vehicle))
    except (NotFoundError, UnavailableError):  # the preconditions are unknown then, and say so
        return {}


def _check(
    rooms: Services,
    caller: Caller,
    path: str,
    vehicle: str | None,
    value: str | None,
    known: dict[str, Known],
) -> CheckOut:
    from kaido.commands import policy as policies  # noqa: PLC0415  # as above
    from kaido.commands import values  # noqa: PLC0415  # as above

    found = rooms.commands.signal(caller.company, path)
    policy = rooms.commands.policies.get(caller.company)
    is_given = value is not None or found.kind != "actuator"
    units = {one.path: one.unit for one in rooms.catalog.signals(caller.company) if one.unit}
    now = clock.now()
    return CheckOut(
        signal=SignalOut.model_validate(found),
        value_problem=_problem(partial(values.check, found, value or "")) if is_given else "",
        vehicle_problem=_problem(partial(rooms.commands.check_able, caller.company, vehicle, path)) if vehicle else "",
        objection=policies.objection(policy, path, caller.name, reason="given") or "",
        approval=policies.needs_approval(policy, found),
        approval_why=_approval_why(policy, path, critical=found.critical),
        approve_within_s=policy.approve_within / 1_000,
        reason_needed=any(rule.reason for rule in policy.about(path)),
        preconditions=[
            _precondition(one, known, units, now, judged=vehicle is not None)
            for one in policies.preconditions(policy, path)
        ],
        rates=[
            RateOut(of=of, rate=str(rate), actuators=list(globs))
            for of, bounds in (
                ("vehicle", policies.vehicle_rates(policy, path)),
                ("issuer", policies.issuer_rates(policy, path)),
            )
            for rate, globs in bounds
        ],
    )


def _problem(checked: Callable[[], object]) -> str:
    """What speaks against it; empty where nothing does."""
    try:
        checked()
    except KaidoError as error:
        return str(error)
    return ""


def _approval_why(policy: Policy, path: str, *, critical: bool) -> str:
    if critical:
        return "the catalog calls this actuator critical"
    return "the policy says so" if any(rule.approval for rule in policy.about(path)) else ""


def _precondition(
    one: Precondition, known: dict[str, Known], units: dict[str, str], now: datetime, *, judged: bool
) -> PreconditionOut:
    from kaido.commands import preconditions  # noqa: PLC0415  # as above

    verdict = preconditions.judge([one], known, now) if judged else None
    readings = [
        ReadingOut(
            signal=path,
            **twins.Value.of(known[path].value, known[path].text, units.get(path), known[path].time, now).model_dump(),
        )
        for path in sorted(preconditions.signals([one]))
        if path in known
    ]
    return PreconditionOut(
        condition=one.condition,
        max_age_s=one.max_age / 1_000,
        answer=verdict.answer.value if verdict else None,
        why=verdict.why if verdict else "asked at each vehicle when it is sent",
        readings=readings,
    )
