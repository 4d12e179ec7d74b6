"""The vehicles for which conditions of campaigns and state templates hold, as the twin last said; kept for restarts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select
from sqlalchemy.orm.attributes import flag_modified

from kaido.control import history
from kaido.control.rollout import conditions
from kaido.control.state_spec import read_state_spec
from kaido.runtime import clock
from kaido.store.tables import CampaignConditionRow, CampaignMemberRow, CampaignRow, StateTemplateRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kaido.control.model import Campaign
    from kaido.control.templates import StateTemplate
    from kaido.store import Store

_ROWS = 500
_STATE = "state "


@dataclass(frozen=True)
class Condition:
    """A condition that a campaign, or a state template, has on vehicles.

    Attributes:
        of: the campaign's name, or what ``name_of_state`` makes of the template's.
        key: its name by its content.
        where: what the twin is asked.
        keep: a vehicle for which it held once stays.
    """

    company: str
    of: str
    key: str
    where: str
    keep: bool


@dataclass(frozen=True)
class Asked:
    """When the twin was last asked and when it last answered (None: never), and why not, if it did not."""

    moment: datetime
    answered: datetime | None
    problem: str


def of_campaign(campaign: Campaign) -> Iterator[Condition]:
    """The conditions of a campaign's newest version and of its base."""
    specs = [campaign.spec, *([campaign.base.spec] if campaign.base else [])]
    found = {one.condition: one for spec in specs for one in conditions(spec.targets, spec.rollout)}
    for key, one in found.items():
        yield Condition(campaign.company, campaign.name, key, one.where, bool(one.keep))


def name_of_state(template: str) -> str:
    """A state template's name among those of campaigns, of which none has a blank."""
    return f"{_STATE}{template}"


def of_template(template: StateTemplate) -> Iterator[Condition]:
    """The conditions of a state template: one, or none."""
    for one in conditions(template.spec.targets, None):
        yield Condition(template.company, name_of_state(template.name), one.condition, one.where, bool(one.keep))


def problems(conditions: Iterable[Condition], asked: Mapping[tuple[str, str], Asked], now: datetime) -> Iterator[str]:
    """Why it may not be known which vehicles conditions mean."""
    for one in conditions:
        last = asked.get((one.of, one.key))
        if last is None:
            yield f"the twin was not asked yet for which vehicles holds: {one.where}"
        elif last.problem:
            known = (
                f"vehicles are those of {clock.age((now - last.answered).total_seconds())} ago"
                if last.answered
                else "no vehicle is known"
            )
            yield f"the twin had no answer for which vehicles holds: {one.where} ({last.problem}); {known}"


class Members:
    """Reads and keeps members. All calls block; safe from many threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, company: str) -> dict[str, dict[str, frozenset[str]]]:
        """By campaign (or state template) and condition the vehicles."""
        rows = CampaignMemberRow
        query = select(rows.name, rows.condition, rows.vehicle).where(rows.company == company)
        found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        with self._store.reading() as session:
            for name, condition, vehicle in session.execute(query):
                found[name][condition].append(vehicle)
        return {
            name: {condition: frozenset(ids) for condition, ids in by_condition.items()}
            for name, by_condition in found.items()
        }

    def asked(self, company: str, name: str | None = None) -> dict[tuple[str, str], Asked]:
        """By campaign and condition when the twin was last asked of it."""
        rows = CampaignConditionRow
        query = select(rows).where(rows.company == company)
        with self._store.reading() as session:
            found = session.scalars(query if name is None else query.where(rows.name == name)).all()
        return {(row.name, row.condition): Asked(row.asked, row.answered, row.problem) for row in found}

    def take(self, condition: Condition, vehicles: Collection[str]) -> bool:
        """Keep what the twin said; whether that is news. Doing so twice changes nothing."""
        of = {"company": condition.company, "name": condition.of, "condition": condition.key}
        rows = CampaignMemberRow
        where = [getattr(rows, field) == value for field, value in of.items()]
        with self._store.session() as session:
            row = _owner(session, condition, change=True)
            keys = _keys(session, row)
            if condition.key not in keys:  # edited or deleted meanwhile
                return False
            _drop_others(session, condition, keys)
            is_first = _note(session, condition, "")
            before = set(session.scalars(select(rows.vehicle).where(*where)))
            new, gone = set(vehicles) - before, set() if condition.keep else before - set(vehicles)
            for some in _pieces(sorted(gone)):
                session.execute(delete(rows).where(*where, rows.vehicle.in_(some)))
            for some in _pieces(sorted(new)):
                session.execute(insert(rows), [{**of, "vehicle": vehicle} for vehicle in some])
            is_new = bool(is_first or new or gone)
            if is_new:
                _is_other(row)
        return is_new

    def trouble(self, condition: Condition, problem: str) -> None:
        """Keep that the twin had no answer; the members stay as they were."""
        with self._store.session() as session:
            if _owner(session, condition) is not None:
                _note(session, condition, problem)


def forget(session: Session, company: str, name: str) -> None:
    """Drop all conditions of a campaign, or of a state template (``name_of_state``)."""
    for table in (CampaignMemberRow, CampaignConditionRow):
        session.execute(delete(table).where(table.company == company, table.name == name))


def _owner(session: Session, condition: Condition, *, change: bool = False) -> CampaignRow | StateTemplateRow | None:
    if condition.of.startswith(_STATE):
        key = (condition.company, condition.of.removeprefix(_STATE))
        return session.get(StateTemplateRow, key, with_for_update=change)
    return session.get(CampaignRow, (condition.company, condition.of), with_for_update=change)


def _is_other(row: CampaignRow | StateTemplateRow | None) -> None:
    """Tell every process to read the members anew: the store's revision grows."""
    if isinstance(row, CampaignRow):
        row.resolved = clock.now()
    else:
        flag_modified(row, "document")


def _keys(session: Session, row: CampaignRow | StateTemplateRow | None) -> set[str]:
    """The conditions that it has now."""
    if row is None:
        return set()
    if isinstance(row, CampaignRow):
        return {one.key for one in of_campaign(history.campaign(session, row))}
    return {one.condition for one in conditions(read_state_spec(row.document).targets, None)}


def _drop_others(session: Session, condition: Condition, keys: set[str]) -> None:
    """Forget the conditions that it has no longer."""
    for table in (CampaignMemberRow, CampaignConditionRow):
        where = (table.company == condition.company, table.name == condition.of)
        session.execute(delete(table).where(*where, table.condition.not_in(keys)))


def _note(session: Session, condition: Condition, problem: str) -> bool:
    """Whether the twin answers for the first time."""
    key = (condition.company, condition.of, condition.key)
    row = session.get(CampaignConditionRow, key)
    if row is None:
        row = CampaignConditionRow(company=key[0], name=key[1], condition=key[2], answered=None)
        session.add(row)
    row.asked, row.problem = clock.now(), problem
    is_first = row.answered is None and not problem
    row.answered = row.answered if problem else row.asked
    return is_first


def _pieces(ids: list[str]) -> Iterable[list[str]]:
    return (ids[start : start + _ROWS] for start in range(0, len(ids), _ROWS))
