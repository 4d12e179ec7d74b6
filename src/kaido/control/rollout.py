"""How a campaign reaches its vehicles: wave by wave, and what stops it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from kaido.control.targets import Targets, check_ids, matcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kaido.company import Vehicle

MAX_WAVES = 100
MAX_LASTS_S = 365 * 86_400

_SPANS_S = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}
_SIZES = {"GB": 1_000_000_000, "MB": 1_000_000, "kB": 1_000, "B": 1}
_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")


def _in_units(units: dict[str, int], like: str, value: Any) -> Any:
    match = _NUMBER.fullmatch(str(value)) if isinstance(value, str | int | float) else None
    smallest = min(units.values())
    if match is None or isinstance(value, bool) or match[2] not in {*units, ""}:
        raise ValueError(f"write it as {like}")
    found = float(match[1]) * (units[match[2]] if match[2] else smallest)
    if found != int(found):
        raise ValueError(f"write it as {like}")
    return int(found)


def _with_unit(units: dict[str, int], value: int) -> str:
    unit = next(name for name, size in units.items() if value % size == 0)
    return f"{value // units[unit]}{unit}"


def _seconds(value: Any) -> Any:
    return _in_units(_SPANS_S, "30min, 6h or 2d", value)


def _bytes(value: Any) -> Any:
    return _in_units(_SIZES, "500kB, 10MB or 1GB", value)


Span = Annotated[int, BeforeValidator(_seconds), PlainSerializer(lambda value: _with_unit(_SPANS_S, value))]
"""Seconds; written with a unit."""
Size = Annotated[int, BeforeValidator(_bytes), PlainSerializer(lambda value: _with_unit(_SIZES, value))]
"""Bytes; written with a unit."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Wave(_Strict):
    """Some more of the campaign's vehicles.

    Attributes:
        percent: so many of them, the same ones every time.
        vehicles: or these: a list, or attributes and a condition.
        lasts: when the next wave begins; by hand (``kaido campaign advance``) where it is not said.
    """

    percent: float | None = Field(None, gt=0, le=100, allow_inf_nan=False)
    vehicles: Targets | None = None
    lasts: Annotated[Span, Field(ge=1, le=MAX_LASTS_S)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Wave:
        if (self.percent is None) == (self.vehicles is None):
            raise ValueError("a wave has either `percent` or `vehicles`")
        check_ids(self.vehicles)
        return self


class Limits(_Strict):
    """What one vehicle may send for the campaign. Beyond it the campaign pauses by itself.

    Attributes:
        bytes: of payloads as they arrive.
        events: collected events.
        quarantined: payloads that could not be read.
        per: in an hour, or a day, of UTC.
        tolerate: vehicles that may be beyond without consequence.
    """

    bytes: Annotated[Size, Field(ge=1)] | None = None
    events: int | None = Field(None, ge=1)
    quarantined: int | None = Field(None, ge=0)
    per: Literal["hour", "day"] = "hour"
    tolerate: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _something(self) -> Limits:
        if self.bytes is None and self.events is None and self.quarantined is None:
            raise ValueError("limit at least one of bytes, events, quarantined")
        return self


class Rollout(_Strict):
    """Waves, and limits that pause the campaign."""

    waves: list[Wave] = Field(default_factory=list, max_length=MAX_WAVES)
    limits: Limits | None = None

    @model_validator(mode="after")
    def _growing(self) -> Rollout:
        percents = [wave.percent for wave in self.waves if wave.percent is not None]
        if percents != sorted(set(percents)):
            raise ValueError("the percents of waves grow from one to the next")
        return self


def share(campaign: str, vehicle: str) -> float:
    """Where a vehicle stands among all of a campaign's, 0 to 100: below a wave's percent it is in the wave.

    The same for ever; in another campaign another, so that it is not always the same vehicles that go first.
    """
    digest = hashlib.blake2b(f"{campaign}\0{vehicle}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64 * 100


def reached(
    campaign: str, rollout: Rollout | None, wave: int, members: Mapping[str, frozenset[str]]
) -> Callable[[Vehicle], bool]:
    """Whether a vehicle is in one of the waves up to ``wave`` (from 0). Without waves all are."""
    waves = rollout.waves[: wave + 1] if rollout else []
    if not waves:
        return lambda _: True
    percent = max((one.percent for one in waves if one.percent is not None), default=0.0)
    groups = [matcher(one.vehicles, members) for one in waves if one.vehicles is not None]
    return lambda vehicle: share(campaign, vehicle.id) < percent or any(group(vehicle) for group in groups)


def last_wave(rollout: Rollout | None) -> int:
    """The number of the last wave, from 0."""
    return max(len(rollout.waves) - 1, 0) if rollout else 0


def named(targets: Targets, rollout: Rollout | None) -> Iterator[str]:
    """The ids of vehicles that a campaign lists."""
    for one in (targets, *(wave.vehicles for wave in (rollout.waves if rollout else []))):
        if isinstance(one, list):
            yield from one


def conditions(targets: Targets, rollout: Rollout | None) -> Iterator[Any]:
    """Everything in a campaign that asks the twin: :class:`kaido.control.targets.Attributes` with ``where``."""
    for one in (targets, *(wave.vehicles for wave in (rollout.waves if rollout else []))):
        if getattr(one, "where", None):
            yield one
