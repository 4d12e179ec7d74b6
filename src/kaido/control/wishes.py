"""The parts of a campaign: a signal with its settings, a partition, a fetch, a declared function."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_serializer, model_validator

from kaido.control.quantities import Duration
from kaido.control.rollout import Size, Span
from kaido.errors import InvalidInputError
from kaido.expressions import Function, Type, parse
from kaido.expressions.syntax import Call

MAX_BUFFER = 100_000
MAX_PERIOD_MS = 24 * 3_600_000
MAX_ACTIONS = 100
MAX_TTL_S = 10 * 365 * 86_400

Period = Annotated[Duration, Field(ge=1, le=MAX_PERIOD_MS)]
Trigger = Literal["always", "rising_edge"]
FunctionType = Literal["boolean", "number", "string"]


def _parsed(text: str) -> str:
    try:
        parse(text)
    except InvalidInputError as error:
        raise ValueError(str(error)) from error
    return text


def _called(text: str) -> str:
    try:
        action = parse(text)
    except InvalidInputError as error:
        raise ValueError(str(error)) from error
    if isinstance(action, Call):
        return text
    raise ValueError(f"{text!r:.60} calls no function; write it like name(1, 2)")


def _worded(value: Any) -> Any:
    """YAML reads ``true`` as a truth value."""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value


Condition = Annotated[str, BeforeValidator(_worded), AfterValidator(_parsed)]
"""A text of ``kaido.expressions``, of which nothing is known but that it can be parsed."""
Action = Annotated[str, AfterValidator(_called)]
"""The call of a function."""


class Strict(BaseModel):
    """A part of the document that knows all its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SignalWish(Strict):
    """What to collect. Settings that are not said are the campaign's.

    Attributes:
        path: a VSS path, or a pattern with ``*`` and ``?``.
        minimum_period: ms; a sample that comes sooner after the one before is left out.
        buffer: samples that its ring keeps.
        window: ms; the period of its windows, for ``last_window_avg`` and its siblings.
        partition: where a vehicle stores it.
        condition_only: conditions read it, but it is not sent.
    """

    path: str = Field(min_length=1, max_length=512)
    minimum_period: Annotated[Duration, Field(ge=0, le=MAX_PERIOD_MS)] | None = None
    buffer: int | None = Field(None, ge=1, le=MAX_BUFFER)
    window: Period | None = None
    partition: str | None = None
    condition_only: bool | None = None

    @model_serializer(mode="wrap")
    def _short(self, handler: Any) -> Any:
        """The path alone, where nothing else is said."""
        said = {name: value for name, value in handler(self).items() if value is not None}
        return said if len(said) > 1 else self.path


def _from_path(value: Any) -> Any:
    if isinstance(value, str):
        return {"path": value}
    if isinstance(value, dict | SignalWish):
        return value
    raise ValueError("write a path, or a mapping of `path` and settings")


Wish = Annotated[SignalWish, BeforeValidator(_from_path)]
"""A path, or a mapping with settings."""


class Partition(Strict):
    """Where vehicles store what they collect until a condition lets them upload it.

    Attributes:
        name: also its place on a vehicle's disk.
        maximum_size: bytes; beyond it the oldest goes.
        minimum_time_to_live: seconds that a sample is kept at least, where there is room.
        upload: the condition under which it is sent.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_\-]{0,63}$")
    maximum_size: Annotated[Size, Field(ge=1, le=2**50)]
    minimum_time_to_live: Annotated[Span, Field(ge=0, le=MAX_TTL_S)] = 0
    upload: Condition


class Fetch(Strict):
    """A signal that does not come by itself: when the vehicle asks for it, and how.

    Attributes:
        signal: its path.
        every: ms; on a schedule ...
        count: ... so often at most ...
        reset: ... and anew after so many ms.
        condition: or when this holds.
        trigger: always, or only when it did not hold before.
        actions: calls of functions, tried in turn until one of them works.
    """

    signal: str = Field(min_length=1, max_length=512)
    every: Period | None = None
    count: int | None = Field(None, ge=1, le=2**32)
    reset: Annotated[Duration, Field(ge=1, le=366 * 24 * 3_600_000)] | None = None
    condition: Condition | None = None
    trigger: Trigger | None = None
    actions: list[Action] = Field(min_length=1, max_length=MAX_ACTIONS)

    @model_validator(mode="after")
    def _one_of_them(self) -> Fetch:
        if (self.every is None) == (self.condition is None):
            raise ValueError("a fetch has either `every` or `condition`")
        if self.condition is not None and (self.count or self.reset):
            raise ValueError("`count` and `reset` belong to `every`, not to `condition`")
        if self.every is not None and self.trigger is not None:
            raise ValueError("`trigger` belongs to `condition`, not to `every`")
        if self.reset is not None and self.count is None:
            raise ValueError("`reset` says when `count` begins anew, and `count` is missing")
        return self


class FunctionWish(Strict):
    """A custom function of the vehicle's software.

    Attributes:
        parameters: the type of each.
        returns: the type of what it yields.
    """

    parameters: list[FunctionType] = Field(default_factory=list, max_length=100)
    returns: FunctionType = "boolean"

    @property
    def function(self) -> Function:
        """As expressions are checked against it."""
        return Function(tuple(map(Type, self.parameters)), Type(self.returns))
