"""A tariff as a person writes it: YAML or JSON, checked field by field."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from kaido.errors import InvalidInputError, nearest_names
from kaido.services.tariffs.calendar import DAYS, MINUTES, place

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$"
MOST_WINDOWS, MOST_PARTS, MOST_SEASONS, MOST_HOLIDAYS, MOST_TIERS = 100, 10, 12, 500, 20
_MOST_PRICE = 1e9

_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_RANGE = re.compile(r"(\d{2})-(\d{2})\s*\.\.\s*(\d{2})-(\d{2})")
_YEARLY = re.compile(r"(\d{2})-(\d{2})")
_WORDS = {"daily": DAYS, "weekdays": DAYS[:5], "weekends": DAYS[5:7], "holidays": DAYS[7:]}


def read_hours(text: str) -> tuple[tuple[int, int], ...]:
    """Minutes of the day, from (with) and to (without); two ranges of the same day where it is across midnight."""
    found = _HOURS.fullmatch(text.strip())
    if not found:
        raise ValueError(f"'{text}' are no hours; write them like 16:00-21:00, or 23:00-07:00 across midnight")
    from_hour, from_minute, to_hour, to_minute = (int(one) for one in found.groups())
    first, last = 60 * from_hour + from_minute, 60 * to_hour + to_minute
    if max(from_minute, to_minute) > 59 or first >= MINUTES or last > MINUTES or first == last:  # noqa: PLR2004
        raise ValueError(f"'{text}' are no hours of a day; it ends at 24:00, and whole days leave hours out")
    if first < last:
        return ((first, last),)
    return tuple(one for one in ((first, MINUTES), (0, last)) if one[0] < one[1])


def read_days(text: str) -> tuple[int, ...]:
    """The kinds of days (places in ``DAYS``) that ``weekdays``, ``mon, wed`` or ``weekends, holidays`` name."""
    found: list[str] = []
    for word in re.split(r"[,\s]+", text.strip().lower()):
        if word not in _WORDS and word not in DAYS:
            raise ValueError(f"'{word}' are no days; there are {', '.join((*_WORDS, *DAYS))}")
        found += _WORDS.get(word, (word,))
    return tuple(sorted({DAYS.index(one) for one in found}))


def read_season(text: str) -> tuple[int, int]:
    """First and last day (both belong to it) as places in a year; the first is later where it is across New Year."""
    found = _RANGE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"'{text}' is no season; write it like 06-01..09-30 (month-day, both days belong to it)")
    month, day, last_month, last_day = (int(one) for one in found.groups())
    return _place(month, day), _place(last_month, last_day)


def read_holiday(text: str) -> int | date:
    """A day of every year (12-25) as its place, or one day (2026-11-26)."""
    found = _YEARLY.fullmatch(text.strip())
    if found:
        return _place(int(found[1]), int(found[2]))
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"'{text}' is no day; write 12-25 for every year's, or 2026-11-26") from None


def _place(month: int, day: int) -> int:
    try:
        date(2024, month, day)
    except ValueError:
        raise ValueError(f"there is no {month:02}-{day:02}") from None
    return place(month, day)


def _checked(read: Any) -> Any:
    def check(text: str) -> str:
        read(text)
        return text

    return AfterValidator(check)


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Hours = Annotated[
    list[Annotated[str, _checked(read_hours)]], BeforeValidator(_listed), Field(min_length=1, max_length=20)
]
Days = Annotated[str, BeforeValidator(lambda value: ", ".join(map(str, value)) if isinstance(value, list) else value)]
Price = Annotated[float, Field(ge=-_MOST_PRICE, le=_MOST_PRICE, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, le=_MOST_PRICE, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class When(_Strict):
    """Some hours of some days of a season."""

    name: str = Field("", max_length=64, description="what people call it: peak, night")
    season: str | None = Field(None, description="one of `seasons`; all year otherwise")
    days: Annotated[Days, _checked(read_days)] = Field(
        "daily", description="`daily`, `weekdays`, `weekends`, `holidays`, or `mon` … `sun`, several with commas"
    )
    hours: Hours = Field(["00:00-24:00"], description="`16:00-21:00`; `23:00-07:00` is both ends of the same day")


class PriceWindow(When):
    """What a kWh costs then."""

    price_per_kwh: Price


class CarbonWindow(When):
    """What a kWh emits then."""

    g_per_kwh: Amount


class Tier(_Strict):
    """A block of a month's consumption (段階)."""

    up_to_kwh: Amount | None = Field(None, gt=0, description="of the billing month; without it: all that is more")
    price_per_kwh: Price


