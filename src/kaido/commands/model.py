"""What a command is, and what can become of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from kaido.wire import kaido_wire_pb2 as pb


class State(enum.StrEnum):
    """Where a command is on its way to one vehicle."""

    APPROVAL = "awaiting approval"
    WAITING = "waiting"
    """For the vehicle to connect, or to say what a precondition asks for."""
    SENT = "sent"
    DELIVERED = "delivered"
    """The vehicle has acknowledged the request; it says nothing yet about carrying it out."""
    IN_PROGRESS = "in progress"
    DONE = "done"


UNSENT = (State.APPROVAL, State.WAITING)
AT_VEHICLE = (State.SENT, State.DELIVERED, State.IN_PROGRESS)
OPEN = (*UNSENT, *AT_VEHICLE)


class Outcome(enum.StrEnum):
    """What became of a command: exactly one of these, once, for good."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    EXPIRED = "expired before delivery"
    REJECTED = "rejected by policy"
    CANCELLED = "cancelled"


NOTE = "note"
"""A transition that changes nothing: a response that came too late, a report of progress after the outcome."""


class Key(NamedTuple):
    """A command at one vehicle."""

    company: str
    command: str
    vehicle: str


@dataclass(frozen=True)
class Issuer:
    """Who sent, approved or cancelled a command: a token or a user, by name and id."""

    name: str
    token: str
    """The token's id: two tokens may have had the same name."""


@dataclass(frozen=True)
class Order:
    """What is asked of vehicles.

    Attributes:
        what: an actuator's path; or what else it is, for people.
        value: for people and for the record.
        request: the message without command id and times, which are set when it is sent.
        is_actuator: whether the policy's rules for actuators are about it.
    """

    what: str
    value: Any
    request: pb.CommandRequest
    is_actuator: bool = True


@dataclass(frozen=True)
class Transition:
    """What happened to a command at a vehicle.

    Attributes:
        what: a state, an outcome, or ``note``.
        who: a token's name; ``vehicle`` or ``kaido``.
        code: the vehicle's reason code.
    """

    moment: datetime
    what: str
    who: str
    code: int | None
    text: str


@dataclass(frozen=True)
class Execution:
    """A command at one vehicle.

    Attributes:
        text: why it has its outcome, or what it waits for.
        deadline: when it ends; None while it awaits approval.
        sends: how often it was sent; a vehicle carries it out once.
    """

    vehicle: str
    state: State
    outcome: Outcome | None
    code: int | None
    text: str
    deadline: datetime | None
    sends: int
    created: datetime
    ended: datetime | None


@dataclass(frozen=True)
class Command:
    """A command, to one vehicle or several.

    Attributes:
        where: the condition by which its vehicles were found; None where one was named.
        vehicles: how many they are.
        vehicle: which, where it is one.
        approve_by: until when somebody else has to approve it; None where nobody has to.
        counts: how many executions have each outcome or, without one, state.
    """

    company: str
    id: str
    what: str
    value: Any
    timeout_ms: int
    reason: str
    issuer: str
    where: str | None
    vehicles: int
    created: datetime
    approve_by: datetime | None
    approver: str | None
    approved: datetime | None
    counts: dict[str, int]
    vehicle: str | None = None
