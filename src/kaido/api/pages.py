"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003  # pydantic reads annotations
from typing import Annotated, Generic, Self, TypeVar

from fastapi import Query
from pydantic import BaseModel

Item = TypeVar("Item", bound=BaseModel)

Limit = Annotated[int, Query(ge=1, le=1000, description="How many items at most.")]
After = Annotated[str | None, Query(description="`next` of the page before.")]


class Page(BaseModel, Generic[Item]):
    """Some items of a list, in order."""

    items: list[Item]
    next: str | None = None
    """Ask with `after=` this for what follows; null where nothing does."""

    @classmethod
    def of(cls, items: list[Item], limit: int, cursor: Callable[[Item], str]) -> Self:
        """The page of a list that was read one further than the limit."""
        more = len(items) > limit
        return cls(items=items[:limit], next=cursor(items[limit - 1]) if more else None)
