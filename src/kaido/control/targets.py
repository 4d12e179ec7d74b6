"""Which vehicles a campaign means."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kaido.errors import nearest_names
from kaido.twin.where import WhereError, parse, references
from kaido.wire.topics import VEHICLE_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from kaido.company import Vehicle

MAX_TARGETS = 100_000
MAX_CONDITION = 2_000


class Attributes(BaseModel):
    """The vehicles whose attributes are all equal to these, and for which ``where`` holds.

    Attributes:
        where: a condition over attributes and the last known values, as ``kaido fleet --where`` takes it.
        keep: a vehicle for which ``where`` held once stays, also when it holds no longer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str | None = None
    market: str | None = None
    platform: str | None = None
    where: str | None = Field(None, min_length=1, max_length=MAX_CONDITION)
    keep: bool | None = None

    @field_validator("where")
    @classmethod
    def _parses(cls, where: str | None) -> str | None:
        if where is not None:
            try:
                parse(where)
            except WhereError as error:
                raise ValueError(str(error)) from error
        return where

    @model_validator(mode="after")
    def _something(self) -> Attributes:
        if self.model is None and self.market is None and self.platform is None and self.where is None:
            raise ValueError("name at least one of model, market, platform, where")
        if self.keep is not None and self.where is None:
            raise ValueError("`keep` says something about `where`, which is missing")
        return self

    @property
    def condition(self) -> str | None:
        """The name of ``where`` by its content, under which its vehicles are kept; None without one."""
        if self.where is None:
            return None
        return hashlib.blake2b(f"{bool(self.keep)} {self.where}".encode(), digest_size=8).hexdigest()


Listed = Annotated[list[str], Field(min_length=1, max_length=MAX_TARGETS)]
Targets = Literal["all"] | Attributes | Listed


def check_ids(targets: Targets | None) -> None:
    """Whether a list holds ids.

    Raises:
        ValueError: one cannot be a vehicle's.
    """
    wrong = next((one for one in targets if not VEHICLE_ID.fullmatch(one)), None) if isinstance(targets, list) else None
    if wrong is not None:
        raise ValueError(f"{wrong!r} cannot be a vehicle id")


def check_condition(where: str, known: Collection[str]) -> None:
    """Whether a condition names only signals that there are.

    Raises:
        WhereError: it does not; the error points at the column.
    """
    for reference in references(parse(where)):
        if not reference.is_attribute and reference.path not in known:
            nearest = nearest_names(reference.path, known)
            hint = f"Did you mean {' or '.join(nearest)}?" if nearest else "See: kaido catalog list"
            raise WhereError.at(where, reference.position, f"no signal '{reference.path}'", hint)


def matcher(targets: Targets, members: Mapping[str, frozenset[str]]) -> Callable[[Vehicle], bool]:
    """Whether a vehicle is meant.

    Args:
        targets: who is.
        members: by condition (``Attributes.condition``) the vehicles for which it holds; none where it is not known.
    """
    if isinstance(targets, list):
        listed = frozenset(targets)
        return lambda vehicle: vehicle.id in listed
    if isinstance(targets, Attributes):
        equal = [(name, wanted) for name in ("model", "market", "platform") if (wanted := getattr(targets, name))]
        there = members.get(targets.condition, frozenset()) if targets.condition else None
        return lambda vehicle: (
            all(getattr(vehicle, name) == wanted for name, wanted in equal) and (there is None or vehicle.id in there)
        )
    return lambda _: True
