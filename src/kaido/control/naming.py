"""Vehicles that a campaign or a state template lists, held against those that are registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.errors import NotFoundError, nearest_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.company import Vehicles

_SHOWN = 3
_NEIGHBOURS = 2_000


def check_registered(vehicles: Vehicles, company: str, what: str, ids: Sequence[str], *, later: bool = False) -> None:
    """Whether all vehicles of a list are registered.

    Args:
        vehicles: those that are.
        company: whose.
        what: whose list it is, for people.
        ids: the list.
        later: the error tells how a list may name vehicles that are registered later.

    Raises:
        NotFoundError: some are not; the error names them.
    """
    unknown = vehicles.unknown(company, ids)
    if not unknown:
        return
    nearest = nearest_names(unknown[0], [one.id for one in vehicles.list(company, _NEIGHBOURS)])
    fix = f"Did you mean {' or '.join(nearest)}? Otherwise register" if nearest else "Register"
    fix += f" what is missing: kaido vehicle register {unknown[0]}"
    if later:
        fix += ". Or say `unregistered: true`, where it is to follow"
    raise NotFoundError(
        f"{what} names vehicles that are not registered: {shown(unknown)}",
        why=f"{len(unknown):,} of {len(set(ids)):,}",
        fix=fix,
    )


def shown(ids: Sequence[str]) -> str:
    """The first of many ids."""
    more = f" and {len(ids) - _SHOWN:,} more" if len(ids) > _SHOWN else ""
    return ", ".join(ids[:_SHOWN]) + more
