"""Commands as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime  # pydantic reads annotations
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_ACTUATOR = "Vehicle.Cabin.HVAC.IsAirConditioningActive"
NAMED = 10
"""Vehicles that are named of those that a command would reach."""


class Target(BaseModel):
    """An actuator, a value, and which vehicles."""

    model_config = ConfigDict(extra="forbid")

    vehicle: str | None = Field(None, description="One vehicle's id; or `where`.", examples=["car-1"])
    where: str | None = Field(
        None, description='A condition over the fleet: `Vehicle.Speed == 0 and market == "JP"`.', max_length=20_000
    )
    signal: str = Field(description="The actuator's path.", examples=[_ACTUATOR])
    value: bool | int | float | str = Field(description="Of the actuator's type, or a text that means one.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.vehicle is None) == (self.where is None):
            raise ValueError("name one vehicle, or say where")
        return self


class Wish(Target):
    """A command to send."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"vehicle": "car-1", "signal": _ACTUATOR, "value": True, "timeout": "30s"}]}
    )

    timeout: str | float = Field("30s", description="Until its outcome: `30s`, `500ms`, `2min`, or seconds.")
    id: str | None = Field(None, description="Given, the same call again changes nothing; one is made otherwise.")
    reason: str = Field("", description="Why; it is kept with the command.")
    confirm: str | None = Field(
        None, description="With `where`: what `POST /v1/commands/reach` answered, so that no fleet is hit by accident."
    )


class ReachOut(BaseModel):
    """Whom a command would reach."""

    reaches: int
    unable: int = Field(description="Vehicles that fulfil the condition, but are revoked or lack the actuator.")
    vehicles: list[str] = Field(description=f"The first {NAMED}.")
    confirm: str = Field(description="Send it with the command. It holds while not more vehicles would be reached.")


class TransitionOut(BaseModel):
    """Something that happened to a command at a vehicle."""

    model_config = ConfigDict(from_attributes=True)

    moment: datetime
    what: str = Field(description="A state, an outcome, or `note` (it changed nothing).")
    who: str = Field(description="The token's or user's name; `vehicle` or `kaido`.")
    code: int | None = Field(description="The vehicle's reason code.")
    text: str


class ExecutionOut(BaseModel):
    """A command at one vehicle."""

    model_config = ConfigDict(from_attributes=True)

    vehicle: str
    state: str = Field(description="`awaiting approval`, `waiting`, `sent`, `delivered`, `in progress` or `done`.")
    outcome: str | None = Field(
        description="`succeeded`, `failed`, `timed out`, `expired before delivery`, `rejected by policy` or "
        "`cancelled`; exactly one, once. Null until then."
    )
    code: int | None = Field(description="The vehicle's reason code.")
    text: str = Field(description="Why, or what it waits for.")
    deadline: datetime | None = Field(description="Null while it awaits approval.")
    sends: int = Field(description="How often it was sent; a vehicle carries it out once.")
    created: datetime
    ended: datetime | None


class ExecutionDetail(ExecutionOut):
    """A command at one vehicle, with all that happened to it."""

    transitions: list[TransitionOut] = []


class CommandOut(BaseModel):
    """A command."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    what: str = Field(description="The actuator's path.")
    value: Any
    timeout_ms: int
    reason: str
    issuer: str = Field(description="The name of the token or user that sent it.")
    where: str | None
    vehicles: int = Field(description="How many vehicles it is for.")
    vehicle: str | None = Field(description="Which, where it is for one.")
    created: datetime
    approve_by: datetime | None = Field(description="Until when somebody else has to approve it; null: nobody has to.")
    approver: str | None
    approved: datetime | None
    counts: dict[str, int] = Field(description="Vehicles by outcome or, where they have none yet, by state.")
    execution: ExecutionDetail | None = Field(None, description="Where it is for one vehicle.")