class EnergyPart(_Strict):
    """A part of the price of energy: by time, by the month's consumption, or the same always. Parts add up."""

    name: str = Field(min_length=1, max_length=64)
    price_per_kwh: Price | None = None
    windows: list[PriceWindow] | None = Field(None, min_length=1, max_length=MOST_WINDOWS)
    otherwise: Price | None = Field(None, description="the price where no window is")
    tiers: list[Tier] | None = Field(None, min_length=1, max_length=MOST_TIERS)

    @model_validator(mode="after")
    def _one_way(self) -> EnergyPart:
        ways = [self.price_per_kwh is not None, self.windows is not None, self.tiers is not None]
        if sum(ways) != 1:
            raise ValueError(f"the part '{self.name}' has one of price_per_kwh, windows and tiers")
        if self.otherwise is not None and self.windows is None:
            raise ValueError(f"the part '{self.name}' has no windows besides which there could be `otherwise`")
        _check_tiers(self.name, self.tiers or [])
        return self


def _check_tiers(name: str, tiers: list[Tier]) -> None:
    ends = [tier.up_to_kwh for tier in tiers]
    if tiers and ends[-1] is not None:
        raise ValueError(f"the last tier of '{name}' must be without up_to_kwh: somebody may use more")
    known = [end for end in ends[:-1] if end is not None]
    if len(known) != max(len(ends) - 1, 0) or any(a >= b for a, b in pairwise(known)):
        raise ValueError(f"the tiers of '{name}' must rise: each but the last ends at more kWh than the one before")


class DemandCharge(_Strict):
    """A price for the highest power of a billing month."""

    name: str = Field("demand", min_length=1, max_length=64)
    price_per_kw: Amount
    interval_minutes: Literal[15, 30, 60] = Field(15, description="power is the mean over so long")
    windows: list[When] = Field(default_factory=lambda: [When()], min_length=1, max_length=MOST_WINDOWS)


class Carbon(_Strict):
    """What a kWh of the grid emits."""

    windows: list[CarbonWindow] | None = Field(None, min_length=1, max_length=MOST_WINDOWS)
    otherwise: Amount | None = None


class TariffDocument(_Strict):
    """A tariff."""

    name: str = Field(pattern=NAME)
    description: str = Field("", max_length=2_000)
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217: USD, JPY")
    zone: str = Field(max_length=64, description="IANA: America/Los_Angeles, Asia/Tokyo")
    seasons: dict[str, Annotated[str, _checked(read_season)]] = Field(
        default_factory=dict, max_length=MOST_SEASONS, description="name: 06-01..09-30; all days of the year"
    )
    holidays: list[Annotated[str, BeforeValidator(_text), _checked(read_holiday)]] = Field(
        default_factory=list, max_length=MOST_HOLIDAYS, description="12-25 of every year, 2026-11-26 of one"
    )
    billing_day: int = Field(1, ge=1, le=28, description="of the month, on which a billing month begins")
    energy: list[EnergyPart] = Field(min_length=1, max_length=MOST_PARTS)
    demand: DemandCharge | None = None
    fixed_per_month: Amount = 0.0
    export_price_per_kwh: Amount = Field(0.0, description="what the grid pays for solar energy")
    carbon: Carbon | None = None

    def to_document(self) -> dict[str, Any]:
        """As JSON, without what is not said."""
        return self.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


def read_document(document: object) -> TariffDocument:
    """The tariff in a JSON-like document, its fields checked one by one.

    Raises:
        InvalidInputError: a field is missing, unknown or cannot be; the error names it.
    """
    if not isinstance(document, dict):
        raise InvalidInputError("a tariff is a mapping of fields", fix=_FIELDS)
    try:
        return TariffDocument.model_validate(document)
    except ValidationError as error:
        raise _explained(error) from error


_FIELDS = f"Its fields: {', '.join(TariffDocument.model_fields)}"


def _explained(error: ValidationError) -> InvalidInputError:
    # A misspelt field is also a missing one: the misspelling is what to show.
    first = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
    if first["type"] == "extra_forbidden":
        *_, wrong = first["loc"]
        known = {name for model in _MODELS for name in model.model_fields}
        nearest = nearest_names(str(wrong), known)
        return InvalidInputError(
            f"the tariff has no field '{where}'", fix=f"Did you mean {' or '.join(nearest)}?" if nearest else _FIELDS
        )
    if first["type"] == "missing":
        return InvalidInputError(
            f"the tariff's field '{where}' is missing", fix=_FIELDS if len(first["loc"]) == 1 else ""
        )
    return InvalidInputError(f"the tariff's {where}", why=first["msg"].removeprefix("Value error, "))


_MODELS = (TariffDocument, EnergyPart, PriceWindow, CarbonWindow, Tier, DemandCharge, Carbon)
