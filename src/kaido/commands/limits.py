"""How often a vehicle was commanded, and how often a token commanded, against the policy."""

from __future__ import annotations

import fnmatch
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import distinct, func, select

from kaido.commands import policy as policies
from kaido.commands.model import Outcome
from kaido.runtime import clock
from kaido.store.tables import CommandRow, ExecutionRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from kaido.commands.policy import Policy, Rate

_AT_ONCE = 500


def over_issuer(session: Session, policy: Policy, company: str, path: str, issuer_id: str) -> str | None:
    """Why a token may not command now; None if it may. What was rejected does not count."""
    for rate, globs in policies.issuer_rates(policy, path):
        query = (
            _counted(company, rate, CommandRow.what, func.count(distinct(ExecutionRow.command)))
            .where(ExecutionRow.issuer_id == issuer_id)
            .group_by(CommandRow.what)
        )
        if sum(count for what, count in session.execute(query) if _matches(what, globs)) >= rate.count:
            return f"the token has commanded {rate} already"
    return None


def over_vehicle(session: Session, policy: Policy, company: str, path: str, vehicles: Sequence[str]) -> dict[str, str]:
    """The vehicles that may not be commanded now, and why."""
    found: dict[str, str] = {}
    for rate, globs in policies.vehicle_rates(policy, path):
        counts: dict[str, int] = dict.fromkeys(vehicles, 0)
        for at in range(0, len(vehicles), _AT_ONCE):
            query = (
                _counted(company, rate, ExecutionRow.vehicle, CommandRow.what, func.count())
                .where(ExecutionRow.vehicle.in_(vehicles[at : at + _AT_ONCE]))
                .group_by(ExecutionRow.vehicle, CommandRow.what)
            )
            for vehicle, what, count in session.execute(query):
                counts[vehicle] += count if _matches(what, globs) else 0
        found |= {
            vehicle: f"the vehicle was commanded {rate} already"
            for vehicle, count in counts.items()
            if count >= rate.count
        }
    return found


def _counted(company: str, rate: Rate, *columns: Any) -> Any:
    return (
        select(*columns)
        .select_from(ExecutionRow)
        .join(CommandRow, (CommandRow.company == ExecutionRow.company) & (CommandRow.id == ExecutionRow.command))
        .where(
            ExecutionRow.company == company,
            ExecutionRow.created > clock.now() - timedelta(seconds=rate.seconds),
            func.coalesce(ExecutionRow.outcome, "") != Outcome.REJECTED.value,
        )
    )


def _matches(what: str, globs: tuple[str, ...]) -> bool:
    return not globs or any(fnmatch.fnmatchcase(what, glob) for glob in globs)
