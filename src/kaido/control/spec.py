"""What a campaign asks for, as a person writes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kaido.control.contradictions import first_contradiction
from kaido.control.quantities import Duration
from kaido.control.reading import explained, not_a_campaign
from kaido.control.rollout import Rollout
from kaido.control.targets import Targets, check_ids
from kaido.control.wishes import (
    MAX_BUFFER,
    MAX_PERIOD_MS,
    Condition,
    Fetch,
    FunctionWish,
    Partition,
    Period,
    Trigger,
    Wish,
)
from kaido.expressions import ACTIONS, FUNCTIONS, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.control.wishes import SignalWish
    from kaido.expressions import Expression, Function

MAX_SIGNALS = 10_000
MAX_PARTITIONS = 64
MAX_FETCHES = 1_000
MAX_FUNCTIONS = 100
FASTEST_HZ = 1_000
"""The rate that the buffers of ``every_sample`` are made for: no CAN signal is sent more often."""

_SAID_ONLY = ("include_active_dtcs", "partitions", "fetch", "functions", "unregistered")
"""Fields that a document leaves out where they say nothing."""


def _with_zone(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CampaignSpec(BaseModel):
    """A campaign: every ``period``, or whenever its ``condition`` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$", description="its name in its company")
    signals: list[Wish] = Field(
        min_length=1,
        max_length=MAX_SIGNALS,
        description="VSS paths or patterns with * and ?, or mappings of `path` and settings of its own",
    )
    period: Period | None = Field(None, description="how often a vehicle sends")
    every_sample: bool = Field(False, description="all samples of a period, not only the newest")
    condition: Condition | None = Field(None, description="when a vehicle sends: `Vehicle.Speed > 100 km/h`")
    minimum_interval: Annotated[Duration, Field(ge=0, le=MAX_PERIOD_MS)] | None = Field(
        None, description="from one trigger of the condition to the next"
    )
    trigger: Trigger | None = Field(None, description="`always` while the condition holds, or on its `rising_edge`")
    before: int | None = Field(None, ge=0, le=MAX_BUFFER, description="samples of a signal from before the trigger")
    after: Annotated[Duration, Field(ge=0, le=MAX_PERIOD_MS)] | None = Field(
        None, description="how long collecting goes on after the trigger"
    )
    minimum_sample_period: Annotated[Duration, Field(ge=0, le=MAX_PERIOD_MS)] | None = Field(
        None, description="samples that come sooner after one another are left out"
    )
    buffer: int | None = Field(
        None, ge=1, le=MAX_BUFFER, description="samples of a signal that are kept; by itself as many as needed"
    )
    include_active_dtcs: bool = Field(False, description="with every event the active trouble codes")
    partitions: list[Partition] = Field(
        default_factory=list, max_length=MAX_PARTITIONS, description="store on the vehicle, upload under a condition"
    )
    fetch: list[Fetch] = Field(
        default_factory=list, max_length=MAX_FETCHES, description="signals that the vehicle has to ask for, and when"
    )
    functions: dict[str, FunctionWish] = Field(
        default_factory=dict, max_length=MAX_FUNCTIONS, description="custom functions that conditions may call"
    )
    targets: Targets = Field("all", description="`all`, a list of vehicle ids, or model, market, platform, where")
    unregistered: bool = Field(False, description="its lists may name vehicles that are registered later")
    rollout: Rollout | None = Field(None, description="waves, and limits that pause it")
    compression: bool = Field(True, description="Snappy")
    persistence: bool = Field(True, description="a vehicle keeps on disk what it could not send")
    priority: int = Field(0, ge=0, le=1_000, description="0 is sent first")
    start: datetime | None = Field(None, description="UTC; now")
    expiry: datetime | None = Field(None, description="UTC; never")

    @model_validator(mode="after")
    def _sensible(self) -> CampaignSpec:
        if contradiction := first_contradiction(self):
            raise ValueError(contradiction)
        check_ids(self.targets)
        if self.start and self.expiry and _with_zone(self.expiry) <= _with_zone(self.start):
            raise ValueError("it expires before it starts")
        return self

    @property
    def start_ms(self) -> int:
        """When vehicles begin, ms since the epoch; 0 is at once."""
        return int(_with_zone(self.start).timestamp() * 1000) if self.start else 0

    @property
    def expiry_ms(self) -> int | None:
        """When vehicles end, ms since the epoch."""
        return int(_with_zone(self.expiry).timestamp() * 1000) if self.expiry else None

    @property
    def known_functions(self) -> dict[str, Function]:
        """The custom functions that its conditions may call, by name."""
        return {**FUNCTIONS, **{name: wish.function for name, wish in self.functions.items()}}

    @property
    def known_actions(self) -> dict[str, Function]:
        """What its fetches may call: also what agents bring along for ECUs."""
        return {**ACTIONS, **self.known_functions}

    def conditions(self) -> Iterator[tuple[str, Expression]]:
        """Every condition in it, with the path of its field."""
        if self.condition is not None:
            yield "condition", parse(self.condition)
        for place, partition in enumerate(self.partitions):
            yield f"partitions[{place}].upload", parse(partition.upload)
        for place, fetch in enumerate(self.fetch):
            if fetch.condition is not None:
                yield f"fetch[{place}].condition", parse(fetch.condition)

    def actions(self) -> Iterator[tuple[str, Expression]]:
        """Every call of a fetch, with the path of its field."""
        for place, fetch in enumerate(self.fetch):
            for number, action in enumerate(fetch.actions):
                yield f"fetch[{place}].actions[{number}]", parse(action)

    def buffer_size(self, wish: SignalWish) -> int:
        """The samples of a signal that a vehicle keeps until it sends."""
        if wish.condition_only:
            return 1
        if said := wish.buffer or self.buffer:
            return said
        if self.period is None:
            return max(self.before or 0, 1)
        if least := self.minimum_period(wish):
            wanted = self.period // least + 1
        elif self.every_sample:
            wanted = self.period * FASTEST_HZ // 1_000 * 11 // 10 + 1  # a period may be late by a tenth
        else:
            wanted = 1
        return min(wanted, MAX_BUFFER)

    def minimum_period(self, wish: SignalWish) -> int:
        """Milliseconds between two samples of a signal at least; 0 takes all."""
        said = wish.minimum_period if wish.minimum_period is not None else self.minimum_sample_period
        return said or 0

    def to_document(self) -> dict[str, Any]:
        """The campaign as JSON, without what is not said."""
        document = self.model_dump(mode="json", exclude_none=True)
        return {name: value for name, value in document.items() if value or name not in _SAID_ONLY}


def read_spec(document: object) -> CampaignSpec:
    """The campaign in a JSON-like document.

    Raises:
        InvalidInputError: a field is missing, unknown or cannot be; the error names it.
    """
    if not isinstance(document, dict):
        raise not_a_campaign(CampaignSpec)
    try:
        return CampaignSpec.model_validate(document)
    except ValidationError as error:
        raise explained(error, CampaignSpec) from error
