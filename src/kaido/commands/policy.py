"""A company's rules for sending commands: who, under which conditions, how often, and what two people must want."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError, model_validator

from kaido.control.quantities import Duration
from kaido.errors import InvalidInputError
from kaido.twin import where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.catalog.signal import Signal

MOST_RULES = 200
MOST_CONDITIONS = 20
_RATE = re.compile(r"(?P<count>\d{1,6})\s*/\s*(?P<unit>s|min|h|d)")
_UNITS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rate(_Strict):
    """So many in so long."""

    count: int
    unit: str

    @property
    def seconds(self) -> int:
        """How long."""
        return _UNITS[self.unit]

    def __str__(self) -> str:
        return f"{self.count}/{self.unit}"


def _rate(given: object) -> object:
    if not isinstance(given, str):
        return given
    match = _RATE.fullmatch(given.strip())
    if match is None:
        raise ValueError("a rate is written like 10/min (or /s, /h, /d)")
    return {"count": int(match["count"]), "unit": match["unit"]}


_Rate = Annotated[Rate, BeforeValidator(_rate), PlainSerializer(str)]
_Glob = Annotated[str, Field(min_length=1, max_length=512)]


class Precondition(_Strict):
    """What the twin must say of the vehicle."""

    condition: str = Field(max_length=2_000, description="over VSS names: Vehicle.Speed == 0")
    max_age: Annotated[Duration, Field(ge=1, le=86_400_000)] = Field(
        5_000, description="how old its values may be, when the command is sent"
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Precondition:
        try:
            references = list(where.references(where.parse(self.condition)))
        except InvalidInputError as error:
            raise ValueError(f"{error.what}: {error.why}") from error
        if not any(not one.is_attribute for one in references):
            raise ValueError("a precondition is about a signal")
        return self


class Rule(_Strict):
    """What holds for some actuators. Every rule that names an actuator has to be satisfied."""

    actuators: list[_Glob] = Field(min_length=1, max_length=100, description="VSS paths, or patterns with * and ?")
    forbidden: bool = Field(False, description="nobody may command them")
    issuers: list[_Glob] = Field(
        default=[],
        max_length=100,
        description="names of tokens and users, or patterns; all with the scope where none is named",
    )
    require: list[Precondition] = Field(default=[], max_length=MOST_CONDITIONS)
    approval: bool = Field(False, description="a second person has to approve it")
    reason: bool = Field(False, description="a reason has to be given")
    per_vehicle: _Rate | None = Field(None, description="how often one vehicle may be commanded")
    per_issuer: _Rate | None = Field(None, description="how often one token or user may command")


class Policy(_Strict):
    """The rules of a company."""

    rules: list[Rule] = Field(default=[], max_length=MOST_RULES)
    per_vehicle: _Rate | None = Field(
        Rate(count=60, unit="min"), description="commands to one vehicle, whatever they are"
    )
    per_issuer: _Rate | None = Field(Rate(count=600, unit="min"), description="commands of one token or user")
    approve_within: Annotated[Duration, Field(ge=1_000, le=7 * 86_400_000)] = Field(
        900_000, description="how long a command waits for approval"
    )
    signing: bool = Field(False, description="sign commands, for vehicles that have the company's key")

    def about(self, path: str) -> Iterator[Rule]:
        """The rules that name an actuator."""
        for rule in self.rules:
            if any(fnmatch.fnmatchcase(path, glob) for glob in rule.actuators):
                yield rule

    def to_document(self) -> dict[str, Any]:
        """The policy as JSON, without what is not said."""
        return self.model_dump(mode="json", exclude_defaults=True)


def read_policy(document: object) -> Policy:
    """The policy in a JSON-like document.

    Raises:
        InvalidInputError: a field is unknown or cannot be; the error names it.
    """
    try:
        return Policy.model_validate(document or {})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the policy"
        why = "there is no such field" if first["type"] == "extra_forbidden" else first["msg"]
        raise InvalidInputError(f"the policy for commands: {field}", why=why.removeprefix("Value error, ")) from error


def needs_approval(policy: Policy, signal: Signal) -> bool:
    """Whether a second person has to approve a command to this actuator."""
    return signal.critical or any(rule.approval for rule in policy.about(signal.path))


def objection(policy: Policy, path: str, issuer: str, reason: str) -> str | None:
    """Why a command may not be sent, whatever its vehicle; None if it may."""
    for rule in policy.about(path):
        if rule.forbidden:
            return f"{path} is not to be commanded"
        if rule.issuers and not any(fnmatch.fnmatchcase(issuer, glob) for glob in rule.issuers):
            return f"'{issuer}' may not command {path}"
        if rule.reason and not reason.strip():
            return f"a command to {path} needs a reason"
    return None


def preconditions(policy: Policy, path: str) -> list[Precondition]:
    """What the twin must say before an actuator is commanded."""
    return [one for rule in policy.about(path) for one in rule.require]


Bounds = list[tuple[Rate, tuple[str, ...]]]
"""Rates, each with the patterns of the actuators that it counts; none is all."""


def vehicle_rates(policy: Policy, path: str) -> Bounds:
    """How often one vehicle may be commanded."""
    own: Bounds = [(rule.per_vehicle, tuple(rule.actuators)) for rule in policy.about(path) if rule.per_vehicle]
    return [(policy.per_vehicle, ()), *own] if policy.per_vehicle else own


def issuer_rates(policy: Policy, path: str) -> Bounds:
    """How often one token may command."""
    own: Bounds = [(rule.per_issuer, tuple(rule.actuators)) for rule in policy.about(path) if rule.per_issuer]
    return [(policy.per_issuer, ()), *own] if policy.per_issuer else own
